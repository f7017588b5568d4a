//! Split and joined again, packets are the same; and nothing panics.

use std::net::UdpSocket;

use etherparse::{IpHeaders, PacketBuilder, SlicedPacket, TransportSlice};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::coalesce::{Rules, Run};
use super::recv::Receiver;
use super::segment::segment;
use super::send::{Batch, Means};
use super::sum::Sum;
use super::vnet::{self, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP, NEEDS_CSUM, VnetHeader};
use crate::checksum::{checksum, segment_checksum};
use crate::validate::{DropReason, validate};

const VERIFY: Rules = Rules {
    verify: true,
    udp: true,
};

/// What of a packet differs from its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    Nothing,
    Source,
    TimeToLive,
    TrafficClass,
    Identification,
    MoreFragments,
    IpOption,
    Sequence,
    Acknowledgement,
    Window,
    Urgent,
    Syn,
    Fin,
    Push,
    Ecn,
    Cwr,
    TcpOption,
    Checksum,
    NoChecksum,
    IpChecksum,
    Longer,
    Shorter,
    NoData,
}

const ODDS: [Odd; 23] = [
    Odd::Nothing,
    Odd::Source,
    Odd::TimeToLive,
    Odd::TrafficClass,
    Odd::Identification,
    Odd::MoreFragments,
    Odd::IpOption,
    Odd::Sequence,
    Odd::Acknowledgement,
    Odd::Window,
    Odd::Urgent,
    Odd::Syn,
    Odd::Fin,
    Odd::Push,
    Odd::Ecn,
    Odd::Cwr,
    Odd::TcpOption,
    Odd::Checksum,
    Odd::NoChecksum,
    Odd::IpChecksum,
    Odd::Longer,
    Odd::Shorter,
    Odd::NoData,
];

/// One connection, which counts on from packet to packet.
#[derive(Clone, Debug)]
struct Sender {
    tcp: bool,
    ipv4: bool,
    dont_fragment: bool,
    size: usize,
    identification: u16,
    sequence: u32,
}

impl Sender {
    fn next(&mut self, odd: Odd) -> Vec<u8> {
        let length = match odd {
            Odd::Longer => self.size + 7,
            Odd::Shorter => self.size.saturating_sub(5).max(1),
            Odd::NoData => 0,
            _ => self.size,
        };
        let data: Vec<u8> = (0..length).map(|at| (at * 7 + self.size) as u8).collect();
        if odd == Odd::Sequence {
            self.sequence = self.sequence.wrapping_add(1);
        }
        if odd == Odd::Identification {
            self.identification = self.identification.wrapping_add(5);
        }
        let builder = match self.ipv4 {
            true => {
                let mut header = etherparse::Ipv4Header {
                    identification: self.identification,
                    dont_fragment: self.dont_fragment,
                    more_fragments: odd == Odd::MoreFragments,
                    time_to_live: if odd == Odd::TimeToLive { 3 } else { 64 },
                    source: [192, 168, 0, if odd == Odd::Source { 9 } else { 1 }],
                    destination: [192, 168, 0, 2],
                    ..Default::default()
                };
                if odd == Odd::TrafficClass {
                    header.ecn = etherparse::IpEcn::try_new(1).unwrap();
                }
                if odd == Odd::IpOption {
                    header.options = [1, 1, 1, 0].into();
                }
                PacketBuilder::ip(IpHeaders::Ipv4(header, Default::default()))
            }
            false => {
                let mut source = [0xfd; 16];
                source[15] = if odd == Odd::Source { 9 } else { 1 };
                let header = etherparse::Ipv6Header {
                    traffic_class: if odd == Odd::TrafficClass { 3 } else { 0 },
                    hop_limit: if odd == Odd::TimeToLive { 3 } else { 64 },
                    source,
                    destination: [0xfd; 16],
                    ..Default::default()
                };
                PacketBuilder::ip(IpHeaders::Ipv6(header, Default::default()))
            }
        };
        let mut packet = Vec::new();
        if self.tcp {
            let mut header = etherparse::TcpHeader::new(80, 40_000, self.sequence, 1000);
            header.ack = true;
            header.acknowledgment_number = 7 + u32::from(odd == Odd::Acknowledgement);
            header.window_size = 1000 + u16::from(odd == Odd::Window);
            header.urg = odd == Odd::Urgent;
            header.syn = odd == Odd::Syn;
            header.fin = odd == Odd::Fin;
            header.psh = odd == Odd::Push;
            header.ece = odd == Odd::Ecn;
            header.cwr = odd == Odd::Cwr;
            header
                .set_options_raw(&[
                    1,
                    1,
                    8,
                    10,
                    0,
                    0,
                    0,
                    u8::from(odd == Odd::TcpOption),
                    0,
                    0,
                    0,
                    0,
                ])
                .unwrap();
            builder
                .tcp_header(header)
                .write(&mut packet, &data)
                .unwrap();
            self.sequence = self.sequence.wrapping_add(data.len() as u32);
        } else {
            builder.udp(5000, 7000).write(&mut packet, &data).unwrap();
        }
        let transport = if !self.ipv4 {
            40
        } else {
            usize::from(packet[0] & 0x0f) * 4
        };
        match odd {
            Odd::Checksum => *packet.last_mut().unwrap() ^= 4,
            Odd::NoChecksum if !self.tcp => packet[transport + 6..transport + 8].fill(0),
            Odd::IpChecksum if self.ipv4 => packet[10] ^= 1,
            _ => (),
        }
        self.identification = self.identification.wrapping_add(1);
        packet
    }
}

