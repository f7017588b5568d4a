//! What is in a packet.

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{FieldName, LayerKind};

use crate::mine::Mine;
use crate::packets::{field, find, mend};

#[test]
fn another_flag() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let syn = find(packets, "SYN,");
        packets[syn].data[20 + 13] ^= 0x08; // PSH
        mend(&mut packets[syn]);
    });
    let words = "TCP flags: SYN PSH in yours, SYN in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn another_byte_of_the_page() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let page = find(packets, "307 bytes of data");
        let last = packets[page].data.len() - 1;
        packets[page].data[last] ^= 0x20;
    });
    // The checksum is wrong because of it, and not the other way round.
    let words = "byte 307 of the TCP data: 0x2a in yours, 0x0a in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn bytes_of_a_ping_are_counted_from_its_first() {
    let mine = Mine::of("03").change("left-tun0", |packets| {
        packets[1].data[20 + 8 + 20] ^= 0xff;
        mend(&mut packets[1]);
    });
    mine.says("left-tun0", "byte 21 of the ICMP data: ");
}

#[test]
fn a_byte_of_what_an_error_repeats() {
    let mine = Mine::of("04").change("left-eth0", |packets| {
        let at = find(packets, "unreachable");
        let refused = &mut packets[at];
        let third = refused.data.len() - 3;
        refused.data[third] ^= 1;
        mend(refused);
    });
    mine.says("left-eth0", "byte 3 of the quoted UDP data: ");
}

#[test]
fn another_size() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets[0].data.push(0);
        packets[0].length += 1;
    });
    let words = "1 byte of trailer in yours, none in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn a_length_that_only_the_capture_claims() {
    let mine = Mine::of("06").change("left-tun0", |packets| packets[0].length = 9999);
    let words = "length on the wire: 9999 bytes, 84 of them captured in yours, \
                 84 bytes in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn a_checksum_that_only_the_inner_packet_has_wrong() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        let sum = field(&packets[0], LayerKind::Icmp, FieldName::Checksum);
        packets[0].data[sum.start] ^= 1;
    });
    // The outer one covers the inner, and is wrong too.
    let words = "inner ICMP checksum: wrong in yours, correct in the reference";
    mine.says("left-eth0", words);
    let mine = mine.change("left-eth0", |packets| {
        let inner = field(&packets[0], LayerKind::Icmp, FieldName::Checksum);
        packets[0].data[inner.start] ^= 1;
        packets[0].data[14 + 20 + 6] ^= 1;
    });
    let words = "outer UDP checksum: wrong in yours, correct in the reference";
    mine.says("left-eth0", words);
}

#[test]
fn a_datagram_without_a_checksum() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        let sum = field(&packets[0], LayerKind::Udp, FieldName::Checksum);
        packets[0].data[sum].fill(0);
    });
    let words = "outer UDP checksum: none in yours, correct in the reference";
    mine.says("left-eth0", words);
}

#[test]
fn inside_or_outside() {
    let one_less = |at: usize| {
        move |packets: &mut Vec<Packet>| {
            packets[0].data[at] -= 1;
            mend(&mut packets[0]);
        }
    };
    let mine = Mine::of("06").change("left-eth0", one_less(14 + 8));
    let words = "outer IPv4 time to live: 63 in yours, 64 in the reference";
    mine.says("left-eth0", words);
    let mine = Mine::of("06").change("left-eth0", one_less(14 + 20 + 8 + 8));
    let words = "inner IPv4 time to live: 63 in yours, 64 in the reference";
    mine.says("left-eth0", words);
    // There is nothing to be inside of.
    let mine = Mine::of("06").change("left-tun0", one_less(8));
    let found = mine.says("left-tun0", "IPv4 time to live: 63 in yours");
    assert!(found.words.starts_with("IPv4"), "{}", found.words);
    let mine = Mine::of("05").change("left-eth0", |packets| {
        let refused = find(packets, "port unreachable");
        packets[refused].data[14 + 20 + 8 + 8] -= 1;
    });
    mine.says("left-eth0", "quoted outer IPv4 time to live: 62 in yours, ");
    let mine = Mine::of("05").change("left-eth0", |packets| {
        let refused = find(packets, "port unreachable");
        packets[refused].data[14 + 20 + 8 + 20 + 8 + 8] -= 1;
    });
    mine.says("left-eth0", "quoted inner IPv4 time to live: 63 in yours, ");
}

#[test]
fn bits_without_a_name() {
    let flip = |at: usize, bit: u8| {
        move |packets: &mut Vec<Packet>| {
            let syn = find(packets, "SYN,");
            packets[syn].data[at] ^= bit;
            mend(&mut packets[syn]);
        }
    };
    let mine = Mine::of("06").change("left-tun0", flip(20 + 12, 0x04));
    let words = "byte 13 of the TCP header: 0xa4 in yours, 0xa0 in the reference";
    mine.says("left-tun0", words);
    let mine = Mine::of("06").change("left-tun0", flip(6, 0x80));
    let words = "byte 7 of the IPv4 header: 0xc0 in yours, 0x40 in the reference";
    mine.says("left-tun0", words);
}
