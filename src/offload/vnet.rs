//! The virtio-net header, with which the kernel and this program tell each
//! other what is not finished in a packet (`struct virtio_net_hdr` in the kernel's
//! include/uapi/linux/virtio_net.h; Virtual I/O Device, version 1.2, section
//! 5.1.6).
//!
//! ```text
//!   0        1         2         4          6            8
//! +-------+----------+---------+----------+------------+-------------+
//! | flags | gso_type | hdr_len | gso_size | csum_start | csum_offset |  packet ...
//! +-------+----------+---------+----------+------------+-------------+
//! ```
//!
//! All numbers are in the byte order of the machine, because the header never leaves
//! it.

/// The length of the header in bytes, unless TUNSETVNETHDRSZ asks for another.
pub const LEN: usize = 10;

/// In `flags`: the checksum is missing, and its field holds the sum over the
/// pseudo-header.
pub const NEEDS_CSUM: u8 = 1;

/// What kind of super-packet follows, in `gso_type`: none.
pub const GSO_NONE: u8 = 0;
/// TCP in IPv4.
pub const GSO_TCPV4: u8 = 1;
/// TCP in IPv6.
pub const GSO_TCPV6: u8 = 4;
/// UDP, each segment with its own UDP header.
pub const GSO_UDP: u8 = 5;
/// Added to the above where the sender of TCP uses ECN (RFC 3168).
pub const GSO_ECN: u8 = 0x80;

// ANCHOR: header
/// What is not finished in the packet behind this header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VnetHeader {
    /// [`NEEDS_CSUM`], or 0.
    pub flags: u8,
    /// One of the `GSO_...`.
    pub gso_type: u8,
    /// Length of the headers in bytes, which are repeated in each segment. A
    /// hint: the kernel says not to rely on it.
    pub hdr_len: u16,
    /// How many bytes behind the headers each segment gets.
    pub gso_size: u16,
    /// Where the bytes begin that the checksum covers.
    pub csum_start: u16,
    /// Where the checksum stands, counted from there.
    pub csum_offset: u16,
}
// ANCHOR_END: header

impl VnetHeader {
    /// Takes the header off the front of what was read. `None`: that is shorter.
    pub fn split(read: &mut [u8]) -> Option<(VnetHeader, &mut [u8])> {
        let (header, packet) = read.split_first_chunk_mut::<LEN>()?;
        let number = |at| u16::from_ne_bytes([header[at], header[at + 1]]);
        let header = VnetHeader {
            flags: header[0],
            gso_type: header[1],
            hdr_len: number(2),
            gso_size: number(4),
            csum_start: number(6),
            csum_offset: number(8),
        };
        Some((header, packet))
    }

    /// The header as the kernel reads it.
    pub fn to_bytes(self) -> [u8; LEN] {
        let mut bytes = [self.flags, self.gso_type, 0, 0, 0, 0, 0, 0, 0, 0];
        let numbers = [
            self.hdr_len,
            self.gso_size,
            self.csum_start,
            self.csum_offset,
        ];
        for (place, number) in bytes[2..].chunks_exact_mut(2).zip(numbers) {
            place.copy_from_slice(&number.to_ne_bytes());
        }
        bytes
    }
}
