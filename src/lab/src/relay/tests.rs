//! What a link does to packets.

use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

/// A packet with its number in it, the same twice in the same length.
fn packet(nth: u32) -> Vec<u8> {
    let mut packet = vec![0; 100];
    packet[0] = 0x45;
    packet[20..24].copy_from_slice(&nth.to_be_bytes());
    packet
}

/// The numbers of what comes out, when packet n goes in at n milliseconds.
fn outcome(faults: &Faults, seed: u64, packets: u32) -> (Vec<u32>, Fates) {
    let mut link = Link::new(faults.clone(), seed);
    let mut out = Vec::new();
    let mut now = Duration::ZERO;
    for nth in 0..packets {
        link.push(now, packet(nth));
        drain(&mut link, now, &mut out);
        now += MS;
    }
    while let Some(next) = link.next() {
        now = now.max(next);
        drain(&mut link, now, &mut out);
    }
    let numbers = out.iter().map(|packet| packet[20..24].try_into().unwrap());
    (numbers.map(u32::from_be_bytes).collect(), link.fates())
}

fn drain(link: &mut Link, now: Duration, out: &mut Vec<Vec<u8>>) {
    while let Some(packet) = link.pop(now) {
        out.push(packet);
    }
}

fn bad() -> Faults {
    Faults {
        loss: 1.0,
        duplicate: 1.0,
        reorder: 2.0,
        ..Faults::default()
    }
}

/// The faults of an experiment in the book: they change if the generator of random numbers
/// does.
#[test]
fn the_faults_of_seed_1() {
    let (out, _) = outcome(&bad(), 1, 120);
    let lost: Vec<u32> = (0..120).filter(|nth| !out.contains(nth)).collect();
    assert_eq!(lost, [2, 33, 38]);
}

#[test]
fn the_same_seed_gives_the_same_fates_and_another_other_ones() {
    let first = outcome(&bad(), 1, 10_000);
    assert_eq!(outcome(&bad(), 1, 10_000), first);
    assert_ne!(outcome(&bad(), 2, 10_000).0, first.0);
}

/// Fates are drawn for each packet: delay, a rate and a slower sender change none of them.
#[test]
fn time_changes_no_fate() {
    let late = Faults {
        delay: 30 * MS,
        ..bad()
    };
    assert_eq!(outcome(&late, 1, 10_000).1, outcome(&bad(), 1, 10_000).1);
}

#[test]
fn the_shares_are_those_that_were_asked_for() {
    let (out, fates) = outcome(&bad(), 1, 100_000);
    let near = |count: u64, share: u64| assert!(count.abs_diff(share) < share / 8, "{fates:?}");
    near(fates.lost, 1000);
    near(fates.duplicated, 1000);
    near(fates.reordered, 2000);
    let expected = 100_000 - fates.lost + fates.duplicated;
    assert_eq!(out.len() as u64, expected);
    assert!(out.iter().zip(&out[1..]).filter(|(a, b)| a > b).count() > 1500);
}

#[test]
fn without_faults_nothing_changes() {
    let (out, fates) = outcome(&Faults::default(), 1, 1000);
    assert_eq!(out, (0..1000).collect::<Vec<_>>());
    assert_eq!(fates.to_string(), "1000 packets");
}

#[test]
fn one_bit_behind_the_header_is_flipped() {
    let faults = Faults {
        corrupt: 100.0,
        ..Faults::default()
    };
    let mut link = Link::new(faults, 1);
    for nth in 0..1000 {
        link.push(MS, packet(nth));
        let (sent, got) = (packet(nth), link.pop(MS).unwrap());
        assert_eq!(got[..20], sent[..20]);
        let bits = sent.iter().zip(&got).map(|(a, b)| (a ^ b).count_ones());
        assert_eq!(bits.sum::<u32>(), 1);
    }
}

#[test]
fn large_packets_and_fragments_vanish_if_asked_for() {
    let faults = Faults {
        max_size: Some(99),
        no_fragments: true,
        ..Faults::default()
    };
    let mut link = Link::new(faults, 1);
    link.push(MS, packet(0));
    let mut first = packet(1);
    first.truncate(99);
    let mut last = first.clone();
    first[6] = 0x20;
    last[7] = 185;
    link.push(MS, first);
    link.push(MS, last);
    let mut v6 = vec![0x60; 99];
    v6[6] = 44;
    link.push(MS, v6);
    assert_eq!(link.pop(MS), None);
    let said = "4 packets, 1 too large, 3 fragments dropped";
    assert_eq!(link.fates().to_string(), said);
}

/// 100 bytes at 800,000 bits a second take a millisecond.
#[test]
fn a_rate_spreads_packets_and_a_full_queue_drops_them() {
    let faults = Faults {
        rate: Some(800_000),
        queue: 500,
        delay: 10 * MS,
        ..Faults::default()
    };
    let mut link = Link::new(faults, 1);
    for nth in 0..8 {
        link.push(Duration::ZERO, packet(nth));
    }
    assert_eq!(link.fates().queue_full, 3);
    for nth in 1..=5 {
        assert_eq!(link.next(), Some((10 + nth) * MS));
        assert_eq!(link.pop((10 + nth) * MS - MS / 2), None);
        assert!(link.pop((10 + nth) * MS).is_some());
    }
    assert_eq!(link.next(), None);
}

proptest! {
    /// Whatever the faults, each packet comes out at most twice, and nothing is held for ever.
    #[test]
    fn nothing_is_invented(loss in 0.0..100.0, duplicate in 0.0..100.0, reorder in 0.0..100.0, seed: u64) {
        let faults = Faults { loss, duplicate, reorder, ..Faults::default() };
        let (mut out, fates) = outcome(&faults, seed, 200);
        prop_assert_eq!(out.len() as u64, 200 - fates.lost + fates.duplicated);
        out.sort_unstable();
        prop_assert!(out.iter().zip(out.iter().skip(2)).all(|(a, b)| a < b));
    }

    /// Whatever the bytes.
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..80), seed: u64) {
        let faults = Faults { corrupt: 100.0, no_fragments: true, ..Faults::default() };
        let mut link = Link::new(faults, seed);
        link.push(MS, bytes);
        link.pop(MS);
    }
}

proptest! {
    #[test]
    fn undetected_damage_leaves_the_checksum_right(
        data in proptest::collection::vec(any::<u8>(), 1..200), bit: u64
    ) {
        let mut packet = Vec::new();
        let datagram = etherparse::PacketBuilder::ipv4([1; 4], [2; 4], 64).udp(9876, 9876);
        datagram.write(&mut packet, &data).unwrap();
        let before = packet.clone();
        prop_assert!(flip_undetected(&mut packet, bit));
        let flipped: u32 = std::iter::zip(&packet[28..], &before[28..])
            .map(|(now, then)| (now ^ then).count_ones())
            .sum();
        prop_assert_eq!(flipped, 1);
        prop_assert_eq!(&packet[..26], &before[..26]);
        let sum = ip_over_udp::checksum::segment_checksum(
            [1, 1, 1, 1].into(), [2, 2, 2, 2].into(), 17, &packet[20..],
        );
        prop_assert_eq!(sum, 0);
    }
}
