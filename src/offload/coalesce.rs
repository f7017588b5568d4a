//! Whole packets become one super-packet, as the kernel's own receive offload
//! (GRO) would make it.
//!
//! Packets are joined only if [`segment`](super::segment::segment) would give the same
//! packets back: one connection, data that follow each other, headers that are equal
//! in all that is not counted up.

use std::io::IoSlice;

use super::headers::{ACK, FIN, Headers, PSH, TCP, UDP_CHECKSUM};
use super::sum::Sum;
use super::vnet::{GSO_TCPV4, GSO_TCPV6, GSO_UDP, NEEDS_CSUM, VnetHeader};
use crate::count::Count;
use crate::device::MAX_PACKET_LEN;

/// How many datagrams are joined at most. A kernel before Linux 6.9 takes no more
/// (`UDP_MAX_SEGMENTS` in its include/linux/udp.h).
const MAX_UDP: usize = 64;
/// How many packets are joined at most, so that the pieces fit into one
/// writev(2) with a header in front of them.
const MAX_PARTS: usize = 128;

/// Which packets are joined.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whether a packet with a wrong checksum is left alone. Without this it is
    /// joined, and then nobody finds out: the kernel believes that a super-packet
    /// is right.
    pub verify: bool,
    /// Whether datagrams of UDP are joined, or only segments of TCP.
    pub udp: bool,
}

/// Packets in the order in which they came, of which the next may still be joined
/// with those before.
#[derive(Debug, Default)]
pub struct Run<'a> {
    parts: Vec<Part<'a>>,
    /// No packet can follow: the last was shorter than the others, or had a flag that
    /// ends the data.
    closed: bool,
}

/// A packet with what was found out about it.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    packet: &'a [u8],
    /// `None` if it cannot be joined with another.
    headers: Option<Headers>,
}

impl<'a> Run<'a> {
    /// A run of one packet, which is joined with no other.
    pub fn of(packet: &'a [u8]) -> Run<'a> {
        Run {
            parts: vec![Part {
                packet,
                headers: None,
            }],
            closed: true,
        }
    }

    // ANCHOR: take
    /// Takes a packet that [`validate`](crate::validate::validate) has let pass, if it
    /// continues this run. `false`: it does not, and begins the next.
    pub fn take(&mut self, packet: &'a [u8], rules: Rules) -> bool {
        let headers = joinable(packet, rules);
        let part = Part { packet, headers };
        let Some(first) = self.parts.first() else {
            self.closed = headers.is_none_or(|headers| ends(packet, headers));
            self.parts.push(part);
            return true;
        };
        let (Some(of_first), Some(headers)) = (first.headers, headers) else {
            return false;
        };
        if self.closed || of_first != headers || !self.follows(packet, headers) {
            return false;
        }
        self.closed = packet.len() < first.packet.len() || ends(packet, headers);
        self.parts.push(part);
        true
    }
    // ANCHOR_END: take

    // ANCHOR: follows
    /// Whether the kernel would have cut this packet off behind the others.
    fn follows(&self, packet: &[u8], headers: Headers) -> bool {
        let first = self.parts[0].packet;
        let count = self.parts.len();
        let size = first.len() - headers.data;
        let transport = headers.transport;
        let most = if headers.protocol == TCP {
            MAX_PARTS
        } else {
            MAX_UDP
        };
        let room = headers.data + (count + 1) * size <= MAX_PACKET_LEN && count < most;
        let ip = match headers.ipv4 {
            // The identification means something only in packets that may be cut (RFC
            // 6864, section 4.1): there each segment would get the next one.
            true => {
                let may_be_cut = first[6] & 0x40 == 0;
                let next = be16(first, 4).wrapping_add(count as u16);
                first[..2] == packet[..2]
                    && first[6..10] == packet[6..10]
                    && (!may_be_cut || be16(packet, 4) == next)
            }
            // All but the length.
            false => first[..4] == packet[..4] && first[6..8] == packet[6..8],
        };
        let same = |from: usize, to: usize| {
            first[transport + from..transport + to] == packet[transport + from..transport + to]
        };
        let transport_fits = match headers.protocol {
            // Ports; acknowledgement, offset; window; urgent pointer and options.
            TCP => {
                let next = be32(first, transport + 4).wrapping_add((count * size) as u32);
                same(0, 4)
                    && be32(packet, transport + 4) == next
                    && same(8, 13)
                    && same(14, 16)
                    && same(18, headers.data - transport)
            }
            _ => same(0, 4),
        };
        room && packet.len() <= first.len()
            && ip
            && headers.addresses(first) == headers.addresses(packet)
            && transport_fits
    }
    // ANCHOR_END: follows

    /// How many packets the run has.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The packets as they came.
    pub fn packets(&self) -> impl Iterator<Item = &'a [u8]> {
        self.parts.iter().map(|part| part.packet)
    }

