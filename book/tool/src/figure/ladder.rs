//! The journey of one packet as a ladder: a rung for each interface, from the
//! first at the top to the last at the bottom, with the packet as a bar on it.
//! The inner packet is at the same place on every rung, so that the headers that
//! are added and removed before it can be seen.

use std::path::Path;

use anyhow::{Context, bail};
use ip_over_udp::capture::Packet;
use lab::journey::{Change, Journey, crossings, microseconds};
use maud::{Markup, html};

use super::arguments::Arguments;
use super::capture::{Capture, http, numbers, says};
use super::part::{self, Part};

const USAGE: &str = r#"{{#journey FILE NUMBER "text"}}"#;

/// Units of the drawing. 340 of them are about the width of a phone.
const WIDTH: usize = 340;
const MARGIN: usize = 12;
const HOST: usize = 24;
const RUNG: usize = 42;
const STEP: usize = 30;

struct Hop<'a> {
    host: &'a str,
    interface: &'a str,
    packet: &'a Packet,
    parts: Vec<Part>,
    change: Change,
    /// Microseconds since the hop before.
    time: u128,
}

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let number =
        arguments.number("the number of the packet among those that crossed the tunnel")?;
    let text = arguments.needed_text("the text that says which packet it is")?;
    arguments.end()?;

    let (first, journey) = find(&capture, number, &text)?;
    let hops = hops(&journey);
    let what = http(first).unwrap_or_else(|| first.info());
    let total: u128 = hops.iter().map(|hop| hop.time).sum();
    let widest = hops.iter().max_by_key(|hop| hop.packet.data.len());
    let figure = html! {
        figure .journey {
            figcaption {
                strong { "The journey of one packet" } ": " (what)
            }
            (ladder(&hops, &what))
            ul .layers {
                @for part in widest.iter().flat_map(|hop| &hop.parts) {
                    li .layer .(part.role.class()) { (part.label) " " small { (part.bytes.len()) } }
                }
            }
            p .note {
                (total) " µs in all, in " code { (capture.name) }
                ". Times vary from run to run; lengths do not."
            }
        }
    };
    Ok(figure.into_string())
}

/// The packet of this number among those that crossed the tunnel, and its journey.
pub(super) fn find<'a>(
    capture: &'a Capture,
    number: usize,
    text: &str,
) -> anyhow::Result<(&'a Packet, Journey<'a>)> {
    let name = &capture.name;
    let all: Vec<&Packet> = crossings(&capture.packets).collect();
    if all.is_empty() {
        bail!("{name} has no packet that crossed a tunnel, from left-tun0 to right-tun0 or back");
    }
    let first = *all.get(number - 1).with_context(|| {
        format!(
            "{name} has no packet {number} that crossed the tunnel: the last is {}",
            all.len()
        )
    })?;
    if !says(first, text) {
        bail!(
            "packet {number} that crossed the tunnel in {name} is not {text:?} but:\n    {}\n{}",
            first.info(),
            numbers(all.into_iter(), text)
        );
    }
    let journey = Journey::of(&capture.packets, first).with_context(|| {
        format!("packet {number} of {name} is not in one piece at every interface: it was lost, or went in fragments")
    })?;
    Ok((first, journey))
}

fn hops<'a>(journey: &Journey<'a>) -> Vec<Hop<'a>> {
    let mut before: Option<&Packet> = None;
    journey
        .hops()
        .map(|(packet, change)| {
            let (host, interface) = packet.interface.split_once('-').unwrap_or(("", ""));
            let time = before.map_or(0, |before| microseconds(before, packet));
            before = Some(packet);
            Hop {
                host,
                interface,
                packet,
                parts: part::parts(packet),
                change,
                time,
            }
        })
        .collect()
}

fn ladder(hops: &[Hop], what: &str) -> Markup {
    let longest = hops
        .iter()
        .map(|hop| hop.packet.data.len())
        .max()
        .unwrap_or(1);
    let scale = (WIDTH - 2 * MARGIN) as f64 / longest as f64;
    let hosts: Vec<&[Hop]> = hops.chunk_by(|one, two| one.host == two.host).collect();
    let mut y = 0;
    let mut drawn = Vec::new();
    for host in &hosts {
        let height = HOST + host.len() * RUNG + (host.len() - 1) * STEP + 4;
        if y > 0 {
            drawn.push(step(y, &host[0]));
            y += STEP;
        }
        drawn.push(html! {
            rect .host x="0.5" y=(y) width=(WIDTH - 1) height=(height) rx="6" {}
            text .name x=(MARGIN) y=(y + 17) { (host[0].host) }
        });
        let mut at = y + HOST;
        for (place, hop) in host.iter().enumerate() {
            if place > 0 {
                drawn.push(step(at, hop));
                at += STEP;
            }
            drawn.push(rung(at, hop, longest, scale));
            at += RUNG;
        }
        y += height;
    }
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (y + 1) } role="img" {
            title { "The journey of one packet: " (what) }
            desc { (story(hops)) }
            @for element in drawn { (element) }
        }
    }
}

/// One interface, and the packet there as a bar.
fn rung(y: usize, hop: &Hop, longest: usize, scale: f64) -> Markup {
    let length = hop.packet.data.len();
    let x = |byte: usize| MARGIN as f64 + (longest - length + byte) as f64 * scale;
    html! {
        text .interface x=(MARGIN) y=(y + 12) { (hop.interface) }
        text .bytes x=(WIDTH - MARGIN) y=(y + 12) { (hop.packet.length) " bytes" }
        @for part in &hop.parts {
            @let (from, width) = (x(part.bytes.start), part.bytes.len() as f64 * scale);
            rect .layer .(part.role.class()) x=(format!("{from:.1}")) y=(y + 18) width=(format!("{width:.1}")) height="18" {}
            // A letter is about six units wide.
            @if width > 6.0 * part.kind.as_str().len() as f64 + 6.0 {
                text .part x=(format!("{:.1}", from + width / 2.0)) y=(y + 31) { (part.kind) }
            }
        }
    }
}

/// The way to the next interface: what happened, and how long it took.
fn step(y: usize, hop: &Hop) -> Markup {
    let x = MARGIN + 6;
    html! {
        path .way d={ "M" (x) " " (y + 3) "V" (y + STEP - 5) "m-4 -5l4 5l4 -5" } {}
        text .change x=(x + 14) y=(y + 19) { (hop.change) }
        text .time x=(WIDTH - MARGIN) y=(y + 19) { "+ " (hop.time) " µs" }
    }
}

/// The whole journey in words.
fn story(hops: &[Hop]) -> String {
    let told = hops.iter().map(|hop| {
        let parts: Vec<String> = hop
            .parts
            .iter()
            .map(|part| format!("{} {}", part.label, part.bytes.len()))
            .collect();
        let when = match hop.change {
            Change::Start => String::new(),
            change => format!("{} µs later, {change}: ", hop.time),
        };
        format!(
            "{when}{} {}, {} bytes ({})",
            hop.host,
            hop.interface,
            hop.packet.length,
            parts.join(", ")
        )
    });
    told.collect::<Vec<_>>().join(". ") + "."
}
