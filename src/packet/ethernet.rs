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

use super::{Sink, arp, ip};

/// Length of the header in bytes.
pub const HEADER: usize = 14;

pub(super) fn dissect(frame: &[u8], sink: &mut Sink) {
    let Ok(header) = Ethernet2HeaderSlice::from_slice(frame) else {
        return sink.cut("Ethernet", frame, 0);
    };
    let ether_type = header.ether_type();
    sink.layer("Ethernet", 0, HEADER);
    sink.field("destination", 0..6, address(&header.destination()));
    sink.field("source", 6..12, address(&header.source()));
    let rest = &frame[HEADER..];
    if ether_type.0 < 0x0600 {
        // In the older form of the header a length stands there, 1500 at most.
        sink.field("length", 12..14, ether_type.0);
        sink.say(&format!("IEEE 802.3, {} bytes of data", rest.len()));
        return sink.data("data", rest, HEADER);
    }
    sink.field("type", 12..14, format!("{:#06x}", ether_type.0));
    match ether_type {
        EtherType::IPV4 | EtherType::IPV6 => ip::dissect(rest, HEADER, sink),
        EtherType::ARP => arp::dissect(rest, HEADER, sink),
        EtherType(other) => {
            sink.say(&format!(
                "Ethernet type {other:#06x}, {} bytes of data",
                rest.len()
            ));
            sink.data("data", rest, HEADER);
        }
    }
}

/// A hardware address as one writes it.
pub(super) fn address(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}
