//! The journey of one packet as a ladder: a rung for each interface, from the
//! first at the top to the last at the bottom, with the packet as a bar on it.
//! The inner packet is at the same place on every rung, so that the headers that
//! are added and removed before it can be seen.

use std::path::Path;

use ip_over_udp::packet::LayerKind;
use lab::journey::Change;
use maud::{Markup, html};

use super::explained;
use super::way::{Hop, Way};
use crate::figure::{MARGIN, WIDTH};

const USAGE: &str = r#"{{#journey FILE NUMBER "text" caption="…"}}"#;

const HOST: usize = 24;
const RUNG: usize = 42;
const STEP: usize = 30;
/// What a step has more in which a program or a router does something: a line.
const DOER: usize = 18;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let way = Way::parse(USAGE, tree, arguments)?;
    let figure = html! {
        figure .journey {
            (way.caption.above(html! { strong { "The journey of one packet" } ": " (way.what) }))
            (ladder(&way))
            ul .layers {
                @for part in way.widest().iter().flat_map(|hop| &hop.parts) {
                    li .layer .(part.role.class()) { (part.label) " " small { (part.bytes.len()) } }
                }
            }
            p .note {
                (way.time()) " µs in all, in " code { (way.name) }
                ". Times vary from run to run; lengths do not."
            }
        }
    };
    Ok(figure.into_string())
}

fn ladder(way: &Way) -> Markup {
    let longest = way.widest().map_or(1, |hop| hop.length);
    let scale = (WIDTH - 2 * MARGIN) as f64 / longest as f64;
    let hosts: Vec<&[Hop]> = way.hops.chunk_by(|one, two| one.host == two.host).collect();
    let mut y = 0;
    let mut drawn = Vec::new();
    for host in &hosts {
        let inside: usize = host[1..].iter().map(height_of_step).sum();
        let height = HOST + host.len() * RUNG + inside + 4;
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
                at += height_of_step(hop);
            }
            drawn.push(rung(at, hop, longest, scale));
            at += RUNG;
        }
        y += height;
    }
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (y + 1) } role="img" {
            title { "The journey of one packet: " (way.what) }
            desc { (way.story()) }
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
fn step(y: usize, hop: &Hop) -> Markup {
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
                a href=(explained::place(LayerKind::Ipv4, "time to live")) { (hop.change) }
            } @else {
                (hop.change)
            }
        }
        text .time x=(WIDTH - MARGIN) y=(change) { "+ " (hop.time) " µs" }
    }
}
