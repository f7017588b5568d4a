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

use etherparse::{IpNumber, Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::{Around, Sink, extension, icmp, tcp, udp};
use crate::checksum::checksum;

pub(super) fn dissect(packet: &[u8], at: usize, sink: &mut Sink) {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => v4(packet, at, sink),
        Some(6) => v6(packet, at, sink),
        Some(other) => {
            sink.say(&format!("not an IP packet: version {other}"));
            sink.data("data", packet, at);
        }
        None => sink.say("empty packet"),
    }
}

fn v4(packet: &[u8], at: usize, sink: &mut Sink) {
    let header = match Ipv4HeaderSlice::from_slice(packet) {
        Ok(header) => header,
        Err(etherparse::err::ipv4::HeaderSliceError::Len(_)) => {
            return sink.cut("IPv4", packet, at);
        }
        Err(_) => {
            sink.say("IPv4 with an impossible header length");
            return sink.data("data", packet, at);
        }
    };
    let length = header.slice().len();
    let total = usize::from(header.total_len());
    let (source, destination) = (header.source_addr(), header.destination_addr());
    let offset = usize::from(header.fragments_offset().byte_offset());
    let more = header.more_fragments();
    let flags = match (header.dont_fragment(), more) {
        (false, false) => "none",
        (true, false) => "DF",
        (false, true) => "MF",
        (true, true) => "DF and MF",
    };
    sink.say(&format!("{source} > {destination}"));
    sink.layer("IPv4", at, length);
    sink.field("version", 0..1, 4);
    sink.field("header length", 0..1, format!("{length} bytes"));
    sink.field("DSCP", 1..2, header.dcp().value());
    sink.field("ECN", 1..2, header.ecn().value());
    sink.field("total length", 2..4, total);
    sink.field(
        "identification",
        4..6,
        format!("{:#06x}", header.identification()),
    );
    sink.field("flags", 6..7, flags);
    sink.field("fragment offset", 6..8, format!("{offset} bytes"));
    sink.field("time to live", 8..9, header.ttl());
    sink.field("protocol", 9..10, header.protocol().0);
    sink.checksum(
        10..12,
        header.header_checksum(),
        Some(checksum(header.slice())),
    );
    sink.say(" ");
    sink.field("source address", 12..16, source);
    sink.field("destination address", 16..20, destination);
    if length > 20 {
        sink.field("options", 20..length, format!("{} bytes", length - 20));
    }

    if total < length {
        sink.say("with an impossible total length");
        return sink.data("data", &packet[length..], at + length);
    }
    let end = total.min(packet.len());
    let around = Around {
        source: source.into(),
        destination: destination.into(),
        complete: total <= packet.len() && !sink.partial,
    };
    let payload = &packet[length..end];
    let fragment = (offset > 0 || more).then_some((offset, more));
    transport(
        header.protocol(),
        payload,
        at + length,
        fragment,
        around,
        sink,
    );
    ending(packet, at, total, sink);
}

fn v6(packet: &[u8], at: usize, sink: &mut Sink) {
    const HEADER: usize = 40;
    let Ok(header) = Ipv6HeaderSlice::from_slice(packet) else {
        return sink.cut("IPv6", packet, at);
    };
    let total = HEADER + usize::from(header.payload_length());
    let (source, destination) = (header.source_addr(), header.destination_addr());
    sink.say(&format!("{source} > {destination} "));
    sink.layer("IPv6", at, HEADER);
    sink.field("version", 0..1, 6);
    sink.field("traffic class", 0..2, header.traffic_class());
    sink.field(
        "flow label",
        1..4,
        format!("{:#07x}", header.flow_label().value()),
    );
    sink.field("payload length", 4..6, header.payload_length());
    sink.field("next header", 6..7, header.next_header().0);
    sink.field("hop limit", 7..8, header.hop_limit());
    sink.field("source address", 8..24, source);
    sink.field("destination address", 24..40, destination);

    let end = total.min(packet.len());
    let mut around = Around {
        source: source.into(),
        destination: destination.into(),
        complete: total <= packet.len() && !sink.partial,
    };
    let payload = &packet[HEADER..end];
    if let Some(rest) = extension::dissect(header.next_header(), payload, at + HEADER, sink) {
        let at = at + end - rest.payload.len();
        // The checksum covers the last destination, which a routing header
        // holds; this lab has none.
        around.complete &= !rest.routed;
        transport(rest.protocol, rest.payload, at, rest.fragment, around, sink);
    }
    ending(packet, at, total, sink);
}

/// Says whether the packet is longer or shorter than its header claims.
fn ending(packet: &[u8], at: usize, total: usize, sink: &mut Sink) {
    if packet.len() > total {
        sink.say(&format!(", and {} bytes behind it", packet.len() - total));
        sink.data("trailer", &packet[total..], at + total);
    } else if packet.len() < total && !sink.partial {
        sink.say(&format!(", cut off: {} bytes of {total}", packet.len()));
    }
}

/// What IP carries: a whole segment, or a piece of one with its offset in bytes
/// and whether more follow. Only the first piece begins with a header.
fn transport(
    protocol: IpNumber,
    segment: &[u8],
    at: usize,
    fragment: Option<(usize, bool)>,
    mut around: Around,
    sink: &mut Sink,
) {
    let before = sink.partial;
    if let Some((offset, more)) = fragment {
        let last = if more { "" } else { ", the last" };
        sink.say(&match segment.len() {
            0 => format!("fragment, no bytes at {offset}{last}, of "),
            n => format!("fragment, bytes {offset} to {}{last}, of ", offset + n - 1),
        });
        if offset > 0 {
            sink.say(&name(protocol));
            return sink.data("fragment", segment, at);
        }
        around.complete = false;
        sink.partial = true;
    }
    match protocol {
        IpNumber::UDP => udp::dissect(segment, at, around, sink),
        IpNumber::TCP => tcp::dissect(segment, at, around, sink),
        IpNumber::ICMP => icmp::v4(segment, at, around, sink),
        IpNumber::IPV6_ICMP => icmp::v6(segment, at, around, sink),
        other => {
            sink.say(&format!("{}, {} bytes of data", name(other), segment.len()));
            sink.data("data", segment, at);
        }
    }
    sink.partial = before;
}

fn name(protocol: IpNumber) -> String {
    match protocol {
        IpNumber::ICMP => "ICMP".to_owned(),
        IpNumber::IPV6_ICMP => "ICMPv6".to_owned(),
        IpNumber::TCP => "TCP".to_owned(),
        IpNumber::UDP => "UDP".to_owned(),
        IpNumber(59) => "nothing".to_owned(), // RFC 8200, section 4.7
        IpNumber(other) => format!("protocol {other}"),
    }
}