fn sender() -> impl Strategy<Value = Sender> {
    let numbers = (
        select(vec![0, 7, 0xfffe, 0xffff]),
        select(vec![1, 0xffff_f000, 0xffff_ffff]),
    );
    (any::<[bool; 3]>(), 6..1500usize, numbers).prop_map(
        |([tcp, ipv4, dont_fragment], size, (identification, sequence))| Sender {
            tcp,
            ipv4,
            dont_fragment,
            size,
            identification,
            sequence,
        },
    )
}

/// Packets of three connections, of which most continue what was before.
fn packets() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let odd = prop_oneof![3 => Just(Odd::Nothing), 1 => select(&ODDS[..])];
    let packet = (prop_oneof![6 => Just(0usize), 1 => 1..3usize], odd);
    (vec(sender(), 3), vec(packet, 0..150)).prop_map(|(mut senders, order)| {
        order
            .into_iter()
            .map(|(who, odd)| senders[who].next(odd))
            .collect()
    })
}

/// The runs that these packets form.
fn runs(packets: &[Vec<u8>], rules: Rules) -> Vec<Run<'_>> {
    let mut runs: Vec<Run> = Vec::new();
    for packet in packets {
        if !runs.last_mut().is_some_and(|run| run.take(packet, rules)) {
            let mut run = Run::default();
            assert!(run.take(packet, rules));
            runs.push(run);
        }
    }
    runs
}

/// What is written for a run, as the kernel gets it.
fn joined(run: &Run) -> (VnetHeader, Vec<u8>) {
    let mut head = Vec::new();
    let (vnet, pieces) = run.join(&mut head);
    let bytes = pieces.iter().flat_map(|piece| piece.iter().copied());
    (vnet, bytes.collect())
}

fn cut(vnet: VnetHeader, mut packet: Vec<u8>) -> Result<Vec<Vec<u8>>, DropReason> {
    let mut parts = Vec::new();
    segment(vnet, &mut packet, |head, data| {
        parts.push([head, data].concat())
    })?;
    Ok(parts)
}

/// Without what a sender may set as it likes: the identification where DF is set (RFC
/// 6864), and with it the header checksum.
fn comparable(packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    if packet[0] >> 4 == 4 && packet[6] & 0x40 != 0 {
        packet[4..6].fill(0);
        packet[10..12].fill(0);
    }
    packet
}

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
                Some(etherparse::NetSlice::Ipv4(v4)) => {
                    prop_assert_eq!(checksum(&part[..20]), 0);
                    (v4.header().source_addr().into(), v4.header().destination_addr().into())
                }
                Some(etherparse::NetSlice::Ipv6(v6)) => {
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
    fn any_bytes_are_joined_or_not(packets in vec(vec(any::<u8>(), 0..100), 0..20), verify: bool) {
        let packets: Vec<_> = packets.into_iter().filter(|p| validate(p).is_ok()).collect();
        let runs = runs(&packets, Rules { verify, udp: true });
        prop_assert_eq!(runs.iter().map(Run::len).sum::<usize>(), packets.len());
        for run in &runs {
            joined(run);
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

    /// Through real sockets, by either means, with the kernel's receive offload or without.
    #[test]
    fn a_batch_arrives_whole_and_in_order(lengths in vec(prop_oneof![4 => Just(700usize), 1 => 0..1400usize], 1..100), segmentation: bool, gro: bool) {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        let means = if segmentation { Means::Segmentation } else { Means::List };
        let mut batch = Batch::new(means);
        let mut receive = Receiver::new(&receiver, gro).unwrap();
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        let mut flush = |batch: &mut Batch| {
            let done = batch.send(&sender, to);
            prop_assert!(done.not_sent.is_empty(), "{:?}", done);
            prop_assert!(batch.is_empty());
            while receive.recv(&receiver).is_ok() {
                received.extend(receive.datagrams().map(<[u8]>::to_vec));
            }
            Ok(done)
        };
        let (mut calls, mut packets) = (0, 0);
        for (nth, length) in lengths.iter().enumerate() {
            if !batch.fits(*length) {
                let done = flush(&mut batch)?;
                calls += done.calls;
                packets += done.sent.packets;
            }
            let packet: Vec<u8> = (0..*length).map(|at| (at + nth) as u8).collect();
            batch.push(&packet[..length / 3], &packet[length / 3..]);
            sent.push(packet);
        }
        let done = flush(&mut batch)?;
        calls += done.calls;
        packets += done.sent.packets;
        prop_assert_eq!(packets as usize, sent.len());
        prop_assert!(calls <= packets);
        prop_assert_eq!(sent, received);
    }
}

#[test]
fn a_batch_has_limits() {
    for (means, length, most) in [
        (Means::List, 100, 64),
        (Means::Segmentation, 100, 64),
        (Means::Segmentation, 1440, 45),
        (Means::List, 1440, 45),
        (Means::Segmentation, 65_507, 1),
    ] {
        let mut batch = Batch::new(means);
        let mut count = 0;
        while batch.fits(length) {
            batch.push(&vec![0; length], &[]);
            count += 1;
        }
        assert_eq!(count, most, "{means:?} {length}");
    }
    let mut batch = Batch::new(Means::Segmentation);
    batch.push(&[0; 100], &[]);
    assert!(!batch.fits(101) && batch.fits(100) && batch.fits(99) && !batch.fits(0));
    batch.push(&[0; 99], &[]);
    assert!(!batch.fits(99), "behind a shorter one nothing can follow");
}

#[test]
fn a_datagram_that_is_too_long_costs_only_itself() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut batch = Batch::new(Means::List);
    batch.push(&[1; 10], &[]);
    batch.push(&[2; 65_508], &[]);
    batch.push(&[3; 10], &[]);
    let done = batch.send(&sender, receiver.local_addr().unwrap());
    assert_eq!(done.not_sent, [(65_508, DropReason::TooBig)]);
    assert_eq!(done.sent.packets, 2);
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
