//! The IP header: IPv4 (RFC 791, section 3.1) and IPv6 (RFC 8200, section 3).
//!
//! Both begin with the version in the upper four bits of the first byte, which
//! is how a program tells which of the two it has.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------+-------+---------------+-------------------------------+
//! |   4   |  IHL  | DSCP and ECN  |         total length          |
//! +-------+-------+---------------+-----+-------------------------+
//! |        identification         |flags|     fragment offset     |
//! +---------------+---------------+-----+-------------------------+
//! | time to live  |   protocol    |        header checksum        |
//! +---------------+---------------+-------------------------------+
//! |                        source address                         |
//! +---------------------------------------------------------------+
//! |                      destination address                      |
//! +---------------------------------------------------------------+
//!
//! +-------+---------------+---------------------------------------+
//! |   6   | traffic class |              flow label               |
//! +-------+---------------+-------+---------------+---------------+
//! |        payload length         |  next header  |   hop limit   |
//! +-------------------------------+---------------+---------------+
//! |                source address, 16 bytes                       |
//! +---------------------------------------------------------------+
//! |              destination address, 16 bytes                    |
//! +---------------------------------------------------------------+
//! ```
//!
//! UDP and ICMP say that a packet is inside them, and leave it to this file to take
//! that apart.

use etherparse::err::ipv4::HeaderSliceError;
use etherparse::{IpNumber, Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::dissection::{Ending, Fragment};
use super::dissector::{Content, Dissector, checksum_field, field};
use super::extension::{self, Carried};
use super::flags::IpFlags;
use super::names::{FieldName, LayerKind};
use super::pseudo_header::PseudoHeader;
use super::value::{Value, Verdict};
use super::{icmp, tcp, udp};
use crate::checksum::checksum;

pub(super) fn dissect(packet: &[u8], at: usize, dissector: &mut Dissector) {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => v4(packet, at, dissector),
        Some(6) => v6(packet, at, dissector),
        Some(other) => {
            dissector.malformed(format_args!("not an IP packet: version {other}"));
            dissector.data(LayerKind::Data, packet, at);
        }
        None => dissector.malformed(format_args!("empty packet")),
    }
}

fn v4(packet: &[u8], at: usize, dissector: &mut Dissector) {
    let header = match Ipv4HeaderSlice::from_slice(packet) {
        Ok(header) => header,
        Err(HeaderSliceError::Len(_)) => return dissector.cut(LayerKind::Ipv4, packet, at),
        Err(HeaderSliceError::Content(_)) => {
            dissector.malformed(format_args!("IPv4 with an impossible header length"));
            return dissector.data(LayerKind::Data, packet, at);
        }
    };
    let length = header.slice().len();
    let total = usize::from(header.total_len());
    let (source, destination) = (header.source_addr(), header.destination_addr());
    let offset = usize::from(header.fragments_offset().byte_offset());
    let flags = IpFlags {
        dont_fragment: header.dont_fragment(),
        more_fragments: header.more_fragments(),
    };
    let identification = Value::Hex(header.identification().into(), 4);
    let verdict = Verdict::of(Some(checksum(header.slice())));
    let mut fields = vec![
        field(FieldName::Version, 0..1, header.version()),
        field(FieldName::HeaderLength, 0..1, Value::Bytes(length)),
        field(FieldName::Dscp, 1..2, header.dcp().value()),
        field(FieldName::Ecn, 1..2, header.ecn().value()),
        field(FieldName::TotalLength, 2..4, header.total_len()),
        field(FieldName::Identification, 4..6, identification),
        field(FieldName::Flags, 6..7, Value::IpFlags(flags)),
        field(FieldName::FragmentOffset, 6..8, Value::Bytes(offset)),
        field(FieldName::TimeToLive, 8..9, header.ttl()),
        field(FieldName::Protocol, 9..10, header.protocol().0),
        checksum_field(10..12, header.header_checksum(), verdict),
        field(FieldName::SourceAddress, 12..16, source),
        field(FieldName::DestinationAddress, 16..20, destination),
    ];
    if length > 20 {
        let options = Value::Bytes(length - 20);
        fields.push(field(FieldName::Options, 20..length, options));
    }
    dissector.layer(LayerKind::Ipv4, at, length, fields);
    let summary = dissector.summary();
    summary.addresses = Some((source.into(), destination.into()));
    summary.wrong_header = verdict == Verdict::Wrong;

    if total < length {
        dissector.malformed(format_args!("with an impossible total length"));
        return dissector.data(LayerKind::Data, &packet[length..], at + length);
    }
    let end = total.min(packet.len());
    let whole = total <= packet.len() && !dissector.partial;
    let (source, destination) = (source.into(), destination.into());
    let pseudo = whole.then_some(PseudoHeader {
        source,
        destination,
    });
    let segment = &packet[length..end];
    let carried = Carried {
        protocol: header.protocol(),
        segment,
        fragment: Fragment::of(offset, segment.len(), flags.more_fragments),
        routed: false,
    };
    transport(&carried, at + length, pseudo, dissector);
    ending(packet, at, total, dissector);
}

