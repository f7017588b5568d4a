//! The maximum segment size (MSS) that TCP announces in its first packet in
//! each direction, made small enough for the tunnel.
//!
//! A host tells its peer how much data it takes in one segment (RFC 9293,
//! section 3.7.1), computed from the MTU of its own interface. It knows
//! nothing of a tunnel that is further along. Who forwards the packet
//! knows, and may lower the number: this is called clamping.
//!
//! ```text
//!                                     an option of TCP
//! +---------------+---------------+-------------------------------+
//! |    kind: 2    |   length: 4   |     maximum segment size      |
//! +---------------+---------------+-------------------------------+
//! ```

use std::ops::Range;

use crate::checksum::update;

const TCP: u8 = 6;
/// The flags are byte 13 of the TCP header, the checksum 16 and 17.
const FLAGS: usize = 13;
const SYN: u8 = 0x02;
const CHECKSUM: Range<usize> = 16..18;
/// Kinds of options (RFC 9293, section 3.1).
const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const MAXIMUM_SEGMENT_SIZE: u8 = 2;

// ANCHOR: clamp
/// If this packet opens a TCP connection and announces segments that would
/// not fit into packets of `mtu` bytes, lowers the number and returns it.
///
/// The packet is one that [`validate`](crate::validate::validate) has
/// accepted. Of a fragment, and of a header that contradicts itself,
/// nothing is changed.
pub fn clamp(packet: &mut [u8], mtu: u16) -> Option<u16> {
    let (header, segment) = tcp_segment(packet)?;
    // Without options in either header, as the announcement is always meant
    // (RFC 6691, section 2).
    let largest = mtu.checked_sub(header + 20)?;
    if segment.get(FLAGS)? & SYN == 0 {
        return None;
    }
    let (mut from, mut lowered) = (20, None);
    // More than one makes no sense, but a receiver may take the last.
    while let Some(at) = mss_option(segment, from) {
        from = at + 2;
        let announced = u16::from_be_bytes([segment[at], segment[at + 1]]);
        if announced > largest {
            replace(segment, at, announced, largest);
            lowered = Some(largest);
        }
    }
    lowered
}
// ANCHOR_END: clamp

// ANCHOR: replace
/// Puts another number in the place of this one, and corrects the checksum.
fn replace(segment: &mut [u8], at: usize, old: u16, new: u16) {
    segment[at..at + 2].copy_from_slice(&new.to_be_bytes());
    let checksum = u16::from_be_bytes([segment[16], segment[17]]);
    // The checksum adds pairs of bytes. After an odd number of bytes of
    // other options, the two bytes of ours belong to different pairs.
    let (old, new) = match at % 2 {
        0 => (old, new),
        _ => (old.swap_bytes(), new.swap_bytes()),
    };
    segment[CHECKSUM].copy_from_slice(&update(checksum, old, new).to_be_bytes());
}
// ANCHOR_END: replace

// ANCHOR: options
/// Where in this segment the two bytes of a maximum segment size are, in
/// the options from `from` on.
fn mss_option(segment: &[u8], from: usize) -> Option<usize> {
    // The upper half of byte 12 counts in units of four bytes.
    let end = usize::from(segment.get(12)? >> 4) * 4;
    let options = segment.get(..end)?;
    let mut at = from;
    loop {
        match (*options.get(at)?, options.get(at + 1)) {
            (END, _) => return None,
            (NO_OPERATION, _) => at += 1,
            (MAXIMUM_SEGMENT_SIZE, Some(4)) if at + 4 <= end => return Some(at + 2),
            // A length below 2 would keep us here for ever.
            (_, Some(&length)) if length >= 2 => at += usize::from(length),
            _ => return None,
        }
    }
}
// ANCHOR_END: options

