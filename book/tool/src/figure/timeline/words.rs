//! The words of a timeline: what its lines mean, and the whole told in sentences.

use lab::journey::microseconds;
use maud::{Markup, Render, html};

use super::way::End;
use super::{Timeline, Way};
use figures::track::Kind;

impl Timeline<'_> {
    /// A time in milliseconds, with as many digits as the scale shows.
    pub fn milliseconds(&self, time: u128) -> String {
        let milliseconds = time as f64 / 1000.0;
        let digits = match self.scale * 1000.0 {
            units if units < 1.0 => 0,
            units if units < 10.0 => 1,
            units if units < 100.0 => 2,
            _ => 3,
        };
        // There is room for five figures.
        let digits = match milliseconds {
            many if many >= 1000.0 => 0,
            many if many >= 100.0 => digits.min(1),
            _ => digits,
        };
        format!("{milliseconds:.digits$}")
    }

    /// What is not self-evident, each with a sample.
    pub fn legend(&self) -> Markup {
        let of = |kind| self.ways.iter().filter(move |way| way.track.kind == kind);
        let any = |kind| of(kind).next().is_some();
        let line = |class: &str| html! { path class={ "line " (class) } d="M1 6H27" {} };
        let carried = of(Kind::Inner).any(|way| way.track.outside().is_some());
        let waits = self
            .ways
            .iter()
            .find(|way| way.waits(self.scale).next().is_some());
        let still = |way: &&Way| way.end == End::GoesOn;
        let still = self.ways.iter().find(still);
        let mut messages: Vec<String> = of(Kind::Other).map(message).collect();
        messages.sort();
        messages.dedup();
        html! {
            ul .legend {
                @if any(Kind::Inner) { (sample(line("iip"), "a packet that the tunnel carries")) }
                @if carried { (sample(html! { path .carrier d="M1 6H27" {} path .carrier.inner d="M1 6H27" {} (line("iip")) }, "the same inside a datagram")) }
                @if any(Kind::Datagram) { (sample(line("udp"), "a datagram")) }
                @if any(Kind::Fragment) { (sample(line("oip"), "a further fragment")) }
                @if !messages.is_empty() { (sample(line("oip"), messages.join(", "))) }
                @if any(Kind::Link) { (sample(line("eth"), "a frame without IP")) }
                @if let Some(way) = waits { (sample(html! { rect .wait.(way.track.kind.class()) x="1" y="1" width="26" height="10" rx="2" {} }, "waits for the program")) }
                @if let Some(way) = still { (sample(html! { path .wait.open.(way.track.kind.class()) d="M27 1H1V11H27" {} }, "still waiting at the end")) }
                @if self.ways.iter().any(|way| matches!(way.end, End::Waits | End::Lost)) {
                    (sample(html! { path .cross d="M10 2l8 8m0 -8l-8 8" {} }, "not seen again in this capture"))
                }
                @if !self.marked.is_empty() {
                    @let numbers: Vec<String> = self.marked.iter().map(usize::to_string).collect();
                    (sample(html! { circle .point.mark cx="14" cy="6" r="3.4" {} }, format!("marked: packet {}", numbers.join(", "))))
                }
                @if let Some(longest) = self.axis.stretched.iter().map(|stretch| stretch.time).max() {
                    @let longest = (longest as f64 / 1000.0).max(0.1);
                    (sample(html! { rect .stretched width="28" height="12" {} }, format!("grey bands are stretched: each lasts less than {:.1} ms", longest + 0.05)))
                }
                @if !self.axis.breaks.is_empty() {
                    (sample(html! { path .cut d="M1 4l4 -3l4 3l4 -3l4 3l4 -3l4 3v5l-4 -3l-4 3l-4 -3l-4 3l-4 -3l-4 3z" {} }, "time left out"))
                }
            }
        }
    }

    /// The whole in words.
    pub fn story(&self) -> String {
        let told = self.ways.iter().map(|way| {
            let waits: Vec<_> = way.waits(self.scale).collect();
            let points = way.track.points.iter().map(|point| {
                let time = microseconds(self.start, point.packet) as f64 / 1000.0;
                let place = point.packet.interface.replacen('-', " ", 1);
                let mut waits = waits.iter();
                let wait = waits.find(|(_, _, to)| to.number == point.number);
                let wait = wait.map_or(String::new(), |(_, from, to)| {
                    let time = self.milliseconds(microseconds(from.packet, to.packet));
                    format!("where it waits {time} ms, then ")
                });
                format!("{wait}{place} at {time:.3} ms (packet {})", point.number)
            });
            let points: Vec<String> = points.collect();
            let end = match way.end {
                End::Arrived => "",
                End::GoesOn => "; there it waits until after the last packet of this figure",
                End::Waits => "; there it waits, and it is not seen again",
                End::Lost => "; it is not seen again",
            };
            let (label, packet) = (&way.label, way.track.dissection());
            format!("{label}, {packet}: {}{end}", points.join(", "))
        });
        let cut = |time| {
            format!(
                "For {} ms nothing is captured, and the axis leaves them out",
                self.milliseconds(time)
            )
        };
        let cuts = self.axis.breaks.iter().map(|stretch| cut(stretch.time));
        told.chain(cuts).collect::<Vec<_>>().join(". ") + "."
    }
}

/// What another IP packet is: `ICMP port unreachable`.
fn message(way: &Way) -> String {
    let packet = &way.track.dissection().packets[0];
    let protocol = packet
        .protocol
        .map_or("another IP packet", |protocol| protocol.as_str());
    match packet.message {
        Some(message) => format!("{protocol} {message}"),
        None => protocol.to_owned(),
    }
}

fn sample(drawing: Markup, text: impl Render) -> Markup {
    html! { li { svg viewBox="0 0 28 12" aria-hidden="true" { (drawing) } " " (text) } }
}
