//! The lists without a script, one for each interface.

use std::time::Duration;

use ip_over_udp::capture::Packet;
use maud::{Markup, html};

use super::map::shown;
use crate::count::count;
use crate::list::{Entry, table};

/// So many packets of an interface are in its list.
const PACKETS: usize = 500;

/// The name of a packet's place in the page: the fourth packet of an interface is
/// `left-eth0-4`.
pub fn place(interface: &str, number: usize) -> String {
    format!("{}-{number}", name(interface))
}

/// The name of an interface in such a name.
pub fn name(interface: &str) -> String {
    let letters = interface.chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' => letter,
        _ => '-',
    });
    letters.collect()
}

/// A list for each interface. The script takes them away, and shows its own.
pub fn lists(packets: &[Packet], interfaces: &[String]) -> Markup {
    let start = packets.first().map_or(Duration::ZERO, |packet| packet.time);
    html! {
        section #plain {
            @for interface in interfaces {
                @let of: Vec<&Packet> = packets.iter().filter(|packet| packet.interface == *interface).collect();
                details open[interfaces.len() <= 2 || interface.ends_with("tun0")] {
                    summary { (shown(interface)) ": " (count(of.len(), "packet")) }
                    figure .packets { (table(&entries(interface, &of), start, false)) }
                    @if of.len() > PACKETS {
                        p { "The first " (PACKETS) " packets. For the others, allow the page its script." }
                    }
                }
            }
        }
    }
}

fn entries<'a>(interface: &str, packets: &[&'a Packet]) -> Vec<Entry<'a>> {
    let shown = packets.iter().take(PACKETS);
    shown
        .zip(1..)
        .map(|(packet, number)| Entry {
            number,
            packet,
            marked: false,
            link: None,
            id: Some(place(interface, number)),
        })
        .collect()
}
