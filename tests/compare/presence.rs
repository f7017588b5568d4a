//! Which packets there are, and in which order.

use std::time::{Duration, Instant};

use ip_over_udp::packet::{FieldName, LayerKind};
use lab::compare::compare;

use crate::mine::Mine;
use crate::packets::{field, find, put};

#[test]
fn a_packet_that_is_missing() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets.remove(find(packets, "SYN ACK"));
    });
    let words = "a packet is missing: 192.168.0.2 > 192.168.0.1 TCP 80 > ";
    assert_eq!(mine.says("left-tun0", words).reference, Some(4));
}

#[test]
fn a_packet_that_is_missing_at_the_end() {
    let mine = Mine::of("06").change("right-eth0", |packets| {
        packets.pop();
    });
    mine.says(
        "right-eth0",
        "a packet is missing at the end: 203.0.113.2 >",
    );
}

#[test]
fn packets_that_are_missing_at_the_beginning() {
    let mine = Mine::of("06").change("right-eth0", |packets| {
        packets.remove(0);
    });
    let words = "a packet is missing at the beginning: 198.51.100.2 >";
    mine.says("right-eth0", words);
    let mine = mine.change("right-eth0", |packets| {
        packets.drain(..4);
    });
    let words = "5 packets are missing at the beginning, the first of them: 198.51.100.2 >";
    let found = mine.says("right-eth0", words);
    assert_eq!((found.mine, found.reference), (Some(1), Some(1)));
}

#[test]
fn packets_that_are_missing_in_the_middle() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets.drain(4..9);
    });
    let words = "5 packets are missing, the first of them: 192.168.0.1 > 192.168.0.2 TCP";
    let found = mine.says("left-tun0", words);
    assert_eq!((found.mine, found.reference), (Some(5), Some(5)));
}

#[test]
fn all_packets_are_missing() {
    let mut count = 0;
    let mine = Mine::of("06").change("left-tun0", |packets| {
        count = packets.len();
        packets.clear();
    });
    let words = format!("all {count} packets are missing, the first of them: 192.168.0.1 >");
    let found = mine.says("left-tun0", &words);
    assert_eq!((found.mine, found.reference), (None, Some(1)));
}

#[test]
fn the_only_packet_is_missing() {
    let reference = Mine::of("06").change("left-tun0", |packets| packets.truncate(1));
    let mine = Mine::of("06").change("left-tun0", Vec::clear);
    let found = compare(&mine.folder(), &reference.folder())
        .unwrap()
        .unwrap();
    let words = "the only packet is missing: 192.168.0.1 >";
    assert!(found.words.starts_with(words), "{}", found.words);
}

#[test]
fn an_extra_packet() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.insert(1, packets[0].clone());
    });
    let words = "an extra packet: 198.51.100.2 > 203.0.113.2 UDP";
    mine.says("left-eth0", words);
}

#[test]
fn extra_packets_at_the_end() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.extend_from_within(..2);
    });
    let words = "2 extra packets at the end, the first of them: 198.51.100.2 >";
    mine.says("left-eth0", words);
}

#[test]
fn two_packets_that_have_changed_places() {
    let mine = Mine::of("06").change("left-tun0", |packets| packets.swap(1, 2));
    let words = "another order: packet 2 of the reference is packet 3 of yours: 192.168.0.2 >";
    let found = mine.says("left-tun0", words);
    assert_eq!((found.mine, found.reference), (Some(3), Some(2)));
}

#[test]
fn a_packet_that_comes_too_early() {
    let mine = Mine::of("06").change("left-tun0", |packets| packets[1..6].rotate_right(1));
    let words = "another order: packet 6 of the reference is packet 2 of yours: 192.168.0.1 >";
    mine.says("left-tun0", words);
}

#[test]
fn another_packet_in_the_place_of_one() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets[1] = packets[2].clone();
    });
    let words = "IPv4 protocol: 6 in yours, 1 in the reference";
    mine.says("left-tun0", words);
}

/// Wireshark counts the packets that are left out of the comparison, too.
#[test]
fn numbers_are_those_of_the_file() {
    // A multicast listener report, as Linux sends them.
    let report = {
        let head = etherparse::PacketBuilder::ethernet2([2; 6], [0x33; 6]).ipv6(
            [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16],
            1,
        );
        let mut frame = Vec::new();
        head.icmpv6_raw(143, 0, [0; 4])
            .write(&mut frame, &[0; 20])
            .unwrap();
        frame
    };
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.remove(2);
        for at in [0, 1] {
            let mut packet = packets[at].clone();
            packet.data.clone_from(&report);
            packet.length = report.len() as u32;
            packets.insert(at, packet);
        }
    });
    let found = mine.says("left-eth0", "a packet is missing: ");
    assert_eq!((found.mine, found.reference), (Some(5), Some(3)));
}

/// A tunnel that feeds itself makes half a million packets in four seconds.
#[test]
fn a_flood_is_compared_too() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let ping = packets[0].clone();
        for number in 0..20_000_u32 {
            let mut packet = ping.clone();
            let seq = field(&packet, LayerKind::Icmp, FieldName::SequenceNumber);
            put(&mut packet, seq, number % 65_536);
            packets.insert(1, packet);
        }
    });
    let start = Instant::now();
    mine.says(
        "left-tun0",
        " extra packets, the first of them: 192.168.0.1 >",
    );
    assert!(start.elapsed() < Duration::from_secs(60));
}