/// The TCP segment in a packet that is no fragment, and the length of the
/// IP header that the sender of the segment counts with.
fn tcp_segment(packet: &mut [u8]) -> Option<(u16, &mut [u8])> {
    match packet.first()? >> 4 {
        4 => {
            let header = usize::from(packet[0] & 0x0f) * 4;
            // MF and the 13 bits of the offset.
            let fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x3fff;
            let is_tcp = *packet.get(9)? == TCP && fragment == 0;
            Some((20, packet.get_mut(header..).filter(|_| is_tcp)?))
        }
        6 => {
            let (mut next, mut at) = (*packet.get(6)?, 40);
            // Extension headers that may precede TCP: hop-by-hop options,
            // routing, destination options. Their second byte counts units
            // of eight bytes after the first eight (RFC 8200, section 4).
            while let 0 | 43 | 60 = next {
                next = *packet.get(at)?;
                at += 8 + 8 * usize::from(*packet.get(at + 1)?);
            }
            Some((40, packet.get_mut(at..).filter(|_| next == TCP)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, TcpOptionElement::*};
    use proptest::prelude::*;

    use super::*;
    use crate::packet;
    use crate::validate::validate;

    /// A SYN with these options and data.
    fn syn(ipv6: bool, options: &[etherparse::TcpOptionElement], data: &[u8]) -> Vec<u8> {
        let mut packet = Vec::new();
        let ip = match ipv6 {
            false => PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64),
            true => PacketBuilder::ipv6([0xfd; 16], [0xfc; 16], 64),
        };
        let tcp = ip.tcp(40_000, 80, 1, 64_240).syn();
        let tcp = tcp.options(options).unwrap();
        tcp.write(&mut packet, data).unwrap();
        packet
    }

    fn line(packet: &[u8]) -> String {
        packet::info(packet)
    }

    #[test]
    fn a_larger_announcement_is_lowered_and_the_checksum_stays_correct() {
        for (ipv6, largest) in [(false, 1332), (true, 1312)] {
            for options in [
                vec![MaximumSegmentSize(1460), Noop, WindowScale(7)],
                vec![Noop, MaximumSegmentSize(1460)],
                vec![Noop, Noop, Noop, MaximumSegmentSize(65_535)],
            ] {
                let mut packet = syn(ipv6, &options, b"data");
                assert_eq!(clamp(&mut packet, 1372), Some(largest));
                let line = line(&packet);
                assert!(line.contains(&format!("mss {largest}")), "{line}");
                assert!(!line.contains("wrong"), "{line}");
            }
        }
    }

    #[test]
    fn a_second_announcement_is_lowered_too() {
        let twice = [MaximumSegmentSize(1000), Noop, MaximumSegmentSize(9000)];
        let mut packet = syn(false, &twice, b"");
        assert_eq!(clamp(&mut packet, 1372), Some(1332));
        let line = line(&packet);
        assert!(
            line.contains("mss 1000") && line.contains("mss 1332"),
            "{line}"
        );
        assert!(!line.contains("wrong"), "{line}");
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let with = |mss| syn(false, &[MaximumSegmentSize(mss)], b"");
        let no_syn = {
            let mut packet = with(1460);
            packet[20 + FLAGS] = 0x10;
            packet
        };
        let fragment = {
            let mut packet = with(1460);
            packet[6] = 0x20;
            packet
        };
        let none = syn(false, &[WindowScale(7)], b"");
        for packet in [with(0), with(536), with(1332), no_syn, fragment, none] {
            let mut same = packet.clone();
            assert_eq!(clamp(&mut same, 1372), None);
            assert_eq!(same, packet);
        }
    }

    #[test]
    fn ipv6_extension_headers_are_passed_over() {
        let plain = syn(true, &[MaximumSegmentSize(1460)], b"");
        let mut packet = plain[..40].to_vec();
        packet[6] = 0;
        packet.extend([60, 0, 1, 4, 0, 0, 0, 0]); // hop-by-hop, then destination options,
        packet.extend([TCP, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // 16 bytes of them
        packet.extend(&plain[40..]);
        packet[5] += 24;
        assert_eq!(validate(&packet), Ok(()));
        assert_eq!(clamp(&mut packet, 1372), Some(1312));
        assert!(!line(&packet).contains("wrong"), "{}", line(&packet));
    }

    #[test]
    fn a_wrong_checksum_stays_wrong() {
        let mut packet = syn(false, &[MaximumSegmentSize(1460)], b"");
        packet[36] ^= 1;
        assert_eq!(clamp(&mut packet, 1372), Some(1332));
        assert!(line(&packet).contains("wrong checksum"));
    }

    #[test]
    fn options_that_lie_about_their_length_end_the_search() {
        let lies: [&[u8]; 7] = [
            &[3, 0, 2, 4],         // of nothing
            &[3, 1, 2, 4],         // shorter than itself
            &[2, 3, 9, 9],         // the announcement, too short
            &[2, 6, 5, 180],       // the announcement, too long
            &[1, 1, 2, 4],         // it begins, and the header ends
            &[8, 255, 2, 4],       // past the end
            &[0, 2, 4, 5, 180, 0], // behind the end of the options
        ];
        for lie in lies {
            let mut packet = syn(false, &[const { Noop }; 8], b"data");
            packet[40..40 + lie.len()].copy_from_slice(lie);
            packet[40 + lie.len()..48].fill(0);
            if lie == [1, 1, 2, 4] {
                packet[40..48].copy_from_slice(&[1, 1, 1, 1, 1, 1, 2, 4]);
            }
            let before = packet.clone();
            assert_eq!(clamp(&mut packet, 1372), None, "{lie:?}");
            assert_eq!(packet, before);
        }
    }

    proptest! {
        /// Of any bytes whatever, only announcements and a checksum are
        /// changed.
        #[test]
        fn nothing_else_is_changed(mut bytes in prop::collection::vec(any::<u8>(), 0..120), six: bool, mtu: u16) {
            if let Some(first) = bytes.first_mut() {
                *first = if six { 0x60 } else { 0x45 };
            }
            if bytes.len() > 53 {
                // Often enough what is looked for.
                bytes[if six { 6 } else { 9 }] = TCP;
                let tcp = if six { 40 } else { 20 };
                if !six { bytes[6..8].fill(0); }
                bytes[tcp + 12] |= 0x60;
                bytes[tcp + 13] |= SYN;
            }
            let before = bytes.clone();
            let clamped = clamp(&mut bytes, mtu);
            prop_assert_eq!(clamped.is_none(), bytes == before);
            prop_assert_eq!(clamp(&mut bytes, mtu), None, "once is enough");
        }

        #[test]
        fn every_announcement_ends_at_or_below_the_limit(mss: u16, mtu in 68..=1500u16, odd: bool, six: bool) {
            let options = match odd {
                true => vec![Noop, MaximumSegmentSize(mss)],
                false => vec![MaximumSegmentSize(mss)],
            };
            let mut packet = syn(six, &options, b"");
            let largest = mtu - if six { 60 } else { 40 };
            let clamped = clamp(&mut packet, mtu);
            prop_assert_eq!(clamped, (mss > largest).then_some(largest));
            prop_assert!(!line(&packet).contains("wrong"), "{}", line(&packet));
        }
    }
}
