//! IPv6 extension headers: what stands between the IPv6 header and the
//! transport (RFC 8200, section 4).
//!
//! ```text
//! hop-by-hop options, routing, destination options:
//! +---------------+---------------+-------------------------------+
//! |  next header  |  length / 8   |  what this header is for …    |
//! +---------------+---------------+-------------------------------+
//!
//! fragment:
//! +---------------+---------------+-------------------------+---+-+
//! |  next header  |   reserved    |     fragment offset     |   |M|
//! +---------------+---------------+-------------------------+---+-+
//! |                        identification                         |
//! +---------------------------------------------------------------+
//! ```
//!
//! The length counts units of 8 bytes, without the first 8.

use etherparse::{IpNumber, Ipv6FragmentHeaderSlice, Ipv6RawExtHeaderSlice};

use super::Sink;

/// What is left after the extension headers.
pub(super) struct Rest<'a> {
    pub(super) protocol: IpNumber,
    pub(super) payload: &'a [u8],
    /// Offset of this piece in bytes, and whether more follow.
    pub(super) fragment: Option<(usize, bool)>,
    /// A routing header was among them.
    pub(super) routed: bool,
}

/// Takes the extension headers apart that begin at byte `at`. `None` if one is
/// cut off, which has been said then.
pub(super) fn dissect<'a>(
    first: IpNumber,
    payload: &'a [u8],
    mut at: usize,
    sink: &mut Sink,
) -> Option<Rest<'a>> {
    let mut rest = Rest {
        protocol: first,
        payload,
        fragment: None,
        routed: false,
    };
    loop {
        let name = match rest.protocol {
            IpNumber::IPV6_HEADER_HOP_BY_HOP => "IPv6 hop-by-hop options",
            IpNumber::IPV6_ROUTE_HEADER => "IPv6 routing",
            IpNumber::IPV6_DESTINATION_OPTIONS => "IPv6 destination options",
            IpNumber::IPV6_FRAGMENTATION_HEADER => {
                let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(rest.payload) else {
                    sink.cut("IPv6 fragment header", rest.payload, at);
                    return None;
                };
                let offset = usize::from(header.fragment_offset().byte_offset());
                let more = header.more_fragments();
                sink.layer("IPv6 fragment", at, 8);
                sink.field("next header", 0..1, header.next_header().0);
                sink.field("fragment offset", 2..4, format!("{offset} bytes"));
                sink.field("more fragments", 3..4, more);
                sink.field(
                    "identification",
                    4..8,
                    format!("{:#010x}", header.identification()),
                );
                rest.protocol = header.next_header();
                rest.payload = &rest.payload[8..];
                at += 8;
                if offset > 0 || more {
                    // The pieces have to be joined before there is more to see.
                    rest.fragment = Some((offset, more));
                    return Some(rest);
                }
                continue;
            }
            _ => return Some(rest),
        };
        let Ok(header) = Ipv6RawExtHeaderSlice::from_slice(rest.payload) else {
            sink.cut(&format!("{name} header"), rest.payload, at);
            return None;
        };
        let length = header.slice().len();
        sink.layer(name, at, length);
        sink.field("next header", 0..1, header.next_header().0);
        sink.field("length", 1..2, format!("{length} bytes"));
        rest.routed |= rest.protocol == IpNumber::IPV6_ROUTE_HEADER;
        rest.protocol = header.next_header();
        rest.payload = &rest.payload[length..];
        at += length;
    }
}
