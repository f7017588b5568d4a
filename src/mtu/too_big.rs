//! What a router says to the sender of a packet that does not fit the next
//! link: "fragmentation needed" in IPv4 (RFC 792; RFC 1191, section 4),
//! "packet too big" in IPv6 (RFC 4443, section 3.2).
//!
//! ```text
//! +---------------+---------------+-------------------------------+
//! |  type: 3      |   code: 4     |           checksum            |
//! +---------------+---------------+-------------------------------+
//! |            unused             |    MTU of the next link       |
//! +-------------------------------+-------------------------------+
//! |   the beginning of the packet that did not fit: the quote     |
//! +---------------------------------------------------------------+
//! ```
//!
//! In IPv6 the type is 2, the code 0, and the MTU takes all four bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{Icmpv4Type, Icmpv6Type, PacketBuilder};

/// How long the answer may be, headers included (RFC 1812, section 4.3.2.3;
/// RFC 4443, section 3.1).
const LONGEST_V4: usize = 576;
const LONGEST_V6: usize = 1280;
/// The header of the answer: of IP and of ICMP.
const HEADERS_V4: usize = 20 + 8;
const HEADERS_V6: usize = 40 + 8;

// ANCHOR: answer
/// The packet that tells the sender of `inner` that packets may be `mtu`
/// bytes long. `inner` may be cut off behind its IP header.
///
/// It comes from the address that `inner` was for: the kernel would not
/// believe a packet that arrives with one of its own addresses as the
/// source. Linux's own tunnels do the same (`iptunnel_pmtud_build_icmp` in
/// the kernel's net/ipv4/ip_tunnel_core.c).
///
/// `None` if the sender is not to be told: a router may cut the packet, or
/// it is an error message itself, a later fragment, or not from one host to
/// one host (RFC 1122, section 3.2.2; RFC 4443, section 2.4).
pub fn answer(inner: &[u8], mtu: u16) -> Option<Vec<u8>> {
    let mut packet = Vec::new();
    match addresses(inner)? {
        (IpAddr::V4(sender), IpAddr::V4(receiver)) => {
            if !may_be_told_v4(inner)? {
                return None;
            }
            let needed = DestUnreachableHeader::FragmentationNeeded { next_hop_mtu: mtu };
            let icmp = PacketBuilder::ipv4(receiver.octets(), sender.octets(), 64)
                .icmpv4(Icmpv4Type::DestinationUnreachable(needed));
            let quote = &inner[..inner.len().min(LONGEST_V4 - HEADERS_V4)];
            icmp.write(&mut packet, quote).ok()?;
        }
        (IpAddr::V6(sender), IpAddr::V6(receiver)) => {
            if !may_be_told_v6(inner)? {
                return None;
            }
            let icmp = PacketBuilder::ipv6(receiver.octets(), sender.octets(), 64)
                .icmpv6(Icmpv6Type::PacketTooBig { mtu: mtu.into() });
            let quote = &inner[..inner.len().min(LONGEST_V6 - HEADERS_V6)];
            icmp.write(&mut packet, quote).ok()?;
        }
        _ => return None,
    }
    Some(packet)
}
// ANCHOR_END: answer

/// Source and destination, if each is the address of one host.
fn addresses(inner: &[u8]) -> Option<(IpAddr, IpAddr)> {
    let v4 = |at| Some(Ipv4Addr::from(*inner.get(at..)?.first_chunk::<4>()?).into());
    let v6 = |at| Some(Ipv6Addr::from(*inner.get(at..)?.first_chunk::<16>()?).into());
    let (sender, receiver): (IpAddr, IpAddr) = match inner.first()? >> 4 {
        4 => (v4(12)?, v4(16)?),
        6 => (v6(8)?, v6(24)?),
        _ => return None,
    };
    let one_host = |ip: IpAddr| {
        !ip.is_unspecified() && !ip.is_multicast() && ip != IpAddr::V4(Ipv4Addr::BROADCAST)
    };
    (one_host(sender) && one_host(receiver)).then_some((sender, receiver))
}

