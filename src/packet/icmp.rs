//! ICMP (RFC 792) and ICMPv6 (RFC 4443): 8 bytes, and what the type adds. An
//! error carries the beginning of the packet that caused it.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |     type      |     code      |           checksum            |
//! +---------------+---------------+-------------------------------+
//! |    echo: identifier           |       echo: sequence          |
//! +-------------------------------+-------------------------------+
//! ```

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{IcmpEchoHeader, Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type, icmpv6};

use super::dissector::{Content, Dissector, Payload, checksum_field, field};
use super::names::{FieldName, LayerKind, Message};
use super::pseudo_header::{PseudoHeader, verify};
use super::value::{Value, Verdict};
use crate::checksum::checksum;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 8;

/// The protocol number of ICMPv6.
const ICMPV6: u8 = 58;

/// ICMP has no pseudo-header. But a message must be complete to be verified.
pub(super) fn v4<'a>(
    message: &'a [u8],
    at: usize,
    pseudo: Option<PseudoHeader>,
    dissector: &mut Dissector,
) -> Option<Payload<'a>> {
    // etherparse accepts a timestamp message of exactly 20 bytes only.
    let Ok(slice) = Icmpv4Slice::from_slice(message) else {
        dissector.cut(LayerKind::Icmp, message, at);
        return None;
    };
    let header = Header {
        protocol: LayerKind::Icmp,
        message: message_v4(&slice),
        echo: match slice.icmp_type() {
            Icmpv4Type::EchoRequest(echo) | Icmpv4Type::EchoReply(echo) => Some(echo),
            _ => None,
        },
        quotes: matches!(slice.type_u8(), 3 | 4 | 5 | 11 | 12),
        checksum: slice.checksum(),
        verdict: Verdict::of(pseudo.map(|_| checksum(message))),
    };
    Some(header.dissect(message, at, dissector))
}

pub(super) fn v6<'a>(
    message: &'a [u8],
    at: usize,
    pseudo: Option<PseudoHeader>,
    dissector: &mut Dissector,
) -> Option<Payload<'a>> {
    let Ok(slice) = Icmpv6Slice::from_slice(message) else {
        dissector.cut(LayerKind::Icmpv6, message, at);
        return None;
    };
    let header = Header {
        protocol: LayerKind::Icmpv6,
        message: message_v6(&slice),
        echo: match slice.icmp_type() {
            Icmpv6Type::EchoRequest(echo) | Icmpv6Type::EchoReply(echo) => Some(echo),
            _ => None,
        },
        quotes: matches!(slice.type_u8(), 1..=4),
        checksum: slice.checksum(),
        verdict: verify(pseudo, ICMPV6, message),
    };
    Some(header.dissect(message, at, dissector))
}

/// What both versions have in common.
struct Header {
    protocol: LayerKind,
    message: Message,
    echo: Option<IcmpEchoHeader>,
    /// Whether it carries the beginning of a packet.
    quotes: bool,
    checksum: u16,
    verdict: Verdict,
}

impl Header {
    fn dissect<'a>(self, message: &'a [u8], at: usize, dissector: &mut Dissector) -> Payload<'a> {
        let summary = dissector.summary();
        summary.protocol = Some(self.protocol);
        summary.message = Some(self.message);
        dissector.push(format_args!("{}", self.message));
        let rest = u32::from_be_bytes([message[4], message[5], message[6], message[7]]);
        match self.message {
            // The upper half is unused (RFC 1191, section 4).
            Message::FragmentationNeeded => dissector.push(format_args!(", mtu {}", rest as u16)),
            Message::PacketTooBig => dissector.push(format_args!(", mtu {rest}")),
            Message::DestinationUnreachable => {
                dissector.push(format_args!(", code {}", message[1]))
            }
            Message::Other => {
                dissector.push(format_args!(" {}, code {}", message[0], message[1]));
            }
            _ => (),
        }
        let mut fields = vec![
            field(FieldName::Type, 0..1, message[0]),
            field(FieldName::Code, 1..2, message[1]),
            checksum_field(2..4, self.checksum, self.verdict),
        ];
        if let Some(echo) = self.echo {
            dissector.push(format_args!(", id {}, seq {}", echo.id, echo.seq));
            fields.push(field(FieldName::Identifier, 4..6, echo.id));
            fields.push(field(FieldName::SequenceNumber, 6..8, echo.seq));
        } else {
            // What it means depends on the type; in most it is unused.
            fields.push(field(FieldName::RestOfHeader, 4..8, Value::Hex(rest, 8)));
        }
        if self.verdict == Verdict::Wrong {
            dissector.push(format_args!(", wrong checksum"));
        }
        dissector.layer(self.protocol, at, HEADER_LEN, fields);
        let bytes = &message[HEADER_LEN..];
        Payload {
            content: match self.quotes && !bytes.is_empty() {
                true => Content::Quotation,
                false => Content::Data,
            },
            bytes,
            at: at + HEADER_LEN,
        }
    }
}

fn message_v4(slice: &Icmpv4Slice) -> Message {
    match slice.icmp_type() {
        Icmpv4Type::EchoRequest(_) => Message::EchoRequest,
        Icmpv4Type::EchoReply(_) => Message::EchoReply,
        Icmpv4Type::DestinationUnreachable(reason) => match reason {
            DestUnreachableHeader::Network => Message::NetworkUnreachable,
            DestUnreachableHeader::Host => Message::HostUnreachable,
            DestUnreachableHeader::Port => Message::PortUnreachable,
            DestUnreachableHeader::FragmentationNeeded { .. } => Message::FragmentationNeeded,
            _ => Message::DestinationUnreachable,
        },
        Icmpv4Type::Redirect(_) => Message::Redirect,
        Icmpv4Type::TimeExceeded(_) => Message::TimeExceeded,
        Icmpv4Type::ParameterProblem(_) => Message::ParameterProblem,
        _ => Message::Other,
    }
}

fn message_v6(slice: &Icmpv6Slice) -> Message {
    match slice.icmp_type() {
        Icmpv6Type::EchoRequest(_) => Message::EchoRequest,
        Icmpv6Type::EchoReply(_) => Message::EchoReply,
        Icmpv6Type::DestinationUnreachable(_) => Message::DestinationUnreachable,
        Icmpv6Type::PacketTooBig { .. } => Message::PacketTooBig,
        Icmpv6Type::TimeExceeded(_) => Message::TimeExceeded,
        Icmpv6Type::ParameterProblem(_) => Message::ParameterProblem,
        _ => match slice.type_u8() {
            icmpv6::TYPE_ROUTER_SOLICITATION => Message::RouterSolicitation,
            icmpv6::TYPE_ROUTER_ADVERTISEMENT => Message::RouterAdvertisement,
            icmpv6::TYPE_NEIGHBOR_SOLICITATION => Message::NeighbourSolicitation,
            icmpv6::TYPE_NEIGHBOR_ADVERTISEMENT => Message::NeighbourAdvertisement,
            143 => Message::MulticastListenerReport, // RFC 9777, section 5.2
            _ => Message::Other,
        },
    }
}
