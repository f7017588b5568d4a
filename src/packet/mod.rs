//! A packet taken apart: as one line, layer by layer, or as a dump of bytes.
//!
//! A file per layer: [`mod@ethernet`] and [`arp`], [`ip`] and [`extension`],
//! [`udp`], [`tcp`] and [`icmp`]. Each takes its header apart, says what it is,
//! and hands the rest to the next. Whatever arrives is described; nothing
//! panics, and what is cut off, malformed or damaged says so.

use std::fmt::Write;
use std::net::IpAddr;
use std::ops::Range;

use crate::capture::LinkType;

pub mod arp;
pub mod ethernet;
pub mod extension;
pub mod icmp;
pub mod ip;
pub mod tcp;
pub mod udp;

/// How many packets inside each other are taken apart, to bound the recursion.
const MAX_DEPTH: usize = 8;

/// A packet taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dissection {
    /// The packet in one line.
    pub line: String,
    /// Its headers from the outermost to the innermost, and what they carry.
    pub layers: Vec<Layer>,
}

/// One header of a packet, or the data behind the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is: "Ethernet", "IPv4", "UDP", "data".
    pub name: &'static str,
    /// Which bytes of the packet it is.
    pub bytes: Range<usize>,
    /// Its fields, in their order. Those smaller than a byte share one.
    pub fields: Vec<Field>,
}

/// One field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the RFC, in lower case.
    pub name: &'static str,
    /// Which bytes of the packet it is in.
    pub bytes: Range<usize>,
    /// Its value, as one writes it.
    pub value: String,
}

/// Describes an IPv4 or IPv6 packet in one line: who sends to whom, what, and
/// the length of the whole packet in bytes.
///
/// ```
/// let packet = [
///     0x45, 0, 0, 28, 0, 1, 0x40, 0, 64, 1, 0xb9, 0x8c, 192, 168, 0, 1, 192, 168, 0, 2,
///     8, 0, 0xf7, 0xf7, 0, 7, 0, 1,
/// ];
/// assert_eq!(
///     ip_over_udp::packet::describe(&packet),
///     "192.168.0.1 > 192.168.0.2 ICMP echo request, id 7, seq 1 (28 bytes)"
/// );
/// ```
pub fn describe(packet: &[u8]) -> String {
    dissect(LinkType::Raw, packet).line
}

/// Describes an Ethernet frame in one line: what is in it, and its length.
pub fn describe_frame(frame: &[u8]) -> String {
    dissect(LinkType::Ethernet, frame).line
}

/// Takes a packet apart that begins with a header of this kind.
pub fn dissect(link: LinkType, packet: &[u8]) -> Dissection {
    let mut sink = Sink::default();
    match link {
        LinkType::Raw => ip::dissect(packet, 0, &mut sink),
        LinkType::Ethernet => ethernet::dissect(packet, &mut sink),
    }
    sink.say(&format!(" ({} bytes)", packet.len()));
    sink.done
}

/// What the layers write to on the way down.
#[derive(Default)]
struct Sink {
    done: Dissection,
    depth: usize,
    /// Only the beginning of a packet can be expected here: in an ICMP error,
    /// or in a first fragment. That it is cut off is no news then, and checksums
    /// over the whole cannot be verified.
    partial: bool,
}

impl Sink {
    fn say(&mut self, words: &str) {
        self.done.line += words;
    }

    /// Begins a layer of `length` bytes, which begins at byte `at`.
    fn layer(&mut self, name: &'static str, at: usize, length: usize) {
        self.done.layers.push(Layer {
            name,
            bytes: at..at + length,
            fields: Vec::new(),
        });
    }

    /// Adds a field to the layer that was begun last; `bytes` counts from the
    /// beginning of that layer.
    fn field(&mut self, name: &'static str, bytes: Range<usize>, value: impl ToString) {
        if let Some(layer) = self.done.layers.last_mut() {
            let at = layer.bytes.start;
            layer.fields.push(Field {
                name,
                bytes: at + bytes.start..at + bytes.end,
                value: value.to_string(),
            });
        }
    }

    /// The bytes that no header claims.
    fn data(&mut self, name: &'static str, bytes: &[u8], at: usize) {
        if !bytes.is_empty() {
            self.layer(name, at, bytes.len());
        }
    }

