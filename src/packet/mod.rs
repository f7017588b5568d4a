//! A packet taken apart: as one line, layer by layer, or as a dump of bytes.
//!
//! A file per layer: [`ethernet`], `cooked` or `loopback`, and `arp`, `ip` and
//! `extension`, [`udp`], `tcp` and [`icmp`]. Each takes its header apart, says what it
//! is, and hands the rest to the next. Whatever arrives is described; nothing
//! panics, and what is cut off, malformed or damaged says so.
//!
//! What comes out is a [`Dissection`]. Its names ([`names`]) and values
//! ([`value`], [`flags`]) have types; they become text where they are shown.
//!
//! The files depend on each other in one direction only: `cooked` knows `ethernet`,
//! `ethernet` and `loopback` know `arp` and `ip`, `ip` knows `extension`, `udp`, `tcp` and `icmp`, and each of them the
//! `dissector`, which knows no layer. A packet in a packet is found by `udp` or
//! `icmp`, but taken apart by `ip`, which calls itself.
//!
//! A tunnel needs none of this: who reads the library for the tunnel, comes back
//! later.

use std::fmt::Write;

mod arp;
mod cooked;
pub mod dissection;
mod dissector;
pub mod ethernet;
mod extension;
pub mod flags;
pub mod icmp;
mod ip;
mod link;
mod loopback;
pub mod names;
mod pseudo_header;
mod tcp;
pub mod udp;
pub mod value;

pub use dissection::{Dissection, Field, Layer, Summary};
pub use link::LinkType;
pub use names::{FieldName, LayerKind, Message};
pub use value::{Value, Verdict};

use dissector::Dissector;

/// Describes an IPv4 or IPv6 packet in one line: who sends to whom, what, and how
/// many bytes there are. A datagram from or to port 9876 that begins like an IP
/// packet is taken for one of a tunnel, and what it carries is in brackets.
///
/// ```
/// let packet = [
///     0x45, 0, 0, 28, 0, 1, 0x40, 0, 64, 1, 0xb9, 0x8c, 192, 168, 0, 1, 192, 168, 0, 2,
///     8, 0, 0xf7, 0xf7, 0, 7, 0, 1,
/// ];
/// assert_eq!(
///     ip_over_udp::packet::info(&packet),
///     "192.168.0.1 > 192.168.0.2 ICMP echo request, id 7, seq 1 (28 bytes)"
/// );
/// ```
pub fn info(packet: &[u8]) -> String {
    dissect(LinkType::Raw, packet).to_string()
}

/// Takes a packet apart that begins with a header of this kind.
pub fn dissect(link: LinkType, packet: &[u8]) -> Dissection {
    let mut dissector = Dissector::new(packet.len());
    match link {
        LinkType::Raw => ip::dissect(packet, 0, &mut dissector),
        LinkType::Ethernet => ethernet::dissect(packet, &mut dissector),
        LinkType::LinuxSll => cooked::v1(packet, &mut dissector),
        LinkType::LinuxSll2 => cooked::v2(packet, &mut dissector),
        LinkType::Null | LinkType::Loop => loopback::dissect(packet, &mut dissector),
        LinkType::Other(number) => {
            dissector.unknown(format_args!("link type {number}"), packet, 0);
        }
    }
    dissector.finish()
}

