//! One packet, as one line of text or as a dump of its bytes.
//!
//! A file per layer: [`ethernet`] and [`ip`] take a header apart and hand the
//! rest to the next layer, [`udp`], [`tcp`] or [`icmp`]. Whatever arrives is
//! described; nothing panics, and what is cut off or malformed says so.

use std::fmt::Write;

pub mod ethernet;
pub mod icmp;
pub mod ip;
pub mod tcp;
pub mod udp;

/// How many tunnels inside each other are unpacked, to bound the recursion.
const MAX_DEPTH: usize = 4;

/// Describes an IPv4 or IPv6 packet in one line: who sends to whom, what, and
/// the length of the whole packet in bytes.
///
/// ```
/// let packet = [
///     0x45, 0, 0, 28, 0, 1, 0x40, 0, 64, 1, 0, 0, 192, 168, 0, 1, 192, 168, 0, 2,
///     8, 0, 0, 0, 0, 7, 0, 1,
/// ];
/// assert_eq!(
///     ip_over_udp::packet::describe(&packet),
///     "192.168.0.1 > 192.168.0.2 ICMP echo request, id 7, seq 1 (28 bytes)"
/// );
/// ```
pub fn describe(packet: &[u8]) -> String {
    ip::describe(packet, 0)
}

/// Describes an Ethernet frame in one line: the packet in it, if it has one.
pub fn describe_frame(frame: &[u8]) -> String {
    ethernet::describe(frame, 0)
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
        assert_eq!(describe(b""), "empty packet");
        assert_eq!(describe(b"zzz"), "not an IP packet: version 7 (3 bytes)");
        assert_eq!(
            describe(&[0x05; 20]),
            "not an IP packet: version 0 (20 bytes)"
        );
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
            describe_frame(&[0; 13]),
            "Ethernet, cut off in its header (13 bytes)"
        );
    }
}
