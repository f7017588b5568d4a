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

use super::dissector::{Content, Dissector, Payload, checksum_field, field};
use super::names::{FieldName, LayerKind};
use super::pseudo_header::{PseudoHeader, verify};
use super::value::Verdict;
use crate::args::PORT;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 8;

/// The protocol number of UDP.
const UDP: u8 = 17;

pub(super) fn dissect<'a>(
    segment: &'a [u8],
    at: usize,
    pseudo: Option<PseudoHeader>,
    dissector: &mut Dissector,
) -> Option<Payload<'a>> {
    let Ok(header) = UdpHeaderSlice::from_slice(segment) else {
        dissector.cut(LayerKind::Udp, segment, at);
        return None;
    };
    let length = usize::from(header.length());
    let (source, destination) = (header.source_port(), header.destination_port());
    // The length field says where the datagram ends; the rest of the segment does
    // not belong to it.
    let possible = (HEADER_LEN..=segment.len()).contains(&length);
    let end = if possible { length } else { segment.len() };
    let bytes = &segment[HEADER_LEN..end];
    let pseudo = pseudo.filter(|_| possible);
    let verdict = match header.checksum() {
        0 => Verdict::Absent,
        _ => verify(pseudo, UDP, &segment[..end]),
    };

    dissector.summary().protocol = Some(LayerKind::Udp);
    dissector.push(format_args!("{source} > {destination}"));
    if verdict == Verdict::Wrong {
        dissector.push(format_args!(", wrong checksum"));
    }
    if !possible && !dissector.partial {
        let there = segment.len();
        dissector.malformed(format_args!(", length {length} where {there} bytes are"));
    }
    dissector.push(format_args!(", {} bytes of data", bytes.len()));
    let fields = vec![
        field(FieldName::SourcePort, 0..2, source),
        field(FieldName::DestinationPort, 2..4, destination),
        field(FieldName::Length, 4..6, header.length()),
        checksum_field(6..8, header.checksum(), verdict),
    ];
    dissector.layer(LayerKind::Udp, at, HEADER_LEN, fields);

    // A datagram of the tunnel: on its port, with the first four bits of an IP
    // packet, and long enough for its header. The letter h would begin IPv6.
    let is_packet = match bytes.first().map(|byte| byte >> 4) {
        Some(4) => bytes.len() >= 20,
        Some(6) => bytes.len() >= 40,
        _ => false,
    };
    Some(Payload {
        content: match is_packet && [source, destination].contains(&PORT) {
            true => Content::Packet,
            false => Content::Data,
        },
        bytes,
        at: at + HEADER_LEN,
    })
}