fn v6(packet: &[u8], at: usize, dissector: &mut Dissector) {
    const HEADER_LEN: usize = 40;
    let Ok(header) = Ipv6HeaderSlice::from_slice(packet) else {
        return dissector.cut(LayerKind::Ipv6, packet, at);
    };
    let total = HEADER_LEN + usize::from(header.payload_length());
    let (source, destination) = (header.source_addr(), header.destination_addr());
    let flow_label = Value::Hex(header.flow_label().value(), 5);
    let fields = vec![
        field(FieldName::Version, 0..1, header.version()),
        field(FieldName::TrafficClass, 0..2, header.traffic_class()),
        field(FieldName::FlowLabel, 1..4, flow_label),
        field(FieldName::PayloadLength, 4..6, header.payload_length()),
        field(FieldName::NextHeader, 6..7, header.next_header().0),
        field(FieldName::HopLimit, 7..8, header.hop_limit()),
        field(FieldName::SourceAddress, 8..24, source),
        field(FieldName::DestinationAddress, 24..40, destination),
    ];
    dissector.layer(LayerKind::Ipv6, at, HEADER_LEN, fields);
    dissector.summary().addresses = Some((source.into(), destination.into()));

    let end = total.min(packet.len());
    let whole = total <= packet.len() && !dissector.partial;
    let (source, destination) = (source.into(), destination.into());
    let pseudo = whole.then_some(PseudoHeader {
        source,
        destination,
    });
    let payload = &packet[HEADER_LEN..end];
    let carried = extension::dissect(header.next_header(), payload, at + HEADER_LEN, dissector);
    if let Some(carried) = carried {
        // With a routing header the checksum covers the final destination (RFC
        // 8200, section 8.1). It is not looked up here.
        let pseudo = pseudo.filter(|_| !carried.routed);
        let at = at + end - carried.segment.len();
        transport(&carried, at, pseudo, dissector);
    }
    ending(packet, at, total, dissector);
}

/// Says whether the packet is longer or shorter than its header claims.
fn ending(packet: &[u8], at: usize, claimed: usize, dissector: &mut Dissector) {
    let there = packet.len();
    if there > claimed {
        dissector.summary().ending = Some(Ending::Behind(there - claimed));
        dissector.data(LayerKind::Trailer, &packet[claimed..], at + claimed);
    } else if there < claimed && !dissector.partial {
        dissector.summary().ending = Some(Ending::CutOff { there, claimed });
    }
}

/// The segment, if its header is here.
fn transport(
    carried: &Carried,
    at: usize,
    pseudo: Option<PseudoHeader>,
    dissector: &mut Dissector,
) {
    let segment = carried.segment;
    let before = dissector.partial;
    let pseudo = pseudo.filter(|_| carried.fragment.is_none());
    dissector.summary().fragment = carried.fragment;
    if let Some(fragment) = carried.fragment {
        if fragment.offset > 0 {
            name(carried.protocol, dissector);
            return dissector.data(LayerKind::Fragment, segment, at);
        }
        dissector.partial = true;
    }
    let payload = match carried.protocol {
        IpNumber::UDP => udp::dissect(segment, at, pseudo, dissector),
        IpNumber::TCP => tcp::dissect(segment, at, pseudo, dissector),
        IpNumber::ICMP => icmp::v4(segment, at, pseudo, dissector),
        IpNumber::IPV6_ICMP => icmp::v6(segment, at, pseudo, dissector),
        _ => {
            name(carried.protocol, dissector);
            dissector.push(format_args!(", {} bytes of data", segment.len()));
            dissector.data(LayerKind::Data, segment, at);
            None
        }
    };
    if let Some(payload) = payload {
        match payload.content {
            Content::Data => dissector.data(LayerKind::Data, payload.bytes, payload.at),
            Content::Packet => inside(payload.bytes, payload.at, dissector),
            Content::Quotation => {
                dissector.partial = true;
                inside(payload.bytes, payload.at, dissector);
            }
        }
        let end = payload.at + payload.bytes.len();
        dissector.data(LayerKind::Trailer, &segment[end - at..], end);
    }
    dissector.partial = before;
}

/// Says which protocol it is, where that is all that can be said.
fn name(protocol: IpNumber, dissector: &mut Dissector) {
    dissector.summary().protocol = match protocol {
        IpNumber::UDP => Some(LayerKind::Udp),
        IpNumber::TCP => Some(LayerKind::Tcp),
        IpNumber::ICMP => Some(LayerKind::Icmp),
        IpNumber::IPV6_ICMP => Some(LayerKind::Icmpv6),
        // RFC 8200, section 4.7
        IpNumber(59) => return dissector.push(format_args!("nothing")),
        IpNumber(other) => return dissector.push(format_args!("protocol {other}")),
    };
}

/// A packet inside a packet.
fn inside(packet: &[u8], at: usize, dissector: &mut Dissector) {
    if dissector.enter(packet.len()) {
        dissect(packet, at, dissector);
        dissector.leave();
    } else {
        dissector.data(LayerKind::Data, packet, at);
    }
}
