//! The hosts and interfaces of a capture, with the packets counted at each, and
//! those that were not seen again behind it.

use maud::{Markup, html};

use super::plain;
use crate::way::split;
use crate::{MARGIN, WIDTH};

/// What was counted at one interface.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// As the capture names it: `left-eth0`.
    pub interface: String,
    pub packets: usize,
    /// Of these, out of the host and into it, where the capture says which.
    pub out: usize,
    pub into: usize,
    /// Packets that should have been seen again behind it, and were not.
    pub lost: usize,
    /// The number at this interface of the first of those.
    pub first_lost: usize,
}

/// The lab's hosts from left to right, and the columns that they have.
const HOSTS: [(&str, usize, usize); 3] = [
    ("left", 0, 106),
    ("internet", 117, 106),
    ("right", 234, 106),
];
const TOP: usize = 30;
const ROW: usize = 54;

/// The map. Of a capture of the lab it is a drawing, of another one a list.
pub fn map(counts: &[Count]) -> Markup {
    let of_the_lab = |count: &Count| HOSTS.iter().any(|host| host.0 == split(&count.interface).0);
    match !counts.is_empty() && counts.iter().all(of_the_lab) {
        true => drawing(counts),
        false => list(counts),
    }
}

fn list(counts: &[Count]) -> Markup {
    html! {
        ul .counts {
            @for count in counts {
                li {
                    strong { (shown(&count.interface)) } ": " (packets(count.packets))
                    @if count.out + count.into > 0 { ", " (count.out) " out, " (count.into) " in" }
                }
            }
        }
    }
}

/// A capture file of one interface may not say which.
pub fn shown(interface: &str) -> &str {
    match interface {
        "" => "no name",
        name => name,
    }
}

fn packets(count: usize) -> String {
    crate::count::count(count, "packet")
}

fn drawing(counts: &[Count]) -> Markup {
    let columns = HOSTS.map(|(host, x, width)| {
        let of_host = counts
            .iter()
            .filter(|count| split(&count.interface).0 == host);
        let mut of_host: Vec<&Count> = of_host.collect();
        // The tunnel is above the cable, as its packets are inside the others.
        of_host.sort_by_key(|count| (rank(&count.interface), &count.interface));
        (host, x, width, of_host)
    });
    // Above the router there is room for the tunnel.
    let rows = columns
        .iter()
        .map(|(host, _, _, of)| of.len() + usize::from(*host == "internet"));
    let height = TOP + rows.max().unwrap_or(1) * ROW;
    // The ends of the tunnel are at the top, the ends of a cable at the bottom.
    let y = |of: &[&Count], at: usize| match rank(&of[at].interface) {
        0 if split(&of[at].interface).0 != "internet" => TOP + at * ROW,
        _ => height - (of.len() - at) * ROW,
    };
    let middle = |host: usize, name: &str| {
        let (_, x, width, of) = &columns[host];
        let at = of.iter().position(|count| count.interface == name)?;
        Some((*x, x + width, y(of, at) + 14))
    };
    let link = |left: (usize, &str), right: (usize, &str)| {
        let (from, to) = (middle(left.0, left.1)?, middle(right.0, right.1)?);
        Some((from.1, from.2, to.0, to.2))
    };
    let cables = [
        link((0, "left-eth0"), (1, "internet-left")),
        link((1, "internet-right"), (2, "right-eth0")),
    ];
    let tunnel = link((0, "left-tun0"), (2, "right-tun0"));
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height + 2) } role="group" aria-labelledby="map-title" {
            title #map-title { "The hosts and their interfaces, with the packets captured at each" }
            desc { (story(counts)) }
            @if let Some((x, y, to, below)) = tunnel {
                path .tunnel d={ "M" (x) " " (y) "L" (to) " " (below) } {}
                text .small.middle x=((x + to) / 2) y=(y - 8) { "the tunnel" }
            }
            @for (x, y, to, below) in cables.into_iter().flatten() {
                path .way d={ "M" (x) " " (y) "L" (to) " " (below) } {}
            }
            @for (host, x, width, of) in &columns {
                @let top = if *host == "internet" { height - of.len() * ROW - TOP } else { 0 };
                rect .host x={ (x) ".5" } y={ (top) ".5" } width=(width - 1) height=(height - top) rx="6" {}
                text .name x=(x + 8) y=(top + 18) { (host) }
                @for (at, count) in of.iter().enumerate() {
                    (place(x + 8, x + width - 8, y(of, at), count))
                }
            }
        }
    }
}

fn rank(interface: &str) -> usize {
    match split(interface).1 {
        name if name.starts_with("tun") => 0,
        "lo" => 1,
        "left" => 2,
        _ => 3,
    }
}

/// One interface.
fn place(x: usize, end: usize, y: usize, count: &Count) -> Markup {
    html! {
        a href={ "#" (plain::place(&count.interface, 1)) } {
            text .mono x=(x) y=(y + 18) { (split(&count.interface).1) }
        }
        text .small.end x=(end) y=(y + 18) { (count.packets) }
        text .quiet.small x=(x) y=(y + 32) { (count.out) " out, " (count.into) " in" }
        @if count.lost > 0 {
            a href={ "#" (plain::place(&count.interface, count.first_lost)) } {
                path .cross d={ "M" (x) " " (y + 38) "l8 8m0 -8l-8 8" } {}
                text .small x=(x + MARGIN) y=(y + 46) { (count.lost) " lost from here" }
            }
        }
    }
}

fn story(counts: &[Count]) -> String {
    let told = counts.iter().map(|count| {
        let (host, interface) = split(&count.interface);
        let lost = match count.lost {
            0 => String::new(),
            lost => format!(", {lost} not seen again"),
        };
        let packets = packets(count.packets);
        format!(
            "{host} {interface}: {packets}, {} out, {} in{lost}",
            count.out, count.into
        )
    });
    told.collect::<Vec<_>>().join(". ") + "."
}
