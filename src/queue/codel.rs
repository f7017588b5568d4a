//! CoDel, "controlled delay": which packets to drop so that a queue stays short
//! (RFC 8289).

use std::time::Duration;

// ANCHOR: codel
/// How long a packet may wait without harm (RFC 8289, section 4.3).
pub const TARGET: Duration = Duration::from_millis(5);

/// Where no more than this many bytes wait, nothing is dropped, or a slow path would be
/// idle in between.
pub const FULL_PACKET: usize = 1500;

/// How long the senders get to slow down, which is a long round trip (RFC 8289,
/// section 4.2).
pub const INTERVAL: Duration = Duration::from_millis(100);

/// Decides for each packet at the head of a queue whether it is dropped. Names
/// and steps are those of RFC 8289, section 5.
#[derive(Clone, Debug, Default)]
pub struct Codel {
    /// When it will have been an interval since packets began to wait longer
    /// than [`TARGET`]; `None` while they do not.
    first_above_time: Option<Duration>,
    dropping: bool,
    drop_next: Duration,
    /// How many were dropped since `dropping` began.
    count: u32,
    lastcount: u32,
}

impl Codel {
    /// Whether the packet at the head is to be dropped. It has waited for
    /// `sojourn`, and so many bytes wait behind it.
    pub fn drops(&mut self, now: Duration, sojourn: Duration, behind: usize) -> bool {
        let too_long = self.waits_too_long(now, sojourn, behind);
        if self.dropping {
            self.dropping = too_long;
            if !too_long || now < self.drop_next {
                return false;
            }
            self.count += 1;
            self.drop_next = control_law(self.drop_next, self.count);
        } else {
            if !too_long {
                return false;
            }
            self.dropping = true;
            // If the last round of drops is not long ago, go on at its pace.
            let delta = self.count - self.lastcount;
            let recent = now.saturating_sub(self.drop_next) < 16 * INTERVAL;
            self.count = if delta > 1 && recent { delta } else { 1 };
            self.drop_next = control_law(now, self.count);
            self.lastcount = self.count;
        }
        true
    }

    /// Whether all packets of a whole interval have waited too long.
    fn waits_too_long(&mut self, now: Duration, sojourn: Duration, behind: usize) -> bool {
        if sojourn < TARGET || behind <= FULL_PACKET {
            self.first_above_time = None;
            return false;
        }
        now >= *self.first_above_time.get_or_insert(now + INTERVAL)
    }
}

/// Each drop follows the one before sooner: TCP's rate falls with the square
/// root of the loss.
fn control_law(time: Duration, count: u32) -> Duration {
    time + INTERVAL.div_f64(f64::from(count).sqrt())
}
// ANCHOR_END: codel

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// The times in ms of the drops, when a packet that has waited for so many ms comes each ms.
    fn drops(sojourn: impl Fn(u32) -> u32, until: u32) -> Vec<u32> {
        let mut codel = Codel::default();
        (0..until)
            .filter(|&at| codel.drops(MS * at, MS * sojourn(at), 9000))
            .collect()
    }

    /// 100 ms, then 100, 100/√2, 100/√3 … after each other.
    #[test]
    fn drops_come_faster_and_faster() {
        assert_eq!(drops(|_| 50, 500), [100, 200, 271, 329, 379, 424, 464]);
    }

    #[test]
    fn one_short_wait_ends_it() {
        let short_at = |short| move |at| if at == short { 4 } else { 50 };
        assert_eq!(drops(short_at(99), 199), []);
        // At 200 it would have dropped the next.
        assert_eq!(drops(short_at(150), 250), [100]);
    }

    #[test]
    fn it_remembers_the_pace_of_the_last_round() {
        let pause = |at| if (480..=500).contains(&at) { 0 } else { 50 };
        let all = drops(pause, 800);
        let second: Vec<_> = all.iter().filter(|&&at| at > 500).collect();
        // The first round began with 100 ms between two drops.
        assert!(*second[1] - *second[0] < 50, "{all:?}");
    }

    proptest! {
        /// Whatever the times, nothing is dropped while packets wait for less than the target.
        #[test]
        fn nothing_is_dropped_below_the_target(
            packets in prop::collection::vec((0u64..1_000, 0u64..5_000), 1..1000),
        ) {
            let mut codel = Codel::default();
            let mut now = Duration::ZERO;
            for (pause, sojourn) in packets {
                now += Duration::from_millis(pause);
                prop_assert!(!codel.drops(now, Duration::from_micros(sojourn), 9000));
            }
        }

        /// Nor when the queue is almost empty, and never anything in the first interval.
        #[test]
        fn the_last_packets_always_go(
            packets in prop::collection::vec((0u64..1_000, 0u64..1_000_000, 0usize..3_000), 1..1000),
        ) {
            let mut codel = Codel::default();
            let mut now = Duration::ZERO;
            for (pause, sojourn, behind) in packets {
                now += Duration::from_millis(pause);
                let dropped = codel.drops(now, Duration::from_micros(sojourn), behind);
                prop_assert!(!dropped || behind > FULL_PACKET && now >= INTERVAL);
            }
        }
    }
}
