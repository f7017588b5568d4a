//! The UDP header: 8 bytes (RFC 768).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |          source port          |       destination port        |
//! +-------------------------------+-------------------------------+
//! |    length, header included    |           checksum            |
//! +-------------------------------+-------------------------------+
//! ```

use std::net::{IpAddr, SocketAddr};

use etherparse::UdpSlice;

use super::{MAX_DEPTH, ip};

pub(super) fn describe(
    source: IpAddr,
    destination: IpAddr,
    slice: &UdpSlice,
    depth: usize,
) -> String {
    let payload = slice.payload();
    let text = format!(
        "{} > {} UDP, {} bytes of data",
        SocketAddr::new(source, slice.source_port()),
        SocketAddr::new(destination, slice.destination_port()),
        payload.len()
    );
    match inner(slice) {
        Some(inner) if depth < MAX_DEPTH => {
            format!("{text} [{}]", ip::describe(inner, depth + 1))
        }
        _ => text,
    }
}

/// The packet inside a datagram of the tunnel: on port 9876, and with the
/// first four bits of an IP packet.
fn inner<'a>(slice: &UdpSlice<'a>) -> Option<&'a [u8]> {
    let ports = [slice.source_port(), slice.destination_port()];
    let version = slice.payload().first()? >> 4;
    (ports.contains(&crate::udp::PORT) && matches!(version, 4 | 6)).then_some(slice.payload())
}
