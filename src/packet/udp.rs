//! The UDP header: 8 bytes (RFC 768).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |          source port          |       destination port        |
//! +-------------------------------+-------------------------------+
//! |    length, header included    |           checksum            |
//! +-------------------------------+-------------------------------+
//! ```

use etherparse::UdpHeaderSlice;

use super::{Around, Sink};

/// Length of the header in bytes.
pub const HEADER: usize = 8;

/// The protocol number of UDP.
const UDP: u8 = 17;

pub(super) fn dissect(segment: &[u8], at: usize, mut around: Around, sink: &mut Sink) {
    let Ok(header) = UdpHeaderSlice::from_slice(segment) else {
        return sink.cut("UDP", segment, at);
    };
    let length = usize::from(header.length());
    let ports = [header.source_port(), header.destination_port()];
    // What lies behind the length of the header is no part of the datagram.
    let possible = (HEADER..=segment.len()).contains(&length);
    let end = if possible { length } else { segment.len() };
    let payload = &segment[HEADER..end];
    around.complete &= possible;

    sink.say(&format!("UDP {} > {}", ports[0], ports[1]));
    sink.layer("UDP", at, HEADER);
    sink.field("source port", 0..2, ports[0]);
    sink.field("destination port", 2..4, ports[1]);
    sink.field("length", 4..6, length);
    let sum = match header.checksum() {
        0 => None, // the sender did without
        _ => around.verify(UDP, &segment[..end]),
    };
    sink.checksum(6..8, header.checksum(), sum);
    if !possible && !sink.partial {
        sink.say(&format!(
            ", length {length} where {} bytes are",
            segment.len()
        ));
    }
    sink.say(&format!(", {} bytes of data", payload.len()));

    // A datagram of the tunnel: on its port, with the first four bits of an IP
    // packet, and long enough for its header. The letter h would begin IPv6.
    let at = at + HEADER;
    let is_packet = match payload.first().map(|byte| byte >> 4) {
        Some(4) => payload.len() >= 20,
        Some(6) => payload.len() >= 40,
        _ => false,
    };
    if ports.contains(&crate::socket::PORT) && is_packet {
        sink.inner(payload, at);
    } else {
        sink.data("data", payload, at);
    }
    sink.data("trailer", &segment[end..], at + end - HEADER);
}
