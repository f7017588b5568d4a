//! Bad weather on the way of packets: loss, duplicates, reordering, damage, delay, a rate, a largest
//! size.
//!
//! A [`Link`] is one direction. Which packets are lost, repeated, held back or
//! damaged depends on the seed and on how many packets came before, and on nothing
//! else: two runs that send the same packets lose the same ones, on every machine.
//! Only delay and rate are about time, which the caller tells.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use ip_over_udp::checksum::update;

/// The devices that the relay makes, for the packets to right and for those to left. They
/// are no part of the network, and so not of the captures.
pub const DEVICES: [&str; 2] = ["to-right", "to-left"];

/// After this time a packet that was held back goes on, even if none has overtaken it.
const PATIENCE: Duration = Duration::from_millis(20);

/// What happens to the packets of a direction. Shares are in percent.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Packets that vanish.
    pub loss: f64,
    /// Packets that go on twice.
    pub duplicate: f64,
    /// Packets that the next one to four overtake.
    pub reorder: f64,
    /// Packets of which one bit behind the IP header is flipped.
    pub corrupt: f64,
    /// The damage is in the data of a datagram, and the UDP checksum is right again, as if
    /// it had been computed after the damage. What is no whole datagram is left alone.
    pub undetected: bool,
    /// How much later all packets arrive.
    pub delay: Duration,
    /// Bits of IP packets that go on in a second.
    pub rate: Option<u64>,
    /// How many bytes may wait for the rate; what comes then vanishes.
    pub queue: u64,
    /// Longer IP packets, in bytes, vanish.
    pub max_size: Option<usize>,
    /// Fragments vanish.
    pub no_fragments: bool,
}

/// One direction, with its faults.
pub struct Link {
    faults: Faults,
    random: Rng,
    /// How many packets have come.
    nth: u64,
    held: Vec<Held>,
    /// On their way, the earliest first; equal moments in the order in which they came.
    on_the_way: BinaryHeap<Reverse<(Duration, u64, Vec<u8>)>>,
    order: u64,
    /// When the last packet will have gone on, at this rate.
    busy_until: Duration,
    count: Fates,
}

/// A packet that others are to overtake.
struct Held {
    /// It goes on after this packet,
    after: u64,
    /// or at this time.
    until: Duration,
    packet: Vec<u8>,
}

/// How many packets came, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub struct Fates {
    pub packets: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
    pub corrupted: u64,
    pub too_large: u64,
    pub fragments: u64,
    pub queue_full: u64,
    /// Those that no [`Link`] ever saw, because the program did not read them in time.
    pub missed: u64,
}

impl fmt::Display for Fates {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} packets", self.packets)?;
        for (count, fate) in [
            (self.lost, "lost"),
            (self.duplicated, "twice"),
            (self.reordered, "overtaken"),
            (self.corrupted, "damaged"),
            (self.too_large, "too large"),
            (self.fragments, "fragments dropped"),
            (self.queue_full, "found the queue full"),
            (self.missed, "came too fast for the relay"),
        ] {
            if count > 0 {
                write!(f, ", {count} {fate}")?;
            }
        }
        Ok(())
    }
}

impl Link {
    /// A direction in which nothing is on its way.
    pub fn new(faults: Faults, seed: u64) -> Link {
        Link {
            faults,
            random: Rng::with_seed(seed),
            nth: 0,
            held: Vec::new(),
            on_the_way: BinaryHeap::new(),
            order: 0,
            busy_until: Duration::ZERO,
            count: Fates::default(),
        }
    }

    /// Takes an IP packet that comes at this time, which is counted from any moment on.
    pub fn push(&mut self, now: Duration, mut packet: Vec<u8>) {
        self.nth += 1;
        self.count.packets += 1;
        // The same number of random values for each packet, whatever its fate.
        let mut happens = |percent: f64| self.random.f64() * 100.0 < percent;
        let [lost, twice, overtaken, damaged] = [
            happens(self.faults.loss),
            happens(self.faults.duplicate),
            happens(self.faults.reorder),
            happens(self.faults.corrupt),
        ];
        let by = self.random.u64(1..=4);
        let bit = self.random.u64(..);

        let largest = self.faults.max_size.unwrap_or(usize::MAX);
        if packet.len() > largest {
            self.count.too_large += 1;
        } else if self.faults.no_fragments && is_fragment(&packet) {
            self.count.fragments += 1;
        } else if lost {
            self.count.lost += 1;
        } else {
            let damage = match self.faults.undetected {
                true => flip_undetected,
                false => flip,
            };
            if damaged && damage(&mut packet, bit) {
                self.count.corrupted += 1;
            }
            if twice {
                self.count.duplicated += 1;
                self.depart(now, packet.clone());
            }
            if overtaken {
                self.count.reordered += 1;
                self.held.push(Held {
                    after: self.nth + by,
                    until: now + PATIENCE,
                    packet,
                });
            } else {
                self.depart(now, packet);
            }
        }
        self.release(now);
    }

