//! What helps to understand a difference: when each line came, and the last
//! packets that the host has seen.

use std::fmt::Write;
use std::time::Duration;

use crate::matching::cut;
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{Dissection, LayerKind, Message};

/// How many packets are shown.
const PACKETS: usize = 6;

/// A program with more lines than this has lines that speak for themselves.
pub const LINES: usize = 12;

/// The width of a terminal.
const WIDTH: usize = 80;

/// What was noted while a box was played.
#[derive(Default)]
pub struct Evidence {
    /// The host whose packets tell something, if any do.
    pub host: Option<String>,
    /// The moment before the first command: all times count from it.
    pub start: Duration,
    /// From then on a packet may have to do with the difference.
    pub since: Duration,
    /// Each command, and each line of a program from the background.
    pub timeline: Vec<(Duration, String)>,
}

impl Evidence {
    /// In words, with what was captured of the packets.
    pub fn words(&self, captured: &[Packet]) -> String {
        let mut words = String::new();
        let after = |time: Duration| time.saturating_sub(self.start).as_secs_f64();
        if !self.timeline.is_empty() {
            words += "when it happened, in seconds:\n";
        }
        for (time, line) in &self.timeline {
            words += &entry(after(*time), &cut(line));
        }
        let Some(host) = &self.host else {
            return words;
        };
        let ours = |packet: &&Packet| {
            let interface = packet.interface.strip_prefix(host.as_str());
            interface.is_some_and(|rest| rest.starts_with('-')) && packet.time >= self.since
        };
        let packets = captured.iter().filter(ours);
        let packets = packets.map(|packet| (packet, packet.dissect()));
        let packets: Vec<_> = packets
            .filter(|(_, dissection)| !by_itself(dissection))
            .collect();
        if !packets.is_empty() {
            let _ = writeln!(words, "the last packets at the interfaces of {host}:");
        }
        let first = packets.len().saturating_sub(PACKETS);
        for (packet, dissection) in &packets[first..] {
            let interface = &packet.interface[host.len() + 1..];
            words += &entry(after(packet.time), &format!("{interface}: {dissection}"));
        }
        words
    }
}

/// What the kernel sends whatever a program does: to find neighbours, and to
/// announce groups.
fn by_itself(dissection: &Dissection) -> bool {
    dissection.packets.iter().any(|packet| {
        packet.protocol == Some(LayerKind::Arp)
            || matches!(
                packet.message,
                Some(
                    Message::NeighbourSolicitation
                        | Message::NeighbourAdvertisement
                        | Message::MulticastListenerReport
                )
            )
    })
}

/// A time and what happened, wrapped behind the time.
fn entry(seconds: f64, what: &str) -> String {
    let indent = what.len() - what.trim_start().len();
    let mut lines = format!("{seconds:>8.2} {:indent$}", "");
    let mut width = lines.len();
    for word in what.split_whitespace() {
        // Two columns are for the indentation of the whole.
        if width + 1 + word.len() > WIDTH - 2 {
            lines += "\n           ";
            width = 11;
        }
        lines += " ";
        lines += word;
        width += 1 + word.len();
    }
    lines + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;
    use ip_over_udp::packet::{LinkType, dissect};

    #[test]
    fn a_ping_is_not_sent_by_itself() {
        let icmp = |kind: u8| {
            let mut packet = Vec::new();
            PacketBuilder::ipv6([0xfd; 16], [0xfe; 16], 64)
                .icmpv6_raw(kind, 0, [0; 4])
                .write(&mut packet, &[0; 20])
                .unwrap();
            by_itself(&dissect(LinkType::Raw, &packet))
        };
        // Echo, the search for a neighbour, and the report of groups.
        assert!(!icmp(128) && !icmp(129));
        assert!(icmp(135) && icmp(136));
        assert!(icmp(143));
        let mut frame = vec![0xff; 12];
        frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        frame.extend([0; 20]);
        assert!(by_itself(&dissect(LinkType::Ethernet, &frame)));
    }
}
