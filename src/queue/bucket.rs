//! A token bucket: how much may be sent, and when the next packet may go.

use std::time::Duration;

/// A bit that waits for a second, in the units that the bucket counts in.
const BIT: u128 = 1_000_000_000;

// ANCHOR: bucket
/// A bucket that fills at a rate and is emptied by what is sent. It never
/// holds more than its burst, so that a pause earns no flood afterwards.
///
/// It counts in bits times nanoseconds, because a rate of so many bits a second
/// adds exactly that many of them in each nanosecond: nothing is ever rounded.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Bits per second.
    rate: u64,
    /// How much it can hold.
    most: u128,
    holds: u128,
    /// When it was last filled.
    filled: Duration,
}

impl Bucket {
    /// A full bucket for this many bits per second, which holds this many
    /// bytes. A rate of 0 counts as 1.
    pub fn new(rate: u64, burst: usize) -> Bucket {
        let most = cost(burst);
        Bucket {
            rate: rate.max(1),
            most,
            holds: most,
            filled: Duration::ZERO,
        }
    }

    /// How long a packet of this many bytes has to wait from now on. One that is longer than
    /// the burst waits until the bucket is full.
    pub fn wait(&mut self, now: Duration, bytes: usize) -> Duration {
        let since = now.saturating_sub(self.filled);
        self.filled = self.filled.max(now);
        self.holds = self
            .most
            .min(self.holds + since.as_nanos() * u128::from(self.rate));
        let missing = self.cost(bytes).saturating_sub(self.holds);
        let nanos = missing.div_ceil(u128::from(self.rate));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Takes a packet of this many bytes out of the bucket, if it need not wait.
    pub fn take(&mut self, now: Duration, bytes: usize) -> bool {
        let enough = self.wait(now, bytes) == Duration::ZERO;
        if enough {
            self.holds -= self.cost(bytes);
        }
        enough
    }

    fn cost(&self, bytes: usize) -> u128 {
        cost(bytes).min(self.most)
    }
}

fn cost(bytes: usize) -> u128 {
    bytes as u128 * 8 * BIT
}
// ANCHOR_END: bucket

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 8 Mbit are a byte in each microsecond.
    #[test]
    fn a_packet_waits_for_its_bytes() {
        let mut bucket = Bucket::new(8_000_000, 1500);
        assert!(bucket.take(Duration::ZERO, 1500));
        assert!(!bucket.take(Duration::from_micros(999), 1000));
        assert_eq!(
            bucket.wait(Duration::from_micros(999), 1000),
            Duration::from_micros(1)
        );
        assert!(bucket.take(Duration::from_micros(1000), 1000));
        // A long pause fills it once.
        assert!(bucket.take(Duration::from_secs(9), 1500));
        assert!(!bucket.take(Duration::from_secs(9), 1));
    }

    /// As after `ip link set tun0 mtu`.
    #[test]
    fn a_packet_longer_than_the_burst_goes_too() {
        let mut bucket = Bucket::new(8_000_000, 1500);
        assert!(bucket.take(Duration::ZERO, 2000));
        assert!(!bucket.take(Duration::from_micros(1499), 2000));
        assert!(bucket.take(Duration::from_micros(1500), 2000));
    }

    proptest! {
        /// Over any window, no more than the burst and what the rate allows.
        #[test]
        fn no_window_has_more_than_the_rate(
            rate in 1_000u64..10_000_000_000,
            burst in 1500usize..100_000,
            packets in prop::collection::vec((0u64..3_000_000, 1usize..1500), 1..100),
        ) {
            let mut bucket = Bucket::new(rate, burst);
            let mut now = Duration::ZERO;
            let mut gone: Vec<(Duration, usize)> = Vec::new();
            for (pause, bytes) in packets {
                now += Duration::from_nanos(pause);
                if bucket.take(now, bytes) {
                    gone.push((now, bytes));
                }
            }
            for first in 0..gone.len() {
                let mut bits = 0u128;
                for &(at, bytes) in &gone[first..] {
                    bits += bytes as u128 * 8;
                    let window = (at - gone[first].0).as_nanos();
                    prop_assert!(bits * BIT <= burst as u128 * 8 * BIT + window * u128::from(rate));
                }
            }
        }

        /// After the time it names, and not before, the packet may go.
        #[test]
        fn wait_is_exact(rate in 1u64..10_000_000_000, bytes in 1usize..1500) {
            let mut bucket = Bucket::new(rate, 1500);
            prop_assert!(bucket.take(Duration::ZERO, 1500));
            let wait = bucket.wait(Duration::ZERO, bytes);
            prop_assert!(!bucket.clone().take(wait - Duration::from_nanos(1), bytes));
            prop_assert!(bucket.take(wait, bytes));
        }
    }
}
