//! One super-packet becomes whole packets, as a network card with TCP
//! segmentation offload would make them.

use super::headers::{CWR, FIN, Headers, PSH, TCP, UDP};
use super::sum::Sum;
use super::vnet::{GSO_ECN, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP, NEEDS_CSUM, VnetHeader};
use crate::device::MAX_PACKET_LEN;
use crate::validate::DropReason;

// ANCHOR: segment
/// Finishes what was read from the device: gives each whole packet in it to `give`, in
/// two pieces, headers and data.
///
/// # Errors
/// [`DropReason::BadOffload`] if the vnet header does not fit the packet. The
/// kernel makes no such header; nothing was given then.
pub fn segment(
    vnet: VnetHeader,
    packet: &mut [u8],
    mut give: impl FnMut(&[u8], &[u8]),
) -> Result<(), DropReason> {
    let protocol = match vnet.gso_type & !GSO_ECN {
        GSO_NONE => {
            if vnet.flags & NEEDS_CSUM != 0 {
                finish_checksum(vnet, packet)?;
            }
            give(packet, &[]);
            return Ok(());
        }
        GSO_TCPV4 | GSO_TCPV6 => TCP,
        GSO_UDP => UDP,
        _ => return Err(DropReason::BadOffload),
    };
    let headers = Headers::at(packet, protocol, vnet.csum_start.into());
    let headers = headers.ok_or(DropReason::BadOffload)?;
    let size = usize::from(vnet.gso_size);
    let longest = headers.data + size.min(packet.len() - headers.data);
    if size == 0 || longest > MAX_PACKET_LEN {
        return Err(DropReason::BadOffload);
    }

    let (head, data) = packet.split_at_mut(headers.data);
    let first = First::of(headers, head);
    // At least one, where there are no data.
    let count = data.len().div_ceil(size).max(1);
    for nth in 0..count {
        let at = nth * size;
        let part = &data[at..data.len().min(at + size)];
        first.rewrite(head, part, nth, at, nth + 1 == count);
        give(head, part);
    }
    Ok(())
}
// ANCHOR_END: segment

// ANCHOR: finish_checksum
/// Puts in the checksum that the kernel has left out. In its place stands the sum
/// over the pseudo-header, so that a sum over the segment as it is covers both.
fn finish_checksum(vnet: VnetHeader, packet: &mut [u8]) -> Result<(), DropReason> {
    let start = usize::from(vnet.csum_start);
    let at = start + usize::from(vnet.csum_offset);
    let segment = packet.get(start..).ok_or(DropReason::BadOffload)?;
    let checksum = Sum::default().with(segment).checksum();
    let field = packet.get_mut(at..at + 2).ok_or(DropReason::BadOffload)?;
    field.copy_from_slice(&checksum);
    Ok(())
}
// ANCHOR_END: finish_checksum

/// What stands in the headers of a super-packet.
struct First {
    headers: Headers,
    /// The identification of IPv4.
    identification: u16,
    /// The sequence number of TCP.
    sequence: u32,
    /// Its flags.
    flags: u8,
}

impl First {
    fn of(headers: Headers, head: &[u8]) -> First {
        let transport = &head[headers.transport..];
        let tcp = headers.protocol == TCP;
        First {
            headers,
            identification: u16::from_be_bytes([head[4], head[5]]),
            sequence: transport[4..]
                .first_chunk()
                .copied()
                .map_or(0, u32::from_be_bytes),
            flags: if tcp { transport[13] } else { 0 },
        }
    }

    // ANCHOR: rewrite
    /// Makes the headers those of segment number `nth`, whose data begin `at` bytes
    /// behind the first.
    fn rewrite(&self, head: &mut [u8], data: &[u8], nth: usize, at: usize, last: bool) {
        let Headers {
            ipv4, transport, ..
        } = self.headers;
        let length = head.len() + data.len();
        if ipv4 {
            put(head, 2, length as u16);
            // Each packet has its own (RFC 6864, section 4.2).
            put(head, 4, self.identification.wrapping_add(nth as u16));
            put(head, 10, 0);
            let checksum = Sum::default().with(&head[..transport]).checksum();
            head[10..12].copy_from_slice(&checksum);
        } else {
            put(head, 4, (length - 40) as u16);
        }

        let (ip, segment) = head.split_at_mut(transport);
        if self.headers.protocol == TCP {
            let sequence = self.sequence.wrapping_add(at as u32);
            segment[4..8].copy_from_slice(&sequence.to_be_bytes());
            // "Push" and "no more data" are about the end of the data. "Window
            // reduced" is said once (RFC 3168, section 6.1.2).
            let only_last = if last { 0 } else { FIN | PSH };
            let only_first = if nth == 0 { 0 } else { CWR };
            segment[13] = self.flags & !(only_last | only_first);
        } else {
            put(segment, 4, (length - transport) as u16);
        }
        let field = self.headers.checksum_offset();
        put(segment, field, 0);
        let checksum = Sum::default()
            .with_pseudo_header(
                self.headers.addresses(ip),
                self.headers.protocol,
                length - transport,
            )
            .with(segment)
            .with(data)
            .checksum();
        segment[field..field + 2].copy_from_slice(&checksum);
    }
    // ANCHOR_END: rewrite
}

/// Writes a number in network byte order.
fn put(bytes: &mut [u8], at: usize, number: u16) {
    bytes[at..at + 2].copy_from_slice(&number.to_be_bytes());
}
