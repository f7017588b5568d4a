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

use etherparse::{IcmpEchoHeader, Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type};
use etherparse::{icmpv4::DestUnreachableHeader, icmpv6};

use super::{Around, Sink};
use crate::checksum::checksum;

/// Length of the header in bytes.
pub const HEADER: usize = 8;

/// The protocol number of ICMPv6.
const ICMPV6: u8 = 58;

pub(super) fn v4(message: &[u8], at: usize, around: Around, sink: &mut Sink) {
    // A timestamp request has 20 bytes, and nothing else will do.
    let Ok(slice) = Icmpv4Slice::from_slice(message) else {
        return sink.cut("ICMP", message, at);
    };
    let (what, echo) = match slice.icmp_type() {
        Icmpv4Type::EchoRequest(echo) => ("echo request".to_owned(), Some(echo)),
        Icmpv4Type::EchoReply(echo) => ("echo reply".to_owned(), Some(echo)),
        Icmpv4Type::DestinationUnreachable(why) => (unreachable(&why), None),
        Icmpv4Type::Redirect(_) => ("redirect".to_owned(), None),
        Icmpv4Type::TimeExceeded(_) => ("time exceeded".to_owned(), None),
        Icmpv4Type::ParameterProblem(_) => ("parameter problem".to_owned(), None),
        _ => (
            format!("type {}, code {}", slice.type_u8(), slice.code_u8()),
            None,
        ),
    };
    let sum = around.complete.then(|| checksum(message));
    let header = Header {
        protocol: "ICMP",
        what,
        echo,
        quotes: matches!(slice.type_u8(), 3 | 4 | 5 | 11 | 12),
        type_and_code: [slice.type_u8(), slice.code_u8()],
        checksum: slice.checksum(),
        sum,
    };
    header.dissect(message, at, sink);
}

pub(super) fn v6(message: &[u8], at: usize, around: Around, sink: &mut Sink) {
    let Ok(slice) = Icmpv6Slice::from_slice(message) else {
        return sink.cut("ICMPv6", message, at);
    };
    let (what, echo) = match slice.icmp_type() {
        Icmpv6Type::EchoRequest(echo) => ("echo request".to_owned(), Some(echo)),
        Icmpv6Type::EchoReply(echo) => ("echo reply".to_owned(), Some(echo)),
        Icmpv6Type::DestinationUnreachable(code) => {
            let code = code.code_u8();
            (format!("destination unreachable, code {code}"), None)
        }
        Icmpv6Type::PacketTooBig { mtu } => (format!("packet too big, mtu {mtu}"), None),
        Icmpv6Type::TimeExceeded(_) => ("time exceeded".to_owned(), None),
        Icmpv6Type::ParameterProblem(_) => ("parameter problem".to_owned(), None),
        _ => (other_v6(slice.type_u8(), slice.code_u8()), None),
    };
    let header = Header {
        protocol: "ICMPv6",
        what,
        echo,
        quotes: matches!(slice.type_u8(), 1..=4),
        type_and_code: [slice.type_u8(), slice.code_u8()],
        checksum: slice.checksum(),
        sum: around.verify(ICMPV6, message),
    };
    header.dissect(message, at, sink);
}

/// What both versions have in common.
struct Header {
    protocol: &'static str,
    what: String,
    echo: Option<IcmpEchoHeader>,
    /// Whether it carries the beginning of a packet.
    quotes: bool,
    type_and_code: [u8; 2],
    checksum: u16,
    sum: Option<u16>,
}

impl Header {
    fn dissect(self, message: &[u8], at: usize, sink: &mut Sink) {
        sink.say(&format!("{} {}", self.protocol, self.what));
        sink.layer(self.protocol, at, HEADER);
        sink.field("type", 0..1, self.type_and_code[0]);
        sink.field("code", 1..2, self.type_and_code[1]);
        if let Some(echo) = self.echo {
            sink.say(&format!(", id {}, seq {}", echo.id, echo.seq));
        }
        sink.checksum(2..4, self.checksum, self.sum);
        if let Some(echo) = self.echo {
            sink.field("identifier", 4..6, echo.id);
            sink.field("sequence number", 6..8, echo.seq);
        } else {
            // What it means depends on the type; in most it is unused.
            let rest: String = message[4..8].iter().map(|b| format!("{b:02x}")).collect();
            sink.field("rest of header", 4..8, format!("0x{rest}"));
        }
        let rest = &message[HEADER..];
        if self.quotes && !rest.is_empty() {
            let outer = std::mem::replace(&mut sink.partial, true);
            sink.inner(rest, at + HEADER);
            sink.partial = outer;
        } else {
            sink.data("data", rest, at + HEADER);
        }
    }
}

fn unreachable(why: &DestUnreachableHeader) -> String {
    match why {
        DestUnreachableHeader::Network => "network unreachable".to_owned(),
        DestUnreachableHeader::Host => "host unreachable".to_owned(),
        DestUnreachableHeader::Port => "port unreachable".to_owned(),
        DestUnreachableHeader::FragmentationNeeded { next_hop_mtu } => {
            format!("fragmentation needed, mtu {next_hop_mtu}")
        }
        other => format!("destination unreachable, code {}", other.code_u8()),
    }
}

fn other_v6(kind: u8, code: u8) -> String {
    match kind {
        icmpv6::TYPE_ROUTER_SOLICITATION => "router solicitation".to_owned(),
        icmpv6::TYPE_ROUTER_ADVERTISEMENT => "router advertisement".to_owned(),
        icmpv6::TYPE_NEIGHBOR_SOLICITATION => "neighbour solicitation".to_owned(),
        icmpv6::TYPE_NEIGHBOR_ADVERTISEMENT => "neighbour advertisement".to_owned(),
        143 => "multicast listener report".to_owned(), // RFC 9777, section 5.2
        _ => format!("type {kind}, code {code}"),
    }
}
