//! A header as its RFC draws it: cells of so many bits, in their order, each
//! with the value that this packet has there.
//!
//! The dissection knows fields by their bytes. What shares a byte, and what it
//! gives as one value though the RFC names each bit, is split here.

use std::ops::Range;

use anyhow::{Context, bail};
use ip_over_udp::packet::{Field, FieldName, LayerKind, Value};

use super::option;
use figures::part::Part;

/// Bits in a row of the RFCs' drawings.
pub(super) const ROW: usize = 32;

pub(super) struct Cell {
    pub name: &'static str,
    /// The name of its explanation: several cells can share one.
    pub term: &'static str,
    /// Counted from the first bit of the header.
    pub bits: Range<usize>,
    pub value: String,
    /// The same as it is in the packet, where that looks different: bytes in
    /// hexadecimal, bits of a part of a byte in binary.
    pub raw: Option<String>,
}

/// What a cell takes from the dissection.
enum Take {
    /// A field.
    Field(FieldName),
    /// Bits that the dissection has only as a part of something else.
    Bits(&'static str),
}

use Take::Bits;

const fn field(name: FieldName) -> Take {
    Take::Field(name)
}

const ETHERNET: &[(usize, Take)] = &[
    (48, field(FieldName::Destination)),
    (48, field(FieldName::Source)),
    (16, field(FieldName::Type)),
];

const IPV4: &[(usize, Take)] = &[
    (4, field(FieldName::Version)),
    (4, field(FieldName::HeaderLength)),
    (6, field(FieldName::Dscp)),
    (2, field(FieldName::Ecn)),
    (16, field(FieldName::TotalLength)),
    (16, field(FieldName::Identification)),
    (1, Bits("reserved")),
    (1, Bits("DF")),
    (1, Bits("MF")),
    (13, field(FieldName::FragmentOffset)),
    (8, field(FieldName::TimeToLive)),
    (8, field(FieldName::Protocol)),
    (16, field(FieldName::Checksum)),
    (32, field(FieldName::SourceAddress)),
    (32, field(FieldName::DestinationAddress)),
];

const IPV6: &[(usize, Take)] = &[
    (4, field(FieldName::Version)),
    (8, field(FieldName::TrafficClass)),
    (20, field(FieldName::FlowLabel)),
    (16, field(FieldName::PayloadLength)),
    (8, field(FieldName::NextHeader)),
    (8, field(FieldName::HopLimit)),
    (128, field(FieldName::SourceAddress)),
    (128, field(FieldName::DestinationAddress)),
];

const UDP: &[(usize, Take)] = &[
    (16, field(FieldName::SourcePort)),
    (16, field(FieldName::DestinationPort)),
    (16, field(FieldName::Length)),
    (16, field(FieldName::Checksum)),
];

const TCP: &[(usize, Take)] = &[
    (16, field(FieldName::SourcePort)),
    (16, field(FieldName::DestinationPort)),
    (32, field(FieldName::SequenceNumber)),
    (32, field(FieldName::AcknowledgementNumber)),
    (4, field(FieldName::DataOffset)),
    (4, Bits("reserved")),
    (1, Bits("CWR")),
    (1, Bits("ECE")),
    (1, Bits("URG")),
    (1, Bits("ACK")),
    (1, Bits("PSH")),
    (1, Bits("RST")),
    (1, Bits("SYN")),
    (1, Bits("FIN")),
    (16, field(FieldName::Window)),
    (16, field(FieldName::Checksum)),
    (16, field(FieldName::UrgentPointer)),
];

/// ICMP and ICMPv6: what every message has, and the rest of an echo or of any
/// other message.
const ICMP: &[(usize, Take)] = &[
    (8, field(FieldName::Type)),
    (8, field(FieldName::Code)),
    (16, field(FieldName::Checksum)),
];
const ECHO: &[(usize, Take)] = &[
    (16, field(FieldName::Identifier)),
    (16, field(FieldName::SequenceNumber)),
];
const NO_ECHO: &[(usize, Take)] = &[(32, field(FieldName::RestOfHeader))];

/// The cells of a header, of which these are the bytes.
pub(super) fn cells(part: &Part, header: &[u8]) -> anyhow::Result<Vec<Cell>> {
    let [first, rest]: [&[_]; 2] = match part.kind {
        LayerKind::Ethernet => [ETHERNET, &[]],
        LayerKind::Ipv4 => [IPV4, &[]],
        LayerKind::Ipv6 => [IPV6, &[]],
        LayerKind::Udp => [UDP, &[]],
        LayerKind::Tcp => [TCP, &[]],
        LayerKind::Icmp | LayerKind::Icmpv6 => match part.field(FieldName::Identifier) {
            Some(_) => [ICMP, ECHO],
            None => [ICMP, NO_ECHO],
        },
        other => bail!(
            "the headers that can be drawn are Ethernet, IPv4, IPv6, UDP, TCP, ICMP and ICMPv6, not {other}"
        ),
    };
    let mut cells = Vec::new();
    let mut at = 0;
    for (width, take) in first.iter().chain(rest) {
        let bits = at..at + width;
        at = bits.end;
        let of = |name: FieldName| {
            let found = part.field(name);
            found.with_context(|| format!("this {} header has no field {name}", part.kind))
        };
        cells.push(match *take {
            Take::Field(name) => Cell::of(name.as_str(), bits, header, of(name)?),
            Bits(name) => Cell::of_bits(name, bits, header),
        });
    }
    if let Some(options) = part.field(FieldName::Options) {
        let one = || vec![Cell::of("options", at..header.len() * 8, header, options)];
        let known = (part.kind == LayerKind::Tcp).then(|| option::cells(at, header));
        cells.extend(known.flatten().unwrap_or_else(one));
    }
    Ok(cells)
}

impl Cell {
    fn of(name: &'static str, bits: Range<usize>, header: &[u8], field: &Field) -> Cell {
        let raw = match field.value {
            // They are shown as they are in the packet.
            Value::Hex(..) | Value::Checksum(..) | Value::Mac(_) => None,
            _ => raw(&bits, header),
        };
        Cell {
            name,
            term: name,
            bits,
            value: field.value.to_string(),
            raw,
        }
    }

