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

use std::net::IpAddr;

use etherparse::{
    IpNumber, Ipv4HeaderSlice, LaxIpv4Slice, LaxIpv6Slice, LaxNetSlice, LaxSlicedPacket,
    TransportSlice,
};

use super::{icmp, tcp, udp};

pub(super) fn describe(packet: &[u8], depth: usize) -> String {
    let total = packet.len();
    let version = match packet.first() {
        None => return "empty packet".to_owned(),
        Some(byte) => byte >> 4,
    };
    if version != 4 && version != 6 {
        return format!("not an IP packet: version {version} ({total} bytes)");
    }
    let Ok(slices) = LaxSlicedPacket::from_ip(packet) else {
        let why = match Ipv4HeaderSlice::from_slice(packet) {
            Err(etherparse::err::ipv4::HeaderSliceError::Content(_)) if version == 4 => {
                "with an impossible header length"
            }
            _ => "cut off in its header",
        };
        return format!("IPv{version}, {why} ({total} bytes)");
    };
    let Some(net) = &slices.net else {
        return format!("IPv{version}, unreadable ({total} bytes)");
    };
    let (layer, claimed) = match net {
        LaxNetSlice::Ipv4(v4) => (Layer::v4(v4), v4.header().total_len() as usize),
        LaxNetSlice::Ipv6(v6) => (Layer::v6(v6), 40 + v6.header().payload_length() as usize),
        LaxNetSlice::Arp(_) => return format!("ARP ({total} bytes)"),
    };
    let text = layer.describe(slices.transport.as_ref(), depth);
    if claimed > total {
        format!("{text} ({total} bytes of {claimed}, cut off)")
    } else {
        format!("{text} ({claimed} bytes)")
    }
}

/// What both versions have, under one name.
struct Layer<'a> {
    source: IpAddr,
    destination: IpAddr,
    protocol: IpNumber,
    /// Offset of this piece in bytes, and whether more follow.
    fragment: Option<(usize, bool)>,
    payload: &'a [u8],
}

impl<'a> Layer<'a> {
    fn v4(slice: &LaxIpv4Slice<'a>) -> Self {
        let header = slice.header();
        let offset = header.fragments_offset().byte_offset() as usize;
        let more = header.more_fragments();
        Layer {
            source: header.source_addr().into(),
            destination: header.destination_addr().into(),
            protocol: slice.payload().ip_number,
            fragment: (offset > 0 || more).then_some((offset, more)),
            payload: slice.payload().payload,
        }
    }

    fn v6(slice: &LaxIpv6Slice<'a>) -> Self {
        let header = slice.header();
        let fragment = slice
            .extensions()
            .clone()
            .into_iter()
            .find_map(|ext| match ext {
                etherparse::Ipv6ExtensionSlice::Fragment(f) => Some((
                    f.fragment_offset().byte_offset() as usize,
                    f.more_fragments(),
                )),
                _ => None,
            });
        Layer {
            source: header.source_addr().into(),
            destination: header.destination_addr().into(),
            protocol: slice.payload().ip_number,
            fragment: fragment.filter(|&(offset, more)| offset > 0 || more),
            payload: slice.payload().payload,
        }
    }

    fn describe(&self, transport: Option<&TransportSlice>, depth: usize) -> String {
        let (source, destination) = (self.source, self.destination);
        let protocol = name(self.protocol);
        if let Some((offset, more)) = self.fragment {
            let last = if more { "" } else { ", the last" };
            let end = offset + self.payload.len();
            return format!(
                "{source} > {destination} {protocol}, fragment, bytes {offset} to {end}{last}"
            );
        }
        match transport {
            Some(TransportSlice::Udp(slice)) => udp::describe(source, destination, slice, depth),
            Some(TransportSlice::Tcp(slice)) => tcp::describe(source, destination, slice),
            Some(TransportSlice::Icmpv4(slice)) => {
                format!("{source} > {destination} {}", icmp::describe_v4(slice))
            }
            Some(TransportSlice::Icmpv6(slice)) => {
                format!("{source} > {destination} {}", icmp::describe_v6(slice))
            }
            _ => {
                let n = self.payload.len();
                format!("{source} > {destination} {protocol}, {n} bytes of data")
            }
        }
    }
}

fn name(protocol: IpNumber) -> String {
    match protocol {
        IpNumber::ICMP => "ICMP".to_owned(),
        IpNumber::IPV6_ICMP => "ICMPv6".to_owned(),
        IpNumber::TCP => "TCP".to_owned(),
        IpNumber::UDP => "UDP".to_owned(),
        IpNumber(other) => format!("protocol {other}"),
    }
}
