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
mod tests;