    /// A packet that has arrived by now, if there is one.
    pub fn pop(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.release(now);
        let Reverse((due, ..)) = self.on_the_way.peek()?;
        if *due > now {
            return None;
        }
        let Reverse((_, _, packet)) = self.on_the_way.pop()?;
        Some(packet)
    }

    /// When to look again, if no further packet comes.
    pub fn next(&self) -> Option<Duration> {
        let due = self.on_the_way.peek().map(|Reverse((due, ..))| *due);
        let held = self.held.iter().map(|held| held.until);
        held.chain(due).min()
    }

    /// What became of the packets so far.
    pub fn fates(&self) -> Fates {
        self.count
    }

    /// Lets those go on that have been held back long enough.
    fn release(&mut self, now: Duration) {
        let nth = self.nth;
        while let Some(at) = self
            .held
            .iter()
            .position(|held| held.after <= nth || held.until <= now)
        {
            let packet = self.held.remove(at).packet;
            self.depart(now, packet);
        }
    }

    fn depart(&mut self, now: Duration, packet: Vec<u8>) {
        let mut gone = now;
        if let Some(rate) = self.faults.rate {
            let waiting = self.busy_until.saturating_sub(now).as_secs_f64() * rate as f64 / 8.0;
            if waiting as u64 + packet.len() as u64 > self.faults.queue {
                self.count.queue_full += 1;
                return;
            }
            let takes = Duration::from_secs_f64(packet.len() as f64 * 8.0 / rate as f64);
            gone = self.busy_until.max(now) + takes;
            self.busy_until = gone;
        }
        let due = gone + self.faults.delay;
        self.on_the_way.push(Reverse((due, self.order, packet)));
        self.order += 1;
    }
}

/// Whether this packet is a part of a larger one: MF or an offset in IPv4, a fragment
/// header (44) right behind the header of IPv6.
fn is_fragment(packet: &[u8]) -> bool {
    match packet.first().map(|first| first >> 4) {
        Some(4) => packet
            .get(6..8)
            .is_some_and(|field| field[0] & 0x3f != 0 || field[1] != 0),
        Some(6) => packet.get(6) == Some(&44),
        _ => false,
    }
}

/// How long the IP header is, in bytes.
fn header(packet: &[u8]) -> usize {
    match packet.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 0x0f) * 4,
        _ => 40,
    }
}

/// Flips one bit behind the IP header, if there is anything.
fn flip(packet: &mut [u8], bit: u64) -> bool {
    let header = header(packet);
    let Some(rest @ [_, ..]) = packet.get_mut(header..) else {
        return false;
    };
    let at = (bit / 8 % rest.len() as u64) as usize;
    rest[at] ^= 1 << (bit % 8);
    true
}

/// Flips one bit in the data of a datagram, and corrects the UDP checksum.
fn flip_undetected(packet: &mut [u8], bit: u64) -> bool {
    const UDP: u8 = 17;
    let protocol = match packet.first().map(|first| first >> 4) {
        Some(4) => packet.get(9),
        _ => packet.get(6),
    };
    let header = header(packet);
    if protocol != Some(&UDP) || is_fragment(packet) || packet.len() <= header + 8 {
        return false;
    }
    let (udp, data) = packet[header..].split_at_mut(8);
    let at = (bit / 8 % data.len() as u64) as usize;
    // The 16-bit number that this byte is a half of: an odd byte at the end has a zero behind
    // it (RFC 768).
    let pair = at & !1;
    let number = |data: &[u8]| u16::from_be_bytes([data[pair], *data.get(pair + 1).unwrap_or(&0)]);
    let before = number(data);
    data[at] ^= 1 << (bit % 8);
    let checksum = u16::from_be_bytes([udp[6], udp[7]]);
    if checksum != 0 {
        let checksum = match update(checksum, before, number(data)) {
            0 => 0xffff,
            checksum => checksum,
        };
        udp[6..8].copy_from_slice(&checksum.to_be_bytes());
    }
    true
}

#[cfg(test)]
mod tests {
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
}