/// The bytes of a packet, 16 to a line: the offset of the first byte of the
/// line in hexadecimal, the bytes in hexadecimal, and the same bytes as text,
/// with a dot for what is not a printable ASCII character.
pub fn hex_dump(bytes: &[u8]) -> String {
    let mut dump = String::new();
    for (line, chunk) in bytes.chunks(16).enumerate() {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk
            .iter()
            .map(|&byte| match byte {
                b' '..=b'~' => byte as char,
                _ => '.',
            })
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(dump, "{:04x}  {:<47}  {text}", line * 16, hex.join(" "));
    }
    dump
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_info(frame: &[u8]) -> String {
        dissect(LinkType::Ethernet, frame).to_string()
    }

    #[test]
    fn a_dump_has_offsets_bytes_and_text() {
        let dump = hex_dump(b"GET / HTTP/1.1\r\nHost: x");
        assert_eq!(
            dump,
            "0000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1..\n\
             0010  48 6f 73 74 3a 20 78                             Host: x\n"
        );
    }

    #[test]
    fn what_is_no_packet_says_so() {
        assert_eq!(info(b""), "empty packet (0 bytes)");
        assert_eq!(info(b"zzz"), "not an IP packet: version 7 (3 bytes)");
        assert_eq!(info(&[5; 20]), "not an IP packet: version 0 (20 bytes)");
        assert_eq!(info(&[0xff; 9]), "not an IP packet: version 15 (9 bytes)");
        assert_eq!(info(&[0x45; 9]), "IPv4, cut off in its header (9 bytes)");
        assert_eq!(info(&[0x60; 9]), "IPv6, cut off in its header (9 bytes)");
        assert_eq!(
            info(&[0x41; 40]),
            "IPv4 with an impossible header length (40 bytes)"
        );
        assert_eq!(
            frame_info(&[0; 13]),
            "Ethernet, cut off in its header (13 bytes)"
        );
    }

    /// A ping in the tunnel, as it is outside, built by etherparse.
    fn tunnelled() -> Vec<u8> {
        let ping = etherparse::PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
            .icmpv4_echo_request(7, 1);
        let mut inner = Vec::new();
        ping.write(&mut inner, &[0; 56]).unwrap();
        let outer = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([198, 51, 100, 2], [203, 0, 113, 2], 64)
            .udp(9876, 9876);
        let mut frame = Vec::new();
        outer.write(&mut frame, &inner).unwrap();
        frame
    }

    #[test]
    fn a_tunnelled_packet_layer_by_layer() {
        let dissection = dissect(LinkType::Ethernet, &tunnelled());
        assert_eq!(
            dissection.to_string(),
            "198.51.100.2 > 203.0.113.2 UDP 9876 > 9876, 84 bytes of data \
             [192.168.0.1 > 192.168.0.2 ICMP echo request, id 7, seq 1 (84 bytes)] (126 bytes)"
        );
        let layers: Vec<_> = dissection
            .layers
            .iter()
            .map(|layer| (layer.kind, layer.bytes.clone()))
            .collect();
        assert_eq!(
            layers,
            [
                (LayerKind::Ethernet, 0..14),
                (LayerKind::Ipv4, 14..34),
                (LayerKind::Udp, 34..42),
                (LayerKind::Ipv4, 42..62),
                (LayerKind::Icmp, 62..70),
                (LayerKind::Data, 70..126),
            ]
        );
        let udp = &dissection.layers[2];
        let port = udp.field(FieldName::DestinationPort).unwrap();
        assert_eq!(
            (port.bytes.clone(), &port.value),
            (36..38, &9876_u16.into())
        );
        let checksum = udp.value(FieldName::Checksum);
        assert!(
            matches!(checksum, Some(Value::Checksum(_, Verdict::Right))),
            "{checksum:?}"
        );
    }

    #[test]
    fn one_wrong_bit_is_seen_by_every_checksum_above_it() {
        let good = tunnelled();
        // A bit of: the inner data, the inner address, the outer address, the
        // outer port. The outer IP header covers neither of the first two.
        for (byte, wrong) in [(100, 2), (57, 2), (29, 2), (37, 1)] {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            let line = frame_info(&bad);
            assert_eq!(wrong_checksums(&bad), wrong, "byte {byte}: {line}");
            assert_eq!(line.matches("wrong").count(), wrong, "byte {byte}: {line}");
        }
        assert_eq!(wrong_checksums(&good), 0);
    }

    fn wrong_checksums(frame: &[u8]) -> usize {
        let layers = dissect(LinkType::Ethernet, frame).layers;
        let checksums = layers.iter().map(|layer| layer.value(FieldName::Checksum));
        checksums
            .filter(|value| matches!(value, Some(Value::Checksum(_, Verdict::Wrong))))
            .count()
    }

    #[test]
    fn cut_anywhere_it_says_so() {
        let frame = tunnelled();
        for length in 0..frame.len() {
            let dissection = dissect(LinkType::Ethernet, &frame[..length]);
            let says_so = |packet: &Summary| packet.malformed || packet.ending.is_some();
            assert!(
                dissection.packets.iter().any(says_so),
                "{length}: {dissection}"
            );
        }
    }

    #[test]
    fn of_another_link_type_are_only_bytes() {
        let dissection = dissect(LinkType::Other(105), b"beacon");
        let line = "link type 105, 6 bytes of data (6 bytes)";
        assert_eq!(dissection.to_string(), line);
        assert_eq!(dissection.layers[0].bytes, 0..6);
    }

    #[test]
    fn an_unknown_tcp_option_is_no_fault() {
        // Of kind 34, TCP Fast Open; and one whose length cannot be.
        for (option, line, malformed) in [
            ([34, 2, 1, 1], "an option of kind 34", false),
            ([2, 1, 1, 1], "an option that cannot be read", true),
        ] {
            let syn = etherparse::PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
                .tcp(1, 2, 3, 4)
                .options_raw(&option)
                .unwrap();
            let mut packet = Vec::new();
            syn.write(&mut packet, &[]).unwrap();
            let dissection = dissect(LinkType::Raw, &packet);
            assert!(dissection.to_string().contains(line), "{dissection}");
            assert_eq!(dissection.packets[0].malformed, malformed);
        }
    }

    #[test]
    fn what_an_error_quotes_may_be_cut() {
        let mut quoted = Vec::new();
        let syn = etherparse::PacketBuilder::ipv4([192, 168, 0, 2], [192, 168, 0, 1], 64);
        syn.tcp(1, 2, 3, 4).write(&mut quoted, &[]).unwrap();
        // 8 bytes behind the IP header, as in RFC 792.
        let error = etherparse::PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
            .icmpv4_raw(3, 1, [0; 4]);
        let mut packet = Vec::new();
        error.write(&mut packet, &quoted[..28]).unwrap();
        let packets = dissect(LinkType::Raw, &packet).packets;
        assert_eq!(packets.len(), 2);
        assert!(packets.iter().all(|packet| !packet.malformed));
    }
}
