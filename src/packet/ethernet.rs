//! The Ethernet header: 14 bytes (IEEE 802.3).
//!
//! ```text
//! bytes  0 to  5   destination address
//! bytes  6 to 11   source address
//! bytes 12 to 13   EtherType, in network byte order: what follows
//! ```

use etherparse::{EtherType, Ethernet2HeaderSlice};

use super::ip;

/// Length of the header in bytes.
pub const HEADER: usize = 14;

pub(super) fn describe(frame: &[u8], depth: usize) -> String {
    let total = frame.len();
    let Ok(header) = Ethernet2HeaderSlice::from_slice(frame) else {
        return format!("Ethernet, cut off in its header ({total} bytes)");
    };
    match header.ether_type() {
        EtherType::IPV4 | EtherType::IPV6 => ip::describe(&frame[HEADER..], depth),
        EtherType::ARP => format!("ARP ({total} bytes)"),
        other => format!("Ethernet, type {:#06x} ({total} bytes)", other.0),
    }
}
