//! Fragments, put together again.

use book_tool::figure;
use ip_over_udp::capture::LinkType;
use proptest::prelude::*;

use crate::captures::{every_packet, made, tree};
use crate::read::texts;

#[test]
fn of_a_ping_through_the_tunnel() {
    let html = figure::fragments(
        tree(),
        r#"captures/ch06/left-eth0.pcap 13..14 "ICMP echo request""#,
    )
    .unwrap();
    let layers = texts(&html, ".layers li");
    assert_eq!(
        layers,
        [
            "outer IPv4 20",
            "UDP 8",
            "inner IPv4 20",
            "inner ICMP 8",
            "data 1462"
        ]
    );
    assert_eq!(
        texts(&html, "tbody td:nth-child(4)"),
        ["0 × 8 = 0", "185 × 8 = 1480", "not a fragment"]
    );
    // The packet inside may not be cut; the one around it may.
    let last = texts(&html, "tbody tr:last-child :is(th, td)");
    assert_eq!([&*last[0], &*last[2]], ["inner IPv4", "DF"]);
}

/// Every header has its name on it in the drawing, though it is small beside the data.
#[test]
fn names_of_headers() {
    let html = figure::fragments(
        tree(),
        r#"captures/ch06/left-eth0.pcap 13..14 "ICMP echo request""#,
    );
    let names = texts(&html.unwrap(), "text.part");
    let headers = ["IPv4 20", "UDP 8", "IPv4 20", "ICMP 8"];
    assert_eq!(names[..5], [&headers[..], &["data 1462"]].concat());
    assert_eq!(names[5..10], [&headers[..], &["data 1444"]].concat());
    assert_eq!(names[10..], ["IPv4 20", "data 18"]);
}

#[test]
fn in_another_order() {
    let packets = every_packet();
    let mut pieces = packets.iter().filter(|packet| {
        let dissection = packet.dissect();
        dissection.packets[0].fragment.is_some()
    });
    let (one, other) = (pieces.next().unwrap(), pieces.next().unwrap());
    let in_order = made(one.link, &[&one.data, &other.data]);
    let turned = made(one.link, &[&other.data, &one.data]);
    let draw = |folder: &tempfile::TempDir| {
        let html = figure::fragments(folder.path(), r#"one.pcap 1..2 "bytes)""#).unwrap();
        texts(&html, ".layers li")
    };
    assert_eq!(draw(&in_order), draw(&turned));
}

/// A fragment of IPv6 that carries these bytes at this offset.
fn fragment_v6(offset: u16, more: bool, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + bytes.len()).unwrap();
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([44, 64]);
    packet.extend([0xfd; 32]);
    packet.extend([17, 0]);
    packet.extend((offset | u16::from(more)).to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend(bytes);
    packet
}

#[test]
fn of_ipv6() {
    let datagram = [&[0, 1, 0, 2, 0, 28, 1, 1][..], &[7; 20]].concat();
    let (one, other) = datagram.split_at(16);
    let pieces = [fragment_v6(0, true, one), fragment_v6(16, false, other)];
    let folder = made(LinkType::Raw, &[&pieces[0], &pieces[1]]);
    let html = figure::fragments(folder.path(), r#"one.pcap 1..2 "UDP""#).unwrap();
    assert_eq!(
        texts(&html, ".layers li"),
        ["IPv6 40", "IPv6 fragment 8", "UDP 8", "data 20"]
    );
    assert_eq!(
        texts(&html, "tbody td:last-child"),
        ["48 + 16 = 64", "48 + 12 = 60"]
    );
}

proptest! {
    /// Drawn or refused, without a panic.
    #[test]
    fn with_changed_bytes(which: prop::sample::Index, changes: Vec<(prop::sample::Index, u8)>) {
        let packets = every_packet();
        let pieces: Vec<_> = packets
            .windows(2)
            .filter(|pair| pair.iter().all(|one| one.dissect().packets[0].fragment.is_some()))
            .collect();
        let mut pair = which.get(&pieces).to_vec();
        for (at, to) in changes {
            let half = at.index(2);
            *at.get_mut(&mut pair[half].data) = to;
        }
        let folder = made(pair[0].link, &[&pair[0].data, &pair[1].data]);
        let _ = figure::fragments(folder.path(), r#"one.pcap 1..2 "bytes)""#);
    }
}
