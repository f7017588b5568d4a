//! What crossed a tunnel, inside and outside, by the captures.

use std::collections::BTreeMap;

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use ip_over_udp::capture::{Direction, Packet};
use ip_over_udp::packet::{self, LinkType, Message};

/// What crossed tun0 of a host, with its direction.
pub fn inner_packets(all: &[Packet], host: &str) -> Vec<(Direction, Vec<u8>)> {
    let name = format!("{host}-tun0");
    all.iter()
        .filter(|packet| packet.interface == name && !is_report(&packet.data))
        .map(|packet| (packet.direction.unwrap(), packet.data.clone()))
        .collect()
}

/// The payloads of the datagrams at an interface, whole or put together from
/// their fragments, without the help of the code under test.
pub fn payloads(all: &[Packet], interface: &str, direction: Direction) -> Vec<Vec<u8>> {
    let mut done = Vec::new();
    // By identification: the pieces of what is not complete yet.
    let mut pieces: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for packet in all {
        if packet.interface != interface || packet.direction != Some(direction) {
            continue;
        }
        let slices = LaxSlicedPacket::from_ethernet(&packet.data).unwrap();
        if let Some(TransportSlice::Udp(udp)) = &slices.transport {
            done.push(udp.payload().to_vec());
            continue;
        }
        let (id, offset, more, bytes) = match slices.net.unwrap() {
            LaxNetSlice::Ipv4(v4) => {
                let header = v4.header();
                let offset = usize::from(header.fragments_offset().value()) * 8;
                let id = u32::from(header.identification());
                (
                    id,
                    offset,
                    header.more_fragments(),
                    v4.payload().payload.to_vec(),
                )
            }
            LaxNetSlice::Ipv6(v6) => {
                // Next header 44: 8 bytes of fragment header (RFC 8200, 4.5).
                if v6.header().next_header().0 != 44 {
                    continue; // neighbour discovery
                }
                let header = &packet.data[14 + 40..][..8];
                let word = u16::from_be_bytes([header[2], header[3]]);
                let id = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
                let bytes = packet.data[14 + 40 + 8..].to_vec();
                (id, usize::from(word & !7), word & 1 == 1, bytes)
            }
            LaxNetSlice::Arp(_) => continue,
        };
        let so_far = pieces.entry(id).or_default();
        assert_eq!(so_far.len(), offset, "fragments in order, without gaps");
        so_far.extend(bytes);
        if !more {
            let datagram = pieces.remove(&id).unwrap();
            done.push(datagram[8..].to_vec()); // the UDP header
        }
    }
    assert!(pieces.is_empty(), "incomplete datagrams at {interface}");
    done.retain(|inner| !is_report(inner));
    done
}

/// Multicast reports come at times of their own, before the other end listens
/// for example; no test can count them.
fn is_report(packet: &[u8]) -> bool {
    let packets = packet::dissect(LinkType::Raw, packet).packets;
    packets[0].message == Some(Message::MulticastListenerReport)
}

/// Compares packets, and shows lines rather than bytes where they differ.
pub fn same(sent: &[Vec<u8>], found: &[Vec<u8>], rule: &str) {
    let lines = |packets: &[Vec<u8>]| {
        let lines: Vec<_> = packets.iter().map(|packet| packet::info(packet)).collect();
        lines.join("\n")
    };
    let equal = sent == found;
    assert!(
        equal,
        "{rule}\nsent:\n{}\nfound:\n{}",
        lines(sent),
        lines(found)
    );
}