    /// How many packets and bytes it has.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for packet in self.packets() {
            count.add(packet.len());
        }
        count
    }

    /// Whether it is joined from datagrams of UDP.
    pub fn is_udp(&self) -> bool {
        let first = self.parts.first().and_then(|part| part.headers);
        self.len() > 1 && first.is_some_and(|headers| headers.protocol != TCP)
    }

    // ANCHOR: join
    /// The run as one packet in pieces, for a vectored write. `head` is the memory for
    /// its first piece, the headers; the others are where they were received.
    pub fn join<'b>(&self, head: &'b mut Vec<u8>) -> (VnetHeader, Vec<IoSlice<'b>>)
    where
        'a: 'b,
    {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else {
            return (VnetHeader::default(), Vec::new());
        };
        let Some(headers) = first.headers.filter(|_| self.parts.len() > 1) else {
            return (VnetHeader::default(), vec![IoSlice::new(first.packet)]);
        };
        let Headers {
            ipv4,
            transport,
            data,
            protocol,
        } = headers;
        let size = first.packet.len() - data;
        let length = data + (self.parts.len() - 1) * size + (last.packet.len() - data);

        head.clear();
        head.extend_from_slice(&first.packet[..data]);
        if ipv4 {
            head[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            head[10..12].fill(0);
            let checksum = Sum::default().with(&head[..transport]).checksum();
            head[10..12].copy_from_slice(&checksum);
        } else {
            head[4..6].copy_from_slice(&((length - 40) as u16).to_be_bytes());
        }
        match protocol {
            // FIN and PSH are those of the last.
            TCP => head[transport + 13] |= last.packet[transport + 13],
            _ => {
                let length = ((length - transport) as u16).to_be_bytes();
                head[transport + 4..transport + 6].copy_from_slice(&length);
            }
        }
        // What the kernel expects in a packet whose checksum is not finished.
        let unfinished = Sum::default()
            .with_pseudo_header(headers.addresses(head), protocol, length - transport)
            .fold();
        let field = transport + headers.checksum_offset();
        head[field..field + 2].copy_from_slice(&unfinished);

        let vnet = VnetHeader {
            flags: NEEDS_CSUM,
            gso_type: match (protocol, ipv4) {
                (TCP, true) => GSO_TCPV4,
                (TCP, false) => GSO_TCPV6,
                _ => GSO_UDP,
            },
            hdr_len: data as u16,
            gso_size: size as u16,
            csum_start: transport as u16,
            csum_offset: headers.checksum_offset() as u16,
        };
        let pieces = self.packets().map(|packet| IoSlice::new(&packet[data..]));
        let pieces = std::iter::once(IoSlice::new(head)).chain(pieces).collect();
        (vnet, pieces)
    }
    // ANCHOR_END: join
}

// ANCHOR: joinable
/// The layout of a packet that may be joined with its neighbours.
fn joinable(packet: &[u8], rules: Rules) -> Option<Headers> {
    let headers = Headers::plain(packet)?;
    let has_data = packet.len() > headers.data;
    let transport = &packet[headers.transport..];
    let joins = match headers.protocol {
        // All of its flags but these are about this one segment.
        TCP => transport[13] & !(FIN | PSH) == ACK,
        // A datagram may do without a checksum; after joining it would have one.
        _ => {
            rules.udp
                && be16(transport, 4) as usize == transport.len()
                && transport[UDP_CHECKSUM..UDP_CHECKSUM + 2] != [0, 0]
        }
    };
    let right = |sum: Sum| !rules.verify || sum.is_right();
    let joins = has_data
        && joins
        && (!headers.ipv4 || right(Sum::default().with(&packet[..headers.transport])))
        && right(
            Sum::default()
                .with_pseudo_header(headers.addresses(packet), headers.protocol, transport.len())
                .with(transport),
        );
    joins.then_some(headers)
}
// ANCHOR_END: joinable

/// Whether a packet cannot have another joined behind it.
fn ends(packet: &[u8], headers: Headers) -> bool {
    headers.protocol == TCP && packet[headers.transport + 13] & (FIN | PSH) != 0
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
