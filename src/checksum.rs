//! The checksum of the Internet (RFC 1071), which IP, ICMP, UDP and TCP use.

use std::net::IpAddr;

/// The checksum over `bytes`, in host byte order: the bytes are read as 16-bit
/// numbers in network byte order, added in ones' complement, and the sum is
/// inverted. An odd byte at the end is the upper half of a last number.
///
/// To make a checksum, set its field to zero and sum over the message. To
/// verify one, sum over the message as it is: the result is 0.
///
/// ```
/// let mut echo = [8, 0, 0, 0, 0, 7, 0, 1]; // request, code 0, -, id 7, seq 1
/// let sum = ip_over_udp::checksum::checksum(&echo);
/// assert_eq!(sum, 0xf7f7);
/// echo[2..4].copy_from_slice(&sum.to_be_bytes());
/// assert_eq!(ip_over_udp::checksum::checksum(&echo), 0);
/// ```
// ANCHOR: checksum
pub fn checksum(bytes: &[u8]) -> u16 {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut sum: u64 = pairs
        .iter()
        .map(|&pair| u64::from(u16::from_be_bytes(pair)))
        .sum();
    if let [last] = odd {
        sum += u64::from(*last) << 8;
    }
    // What was carried out of the lower 16 bits is added back in.
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
// ANCHOR_END: checksum

// ANCHOR: update
/// The checksum of a message in which one 16-bit number has changed, from the
/// checksum before: equation 3 of RFC 1624, section 3. All are in host byte order.
///
/// What the message holds is not summed again: if its checksum was wrong before, it
/// is wrong afterwards.
pub fn update(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    !((sum & 0xffff) as u16 + (sum >> 16) as u16)
}
// ANCHOR_END: update

/// The checksum over a segment of UDP, TCP or ICMPv6, in host byte order. It
/// covers a pseudo-header too: the two addresses, the length of the segment and
/// the protocol number (RFC 768; RFC 9293, section 3.1; RFC 8200, section 8.1).
/// So a packet that arrives at the wrong address has a wrong checksum.
///
/// Over a segment with a right checksum in it, the result is 0. (UDP sends a
/// result of 0 as 0xffff, because 0 means "no checksum" there: RFC 768.)
pub fn segment_checksum(source: IpAddr, destination: IpAddr, protocol: u8, segment: &[u8]) -> u16 {
    let mut covered = Vec::with_capacity(40 + segment.len());
    for address in [source, destination] {
        match address {
            IpAddr::V4(v4) => covered.extend(v4.octets()),
            IpAddr::V6(v6) => covered.extend(v6.octets()),
        }
    }
    // Four bytes for each in IPv6, two in IPv4: the sum is the same.
    covered.extend((segment.len() as u32).to_be_bytes());
    covered.extend(u32::from(protocol).to_be_bytes());
    covered.extend(segment);
    checksum(&covered)
}

#[cfg(test)]
mod tests {
    use super::{checksum, update};
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 1071, section 3: these eight bytes sum to ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&bytes), !0xddf2);
    }

    #[test]
    fn an_odd_byte_is_the_upper_half() {
        assert_eq!(checksum(&[0x12]), !0x1200);
    }

    proptest! {
        #[test]
        fn agrees_with_etherparse(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let theirs = etherparse::checksum::Sum16BitWords::new()
                .add_slice(&bytes)
                .ones_complement();
            prop_assert_eq!(checksum(&bytes), u16::from_be(theirs));
        }

        /// As if the checksum had been made anew.
        #[test]
        fn an_update_is_as_good_as_a_new_sum(mut bytes in prop::collection::vec(any::<u8>(), 4..64), at: prop::sample::Index, new: u16) {
            let at = at.index(bytes.len() / 2) * 2;
            let before = checksum(&bytes);
            let old = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
            bytes[at..at + 2].copy_from_slice(&new.to_be_bytes());
            // In ones' complement 0 and 0xffff are one number. A sum over nothing but
            // zeros, the only one that comes out as 0xffff, does not occur in a packet.
            let same = |sum: u16| if sum == 0xffff { 0 } else { sum };
            prop_assert_eq!(same(update(before, old, new)), same(checksum(&bytes)));
        }
    }
}