/// The sender forbids to cut it (DF), and it is neither a later fragment
/// nor an error of ICMP.
fn may_be_told_v4(inner: &[u8]) -> Option<bool> {
    let flags = u16::from_be_bytes([*inner.get(6)?, *inner.get(7)?]);
    let (dont_fragment, offset) = (flags & 0x4000 != 0, flags & 0x1fff);
    let header = usize::from(inner.first()? & 0x0f) * 4;
    // Echo request, echo reply, and what else is no error (RFC 792).
    let is_error = *inner.get(9)? == 1 && matches!(inner.get(header)?, 3 | 4 | 5 | 11 | 12);
    Some(dont_fragment && offset == 0 && !is_error)
}

/// It is no error of ICMPv6: those have types below 128 (RFC 4443, section
/// 2.1).
fn may_be_told_v6(inner: &[u8]) -> Option<bool> {
    let is_error = *inner.get(6)? == 58 && *inner.get(40)? < 128;
    Some(!is_error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packet;
    use crate::validate::validate;

    fn ping(df: bool, length: usize) -> Vec<u8> {
        let mut packet = Vec::new();
        PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
            .icmpv4_echo_request(7, 1)
            .write(&mut packet, &vec![0; length - 28])
            .unwrap();
        packet[6] = if df { 0x40 } else { 0 };
        packet
    }

    fn ping_v6(length: usize) -> Vec<u8> {
        let mut packet = Vec::new();
        let host = |last| Ipv6Addr::new(0xfd00, 0, 0, 1, 0, 0, 0, last).octets();
        PacketBuilder::ipv6(host(1), host(2), 64)
            .icmpv6_echo_request(7, 1)
            .write(&mut packet, &vec![0; length - 48])
            .unwrap();
        packet
    }

    #[test]
    fn the_sender_is_told_what_fits_and_gets_its_own_packet_back() {
        let inner = ping(true, 1472);
        let told = answer(&inner, 1372).unwrap();
        assert_eq!(told.len(), LONGEST_V4);
        assert_eq!(validate(&told), Ok(()));
        assert_eq!(told[28..], inner[..548]);
        insta_line(&told, "192.168.0.2 > 192.168.0.1", "mtu 1372");

        let inner = ping_v6(1452);
        let told = answer(&inner, 1352).unwrap();
        assert_eq!(told.len(), LONGEST_V6);
        assert_eq!(validate(&told), Ok(()));
        assert_eq!(told[48..], inner[..1232]);
        insta_line(&told, "fd00:0:0:1::2 > fd00:0:0:1::1", "mtu 1352");
    }

    fn insta_line(packet: &[u8], addresses: &str, mtu: &str) {
        let line = packet::info(packet);
        assert!(line.contains(addresses) && line.contains(mtu), "{line}");
        assert!(!line.contains("wrong"), "{line}");
    }

    #[test]
    fn some_senders_are_not_told() {
        let may_be_cut = ping(false, 1472);
        let later_fragment = {
            let mut packet = ping(true, 1472);
            packet[7] = 1;
            packet
        };
        let an_answer = answer(&ping(true, 1472), 1372).map(|mut told| {
            told[6] = 0x40;
            told
        });
        let an_answer_v6 = answer(&ping_v6(1452), 1352);
        let to_all = {
            let mut packet = ping(true, 1472);
            packet[16..20].fill(255);
            packet
        };
        let from_nobody = {
            let mut packet = ping(true, 1472);
            packet[12..16].fill(0);
            packet
        };
        let multicast = {
            let mut packet = ping_v6(1452);
            packet[24] = 0xff;
            packet
        };
        for packet in [
            may_be_cut,
            later_fragment,
            an_answer.unwrap(),
            an_answer_v6.unwrap(),
            to_all,
            from_nobody,
            multicast,
        ] {
            assert_eq!(answer(&packet, 1372), None, "{}", packet::info(&packet));
        }
    }

    proptest! {
        #[test]
        fn whatever_the_packet_the_answer_is_a_whole_packet(mut bytes in prop::collection::vec(any::<u8>(), 0..1600), six: bool, mtu in 68..=65_535u16) {
            if let Some(first) = bytes.first_mut() {
                *first = if six { 0x60 } else { 0x45 };
            }
            if let Some(told) = answer(&bytes, mtu) {
                prop_assert_eq!(validate(&told), Ok(()));
                prop_assert!(told.len() <= LONGEST_V6);
                prop_assert!(answer(&told, mtu).is_none(), "an answer to an answer");
            }
        }
    }
}
