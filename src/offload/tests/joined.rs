//! Packets become one, and what is cut again is the same.

use proptest::collection::vec;
use proptest::prelude::*;

use super::packets::{ODDS, Odd, Sender, packets, sender};
use super::{comparable, cut, joined, runs};
use crate::offload::coalesce::{Rules, Run};
use crate::offload::vnet::NEEDS_CSUM;
use crate::validate::validate;

const VERIFY: Rules = Rules {
    verify: true,
    udp: true,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn joined_and_cut_again_the_packets_are_the_same(packets in packets()) {
        let mut again = Vec::new();
        for run in runs(&packets, VERIFY) {
            let (vnet, packet) = joined(&run);
            prop_assert!(packet.len() <= 65_535);
            prop_assert_eq!(run.len() > 1, vnet.flags == NEEDS_CSUM);
            again.extend(cut(vnet, packet).unwrap());
        }
        prop_assert_eq!(packets.len(), again.len());
        for (packet, again) in packets.iter().zip(&again) {
            prop_assert_eq!(comparable(packet), comparable(again));
        }
    }

    /// Whatever a checksum does not fit stays alone.
    #[test]
    fn what_is_damaged_is_joined_with_nothing(mut sender in sender(), count in 2..20usize, at: prop::sample::Index, bit: u64) {
        let mut packets: Vec<_> = (0..count).map(|_| sender.next(Odd::Nothing)).collect();
        let nth = at.index(count);
        let place = (bit / 8 % packets[nth].len() as u64) as usize;
        packets[nth][place] ^= 1 << (bit % 8);
        prop_assume!(validate(&packets[nth]).is_ok());
        // IPv6 does not cover all of its header.
        let header = if sender.ipv4 { 0 } else { 8 };
        // A checksum of 0 means that there is none.
        let none = !sender.tcp && packets[nth][if sender.ipv4 { 26..28 } else { 46..48 }] == [0, 0];
        prop_assume!(place >= header && !none);
        let damaged = packets[nth].clone();
        for run in runs(&packets, VERIFY) {
            prop_assert!(run.len() == 1 || run.packets().all(|packet| packet != damaged));
        }
    }

    #[test]
    fn any_bytes_are_joined_or_not(packets in vec(vec(any::<u8>(), 0..100), 0..20), verify: bool) {
        let packets: Vec<_> = packets.into_iter().filter(|p| validate(p).is_ok()).collect();
        let runs = runs(&packets, Rules { verify, udp: true });
        prop_assert_eq!(runs.iter().map(Run::len).sum::<usize>(), packets.len());
        for run in &runs {
            joined(run);
        }
    }
}

/// 45 segments are one packet: else the program would be no faster than chapter 8.
#[test]
fn packets_that_follow_each_other_are_one() {
    for (tcp, ipv4) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut sender = Sender {
            tcp,
            ipv4,
            dont_fragment: true,
            size: 1388,
            identification: 0xffee,
            sequence: 0xffff_ff00,
        };
        let mut packets: Vec<_> = (0..44).map(|_| sender.next(Odd::Nothing)).collect();
        packets.push(sender.next(Odd::Shorter));
        assert_eq!(runs(&packets, VERIFY).len(), 1, "tcp {tcp}, ipv4 {ipv4}");
        let mut udp = VERIFY;
        udp.udp = false;
        let expected = if tcp { 1 } else { 45 };
        assert_eq!(runs(&packets, udp).len(), expected);
        // Without verification damage is joined.
        packets[20][100] ^= 1;
        assert_eq!(runs(&packets, VERIFY).len(), 3);
        let trust = Rules {
            verify: false,
            udp: true,
        };
        assert_eq!(runs(&packets, trust).len(), 1);
    }
}

/// Each of these ends a run, or begins one.
#[test]
fn what_differs_is_not_joined() {
    for odd in ODDS {
        for (tcp, ipv4) in [(true, true), (true, false), (false, true), (false, false)] {
            let applies = match odd {
                Odd::Nothing | Odd::Push | Odd::Fin | Odd::Shorter => false,
                Odd::Identification | Odd::MoreFragments | Odd::IpOption | Odd::IpChecksum => ipv4,
                Odd::NoChecksum => !tcp,
                Odd::Sequence
                | Odd::Acknowledgement
                | Odd::Window
                | Odd::Urgent
                | Odd::Syn
                | Odd::Ecn
                | Odd::Cwr
                | Odd::TcpOption => tcp,
                _ => true,
            };
            let mut sender = Sender {
                tcp,
                ipv4,
                dont_fragment: false,
                size: 500,
                identification: 1,
                sequence: 1,
            };
            let packets = [
                sender.next(Odd::Nothing),
                sender.next(odd),
                sender.next(Odd::Nothing),
            ];
            let first = runs(&packets, VERIFY)[0].len();
            assert_eq!(
                first == 1,
                applies,
                "{odd:?}, tcp {tcp}, ipv4 {ipv4}: {first}"
            );
        }
    }
}

#[test]
fn a_super_packet_has_a_length_that_its_header_can_say() {
    let mut sender = Sender {
        tcp: true,
        ipv4: true,
        dont_fragment: true,
        size: 1388,
        identification: 0,
        sequence: 0,
    };
    let packets: Vec<_> = (0..100).map(|_| sender.next(Odd::Nothing)).collect();
    let lengths: Vec<_> = runs(&packets, VERIFY).iter().map(Run::len).collect();
    assert_eq!(lengths, [47, 47, 6]); // 52 + 47 * 1388 = 65,288
}

#[test]
fn a_datagram_without_a_checksum_never_gets_one() {
    let trust = Rules {
        verify: false,
        udp: true,
    };
    let mut sender = Sender {
        tcp: false,
        ipv4: true,
        dont_fragment: true,
        size: 100,
        identification: 0,
        sequence: 0,
    };
    let packets = [sender.next(Odd::NoChecksum), sender.next(Odd::NoChecksum)];
    for rules in [VERIFY, trust] {
        assert_eq!(runs(&packets, rules).len(), 2);
    }
}
