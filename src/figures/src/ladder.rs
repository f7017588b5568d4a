//! The journey of one packet as a ladder: a rung for each interface, from the
//! first at the top to the last at the bottom, with the packet as a bar on it.
//! The inner packet is at the same place on every rung, so that the headers that
//! are added and removed before it can be seen.

use ip_over_udp::packet::LayerKind;
use maud::{Markup, html};

use crate::explained::Explained;
use crate::way::{Hop, Way};
use crate::{MARGIN, WIDTH};
use lab::journey::Change;

const HOST: usize = 24;
const RUNG: usize = 42;
const STEP: usize = 30;
/// What a step has more in which a program or a router does something: a line.
const DOER: usize = 18;
/// The words about a packet that has not arrived.
const END: usize = 28;

/// Where the times come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// They are those of this packet.
    Shown,
    /// A script fills in those of a packet that has the same way in everything
    /// else: in `data-step`, the number of a step from 1. Each rung is a link to
    /// its packet, whose address the script fills in: `data-hop`, from 0.
    Slots,
}

/// The drawing.
pub fn ladder(way: &Way, times: Times, explained: &Explained) -> Markup {
    let longest = way.widest().map_or(1, |hop| hop.length);
    let scale = (WIDTH - 2 * MARGIN) as f64 / longest as f64;
    let hosts: Vec<&[Hop]> = way.hops.chunk_by(|one, two| one.host == two.host).collect();
    let (mut y, mut number) = (0, 0);
    let mut drawn = Vec::new();
    for host in &hosts {
        let inside: usize = host[1..].iter().map(height_of_step).sum();
        let height = HOST + host.len() * RUNG + inside + 4;
        if y > 0 {
            drawn.push(step(y, number, &host[0], times, explained));
            y += STEP;
        }
        drawn.push(html! {
            rect .host x="0.5" y=(y) width=(WIDTH - 1) height=(height) rx="6" {}
            text .name x=(MARGIN) y=(y + 17) { (host[0].host) }
        });
        let mut at = y + HOST;
        for (place, hop) in host.iter().enumerate() {
            if place > 0 {
                drawn.push(step(at, number, hop, times, explained));
                at += height_of_step(hop);
            }
            let rung = rung(at, hop, longest, scale);
            drawn.push(match times {
                Times::Shown => rung,
                Times::Slots => html! { a data-hop=(number) { (rung) } },
            });
            at += RUNG;
            number += 1;
        }
        y += height;
    }
    if let Some(end) = way.end {
        let x = MARGIN + 6;
        drawn.push(html! {
            path .lost d={ "M" (x) " " (y + 3) "V" (y + END - 8) } {}
            path .cross d={ "M" (x - 4) " " (y + END - 10) "l8 8m0 -8l-8 8" } {}
            text .doer x=(x + 14) y=(y + 19) { (end) }
        });
        y += END;
    }
    // In slots the packet is any of this form, and only its page can name it.
    let role = (times == Times::Shown).then_some("img");
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (y + 1) } role=[role] {
            @if times == Times::Shown { title { "The journey of one packet: " (way.what) } }
            desc { (way.story(times == Times::Shown)) }
            @for element in drawn { (element) }
        }
    }
}

/// One interface, and the packet there as a bar.
fn rung(y: usize, hop: &Hop, longest: usize, scale: f64) -> Markup {
    let length = hop.length;
    let x = |byte: usize| MARGIN as f64 + (longest - length + byte) as f64 * scale;
    html! {
        text .interface x=(MARGIN) y=(y + 12) { (hop.interface) }
        text .bytes x=(WIDTH - MARGIN) y=(y + 12) { (hop.length) " bytes" }
        @for part in &hop.parts {
            @let (from, width) = (x(part.bytes.start), part.bytes.len() as f64 * scale);
            rect .layer .(part.role.class()) x=(format!("{from:.1}")) y=(y + 18) width=(format!("{width:.1}")) height="18" {}
            @let middle = format!("{:.1}", from + width / 2.0);
            @match name(part.kind, width) {
                Name::In(name) => text .part x=(middle) y=(y + 31) { (name) },
                // Nothing else is there: interface and length are at the edges.
                Name::Above(name) => text .above x=(middle) y=(y + 14) { (name) },
                Name::None => {},
            }
        }
    }
}

/// Where the name of a part has room.
enum Name {
    In(&'static str),
    Above(&'static str),
    None,
}

fn name(kind: LayerKind, width: f64) -> Name {
    // A letter is about six units wide.
    let fits = |name: &str| width > 6.0 * name.len() as f64 + 4.0;
    let short = match kind {
        LayerKind::Ethernet => "Eth",
        kind => kind.as_str(),
    };
    match width {
        _ if fits(kind.as_str()) => Name::In(kind.as_str()),
        _ if fits(short) => Name::In(short),
        10.0.. => Name::Above(short),
        // The list below the ladder has it.
        _ => Name::None,
    }
}

fn height_of_step(hop: &Hop) -> usize {
    match hop.doer() {
        Some(_) => STEP + DOER,
        None => STEP,
    }
}

/// The way to the next interface: what happened, and how long it took.
fn step(y: usize, number: usize, hop: &Hop, times: Times, explained: &Explained) -> Markup {
    let x = MARGIN + 6;
    let end = y + height_of_step(hop) - 5;
    // Who does something is above what becomes of the packet.
    let change = match hop.doer() {
        Some(_) => y + 19 + DOER,
        None => y + 19,
    };
    html! {
        path .way d={ "M" (x) " " (y + 3) "V" (end) "m-4 -5l4 5l4 -5" } {}
        @if let Some(doer) = hop.doer() {
            text .doer x=(x + 14) y=(y + 19) { (doer) }
        }
        text .change x=(x + 14) y=(change) {
            @if let Change::Forwarded(..) = hop.change {
                (explained.link(LayerKind::Ipv4, "time to live", hop.change.to_string()))
            } @else {
                (hop.change)
            }
        }
        text .time x=(WIDTH - MARGIN) y=(change) {
            "+ "
            @match times {
                Times::Shown => (hop.time),
                Times::Slots => tspan data-step=(number) {},
            }
            " µs"
        }
    }
}