    /// A cell whose value is the number in these bits, and nothing more.
    pub fn of_bits(name: &'static str, bits: Range<usize>, header: &[u8]) -> Cell {
        let value = number(&bits, header).to_string();
        let raw = match bits.len() {
            1 => None,
            _ => raw(&bits, header),
        };
        Cell {
            name,
            term: name,
            bits,
            value,
            raw,
        }
    }

    /// Where it is in the header, in words.
    pub fn place(&self) -> String {
        let (first, last) = (self.bits.start / 8, (self.bits.end - 1) / 8);
        let bytes = match first == last {
            true => format!("byte {first}"),
            false => format!("bytes {first} to {last}"),
        };
        match self.bits.len() {
            1 => format!("bit {} of {bytes}", self.bits.start % 8),
            _ if whole_bytes(&self.bits) => bytes,
            width => format!("{width} bits in {bytes}"),
        }
    }
}

/// Bits as a number, the first one the largest, as everywhere on a network.
pub(super) fn number(bits: &Range<usize>, header: &[u8]) -> u64 {
    let bit = |at: usize| u64::from(header[at / 8] >> (7 - at % 8) & 1);
    bits.clone().fold(0, |sum, at| sum * 2 + bit(at))
}

fn whole_bytes(bits: &Range<usize>) -> bool {
    bits.start.is_multiple_of(8) && bits.end.is_multiple_of(8)
}

fn raw(bits: &Range<usize>, header: &[u8]) -> Option<String> {
    if whole_bytes(bits) {
        let bytes = header[bits.start / 8..bits.end / 8].iter();
        let bytes: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
        return Some(bytes.join(" "));
    }
    let width = bits.len();
    Some(format!("{:0width$b}", number(bits, header)))
}
