//! A super-packet becomes many, whatever its header says.

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use proptest::prelude::*;

use super::cut;
use super::packets::{Odd, Sender, packets, sender};
use crate::checksum::{checksum, segment_checksum};
use crate::offload::segment::segment;
use crate::offload::sum::Sum;
use crate::offload::vnet::{self, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP, NEEDS_CSUM, VnetHeader};
use crate::validate::{DropReason, validate};
use proptest::collection::vec;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_super_packet_is_cut_into_right_packets(mut sender in sender(), length in 0..60_000usize, size in 1..9000u16, push: bool) {
        let segments = length.div_ceil(usize::from(size));
        sender.size = length;
        let mut packet = sender.next(if push { Odd::Push } else { Odd::Nothing });
        let transport = if sender.ipv4 { 20 } else { 40 };
        let (header, field) = if sender.tcp { (32, 16) } else { (8, 6) };
        // What the kernel leaves there: any number.
        packet[transport + field] ^= 0x55;
        let vnet = VnetHeader {
            flags: NEEDS_CSUM,
            gso_type: match (sender.tcp, sender.ipv4) {
                (true, true) => GSO_TCPV4,
                (true, false) => GSO_TCPV6,
                _ => GSO_UDP,
            },
            hdr_len: 0,
            gso_size: size,
            csum_start: transport as u16,
            csum_offset: field as u16,
        };
        let data = packet[transport + header..].to_vec();
        let parts = cut(vnet, packet).unwrap();
        prop_assert_eq!(parts.len(), segments.max(1));
        let mut again = Vec::new();
        for (nth, part) in parts.iter().enumerate() {
            prop_assert_eq!(validate(part), Ok(()));
            let sliced = SlicedPacket::from_ip(part).unwrap();
            prop_assert!(part.len() <= transport + header + usize::from(size));
            let (source, destination) = match &sliced.net {
                Some(NetSlice::Ipv4(v4)) => {
                    prop_assert_eq!(checksum(&part[..20]), 0);
                    (v4.header().source_addr().into(), v4.header().destination_addr().into())
                }
                Some(NetSlice::Ipv6(v6)) => {
                    (v6.header().source_addr().into(), v6.header().destination_addr().into())
                }
                _ => unreachable!(),
            };
            let protocol = if sender.tcp { 6 } else { 17 };
            prop_assert_eq!(segment_checksum(source, destination, protocol, &part[transport..]), 0);
            if let Some(TransportSlice::Tcp(tcp)) = &sliced.transport {
                prop_assert_eq!(tcp.psh(), push && nth + 1 == parts.len());
            }
            again.extend_from_slice(&part[transport + header..]);
        }
        prop_assert_eq!(again, data);
    }

    #[test]
    fn a_header_that_lies_ends_nothing(
        vnet in any::<[u8; vnet::LEN]>(), packets in packets(), at: prop::sample::Index, length: prop::sample::Index
    ) {
        prop_assume!(!packets.is_empty());
        let packet = &packets[at.index(packets.len())];
        let mut read = vnet.to_vec();
        read.extend_from_slice(&packet[..length.index(packet.len() + 1)]);
        // Mostly a kind and a place that could be, so that more than the first check is tried.
        read[1] = [GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP, vnet[1]][usize::from(vnet[1] % 5)];
        read[6..8].copy_from_slice(&u16::from([0, 20, 40, vnet[6]][usize::from(vnet[6] % 4)]).to_ne_bytes());
        if let Some((vnet, packet)) = VnetHeader::split(&mut read) {
            let mut given = 0usize;
            if segment(vnet, packet, |head, data| given += head.len() + data.len()).is_err() {
                prop_assert_eq!(given, 0);
            }
        }
    }

    #[test]
    fn the_fast_sum_is_the_slow_one(bytes in vec(any::<u8>(), 0..300), from in 0..32usize, at in 0..150usize) {
        let bytes = &bytes[from.min(bytes.len())..];
        let even = (at * 2).min(bytes.len() & !1);
        let sum = Sum::default().with(&bytes[..even]).with(&bytes[even..]);
        let slow = (!checksum(bytes)).to_be_bytes();
        // In ones' complement 0 and 0xffff are one number.
        let same = |sum: [u8; 2]| if sum == [0xff, 0xff] { [0, 0] } else { sum };
        prop_assert_eq!(same(sum.fold()), same(slow));
        prop_assert_ne!(sum.checksum(), [0, 0]);
    }

    #[test]
    fn a_vnet_header_is_read_as_it_is_written(bytes in any::<[u8; vnet::LEN]>()) {
        let mut read = bytes;
        let (header, rest) = VnetHeader::split(&mut read).unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(header.to_bytes(), bytes);
    }
}

#[test]
fn a_vnet_header_that_cannot_be_is_a_drop_reason() {
    let mut sender = Sender {
        tcp: true,
        ipv4: true,
        dont_fragment: true,
        size: 100,
        identification: 0,
        sequence: 0,
    };
    let packet = sender.next(Odd::Nothing);
    let right = VnetHeader {
        flags: NEEDS_CSUM,
        gso_type: GSO_TCPV4,
        hdr_len: 52,
        gso_size: 40,
        csum_start: 20,
        csum_offset: 16,
    };
    assert_eq!(cut(right, packet.clone()).unwrap().len(), 3);
    let wrong = |change: fn(&mut VnetHeader)| {
        let mut vnet = right;
        change(&mut vnet);
        assert_eq!(
            cut(vnet, packet.clone()),
            Err(DropReason::BadOffload),
            "{vnet:?}"
        );
    };
    wrong(|vnet| vnet.gso_size = 0);
    wrong(|vnet| vnet.gso_type = 3);
    wrong(|vnet| vnet.gso_type = GSO_UDP);
    wrong(|vnet| vnet.csum_start = 24);
    wrong(|vnet| vnet.csum_start = 60_000);
    wrong(|vnet| (vnet.gso_type, vnet.csum_start) = (GSO_NONE, 150));
    wrong(|vnet| (vnet.gso_type, vnet.csum_offset) = (GSO_NONE, 131));
}