    /// A header that ends before it is complete.
    fn cut(&mut self, what: &str, bytes: &[u8], at: usize) {
        self.say(&format!("{what}, cut off in its header"));
        self.data("cut off", bytes, at);
    }

    /// A checksum field, which is right if the sum over what it covers is 0.
    /// `None` where that cannot be told.
    fn checksum(&mut self, bytes: Range<usize>, value: u16, sum: Option<u16>) {
        let verdict = match sum {
            Some(0) => ", right",
            Some(_) => ", wrong",
            None => "",
        };
        self.field("checksum", bytes, format!("{value:#06x}{verdict}"));
        if sum.is_some_and(|sum| sum != 0) {
            // The IP header's own comes before what it carries is named.
            self.say(match self.done.layers.last() {
                Some(layer) if layer.name == "IPv4" => " with a wrong header checksum,",
                _ => ", wrong checksum",
            });
        }
    }

    /// A packet inside a packet, in brackets.
    fn inner(&mut self, packet: &[u8], at: usize) {
        if self.depth == MAX_DEPTH {
            self.say(" [...]");
            self.data("data", packet, at);
            return;
        }
        self.depth += 1;
        self.say(" [");
        ip::dissect(packet, at, self);
        self.say(&format!(" ({} bytes)]", packet.len()));
        self.depth -= 1;
    }
}

/// The addresses around a segment, for checksums that cover them too, and
/// whether all of the segment is there.
#[derive(Clone, Copy)]
struct Around {
    source: IpAddr,
    destination: IpAddr,
    complete: bool,
}

impl Around {
    /// The sum over a segment with its pseudo-header, 0 if it is right, `None`
    /// if it cannot be told because not all of the segment is there.
    fn verify(&self, protocol: u8, segment: &[u8]) -> Option<u16> {
        let sum =
            || crate::checksum::segment_checksum(self.source, self.destination, protocol, segment);
        self.complete.then(sum)
    }
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
        assert_eq!(describe(b""), "empty packet (0 bytes)");
        assert_eq!(describe(b"zzz"), "not an IP packet: version 7 (3 bytes)");
        assert_eq!(describe(&[5; 20]), "not an IP packet: version 0 (20 bytes)");
        assert_eq!(
            describe(&[0xff; 9]),
            "not an IP packet: version 15 (9 bytes)"
        );
        assert_eq!(
            describe(&[0x45; 9]),
            "IPv4, cut off in its header (9 bytes)"
        );
        assert_eq!(
            describe(&[0x60; 9]),
            "IPv6, cut off in its header (9 bytes)"
        );
        assert_eq!(
            describe(&[0x41; 40]),
            "IPv4 with an impossible header length (40 bytes)"
        );
        assert_eq!(
            describe_frame(&[0; 13]),
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
            dissection.line,
            "198.51.100.2 > 203.0.113.2 UDP 9876 > 9876, 84 bytes of data \
             [192.168.0.1 > 192.168.0.2 ICMP echo request, id 7, seq 1 (84 bytes)] (126 bytes)"
        );
        let layers: Vec<_> = dissection
            .layers
            .iter()
            .map(|it| (it.name, it.bytes.clone()))
            .collect();
        assert_eq!(
            layers,
            [
                ("Ethernet", 0..14),
                ("IPv4", 14..34),
                ("UDP", 34..42),
                ("IPv4", 42..62),
                ("ICMP", 62..70),
                ("data", 70..126),
            ]
        );
        let udp = &dissection.layers[2];
        assert_eq!(udp.fields[1].name, "destination port");
        assert_eq!(
            (udp.fields[1].bytes.clone(), udp.fields[1].value.as_str()),
            (36..38, "9876")
        );
        assert!(
            udp.fields[3].value.ends_with(", right"),
            "{}",
            udp.fields[3].value
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
            let line = describe_frame(&bad);
            assert_eq!(line.matches("wrong").count(), wrong, "byte {byte}: {line}");
        }
        assert!(!describe_frame(&good).contains("wrong"));
    }

    #[test]
    fn cut_anywhere_it_says_so() {
        let frame = tunnelled();
        for length in 0..frame.len() {
            let line = describe_frame(&frame[..length]);
            let says = ["cut off", "empty packet", "where"]
                .iter()
                .any(|it| line.contains(it));
            assert!(says, "{length}: {line}");
        }
    }
}
