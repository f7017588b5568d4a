//! IPv6 extension headers: what is between the IPv6 header and the
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

use super::dissection::Fragment;
use super::dissector::{Dissector, field};
use super::names::{FieldName, LayerKind};
use super::value::Value;

/// What IP carries, behind the extension headers if there are any.
pub(super) struct Carried<'a> {
    pub(super) protocol: IpNumber,
    /// All of a segment, or a piece of it. Only the first piece begins with a
    /// header.
    pub(super) segment: &'a [u8],
    /// Which piece of a packet this is, if it is a piece.
    pub(super) fragment: Option<Fragment>,
    /// A routing header was among them.
    pub(super) routed: bool,
}

/// Takes the extension headers apart that begin at byte `at`. If one is cut off,
/// it says so in the summary and returns `None`.
pub(super) fn dissect<'a>(
    first: IpNumber,
    payload: &'a [u8],
    mut at: usize,
    dissector: &mut Dissector,
) -> Option<Carried<'a>> {
    let mut rest = Carried {
        protocol: first,
        segment: payload,
        fragment: None,
        routed: false,
    };
    // Behind the header of a fragment, only reassembly could go on.
    while rest.fragment.is_none() {
        let kind = match rest.protocol {
            IpNumber::IPV6_HEADER_HOP_BY_HOP => LayerKind::Ipv6HopByHop,
            IpNumber::IPV6_ROUTE_HEADER => LayerKind::Ipv6Routing,
            IpNumber::IPV6_DESTINATION_OPTIONS => LayerKind::Ipv6Destination,
            IpNumber::IPV6_FRAGMENTATION_HEADER => LayerKind::Ipv6Fragment,
            _ => break,
        };
        let length = match kind {
            LayerKind::Ipv6Fragment => fragment(&mut rest, at, dissector),
            kind => options(kind, &mut rest, at, dissector),
        };
        let Some(length) = length else {
            dissector.cut(format_args!("{kind} header"), rest.segment, at);
            return None;
        };
        rest.segment = &rest.segment[length..];
        at += length;
    }
    Some(rest)
}

/// A header with a length in it, which is returned. `None` if it is cut off.
fn options(
    kind: LayerKind,
    rest: &mut Carried,
    at: usize,
    dissector: &mut Dissector,
) -> Option<usize> {
    let header = Ipv6RawExtHeaderSlice::from_slice(rest.segment).ok()?;
    let length = header.slice().len();
    let fields = vec![
        field(FieldName::NextHeader, 0..1, header.next_header().0),
        field(FieldName::Length, 1..2, Value::Bytes(length)),
    ];
    dissector.layer(kind, at, length, fields);
    rest.routed |= kind == LayerKind::Ipv6Routing;
    rest.protocol = header.next_header();
    Some(length)
}

/// The header of a fragment: returns its length, which is always the same.
/// `None` if it is cut off.
fn fragment(rest: &mut Carried, at: usize, dissector: &mut Dissector) -> Option<usize> {
    const HEADER_LEN: usize = 8;
    let header = Ipv6FragmentHeaderSlice::from_slice(rest.segment).ok()?;
    let offset = usize::from(header.fragment_offset().byte_offset());
    let more = header.more_fragments();
    let identification = Value::Hex(header.identification(), 8);
    let fields = vec![
        field(FieldName::NextHeader, 0..1, header.next_header().0),
        field(FieldName::FragmentOffset, 2..4, Value::Bytes(offset)),
        field(FieldName::MoreFragments, 3..4, Value::Flag(more)),
        field(FieldName::Identification, 4..8, identification),
    ];
    dissector.layer(LayerKind::Ipv6Fragment, at, HEADER_LEN, fields);
    rest.protocol = header.next_header();
    let length = rest.segment.len() - HEADER_LEN;
    rest.fragment = Fragment::of(offset, length, more);
    Some(HEADER_LEN)
}
