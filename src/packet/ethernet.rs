//! The Ethernet header: 14 bytes (IEEE 802.3).
//!
//! ```text
//! bytes  0 to  5   destination address
//! bytes  6 to 11   source address
//! bytes 12 to 13   EtherType, in network byte order: what follows
//! ```
//!
//! An EtherType is 0x0600 or more.

use etherparse::{EtherType, Ethernet2HeaderSlice};

use super::dissector::{Dissector, field};
use super::names::{FieldName, LayerKind};
use super::value::{MacAddress, Value};
use super::{arp, ip};

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 14;

/// The smallest EtherType.
pub(super) const MIN_ETHER_TYPE: u16 = 0x0600;

pub(super) fn dissect(frame: &[u8], dissector: &mut Dissector) {
    let Ok(header) = Ethernet2HeaderSlice::from_slice(frame) else {
        return dissector.cut(LayerKind::Ethernet, frame, 0);
    };
    let ether_type = header.ether_type();
    // In the older form of the header this field is a length, 1500 at most.
    let is_length = ether_type.0 < MIN_ETHER_TYPE;
    let last = match is_length {
        true => field(FieldName::Length, 12..14, ether_type.0),
        false => field(FieldName::Type, 12..14, Value::Hex(ether_type.0.into(), 4)),
    };
    let fields = vec![
        field(
            FieldName::Destination,
            0..6,
            MacAddress(header.destination()),
        ),
        field(FieldName::Source, 6..12, MacAddress(header.source())),
        last,
    ];
    dissector.layer(LayerKind::Ethernet, 0, HEADER_LEN, fields);

    let rest = &frame[HEADER_LEN..];
    match is_length {
        true => dissector.unknown("IEEE 802.3", rest, HEADER_LEN),
        false => carried(ether_type, rest, HEADER_LEN, dissector),
    }
}

/// What an EtherType announces, in whichever header it is.
pub(super) fn carried(ether_type: EtherType, bytes: &[u8], at: usize, dissector: &mut Dissector) {
    match ether_type {
        EtherType::IPV4 | EtherType::IPV6 => ip::dissect(bytes, at, dissector),
        EtherType::ARP => arp::dissect(bytes, at, dissector),
        EtherType(other) => {
            dissector.unknown(format_args!("Ethernet type {other:#06x}"), bytes, at);
        }
    }
}
