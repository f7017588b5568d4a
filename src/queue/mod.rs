//! A queue of the tunnel's own, in front of a path that takes only so much:
//! where packets wait, for how long, and which are dropped.
//!
//! [`bucket`] says when the next packet may go, and [`codel`] which packets are
//! dropped so that the others do not wait long. Times are counted from any moment
//! on, which the caller chooses.

pub mod bucket;
pub mod codel;

use std::collections::VecDeque;
use std::time::Duration;

use clap::ValueEnum;

use crate::validate::DropReason;
use bucket::Bucket;
use codel::Codel;

/// Where packets wait, and which are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Discipline {
    /// In the device: a packet is read when it may be sent
    Device,
    /// In the program: what finds the queue full is dropped
    DropTail,
    /// In the program: also dropped if all wait too long (CoDel)
    Codel,
}

// ANCHOR: queue
/// Packets that wait to be sent, in the order in which they came.
pub struct Queue {
    waiting: VecDeque<Waiting>,
    /// How many packets may wait.
    limit: usize,
    codel: Option<Codel>,
    /// `None` if everything may go at once.
    bucket: Option<Bucket>,
    /// How many bytes longer a packet is outside than inside.
    overhead: usize,
}

struct Waiting {
    since: Duration,
    inner: Vec<u8>,
}

/// What became of the packet at the head of the queue.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It may be sent now.
    Send(Vec<u8>),
    /// It was dropped, and the next one is at the head.
    Dropped(DropReason),
    /// It may be sent after this time.
    Wait(Duration),
    /// There is none.
    Empty,
}

impl Queue {
    /// An empty queue for `limit` packets, each `overhead` bytes longer outside.
    pub fn new(
        discipline: Discipline,
        limit: usize,
        bucket: Option<Bucket>,
        overhead: usize,
    ) -> Queue {
        Queue {
            waiting: VecDeque::new(),
            // The device is the queue: here is only the packet that goes next.
            limit: if discipline == Discipline::Device {
                1
            } else {
                limit
            },
            codel: (discipline == Discipline::Codel).then(Codel::default),
            bucket,
            overhead,
        }
    }

    /// Puts an inner packet at the end.
    ///
    /// # Errors
    /// The queue is full, and the packet is dropped.
    pub fn push(&mut self, now: Duration, inner: &[u8]) -> Result<(), DropReason> {
        if self.is_full() {
            return Err(DropReason::QueueFull);
        }
        self.waiting.push_back(Waiting {
            since: now,
            inner: inner.to_vec(),
        });
        Ok(())
    }

    /// Whether the next packet would be dropped.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= self.limit
    }

    /// Takes the packet at the head, if it may be sent by now.
    pub fn pop(&mut self, now: Duration) -> Next {
        if let Some(bucket) = &mut self.bucket
            && let Some(head) = self.waiting.front()
            && let wait = bucket.wait(now, head.inner.len() + self.overhead)
            && wait > Duration::ZERO
        {
            return Next::Wait(wait);
        }
        let Some(head) = self.waiting.pop_front() else {
            return Next::Empty;
        };
        let sojourn = now.saturating_sub(head.since);
        if let Some(codel) = &mut self.codel
            && codel.drops(now, sojourn, bytes(&self.waiting))
        {
            return Next::Dropped(DropReason::Early);
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.take(now, head.inner.len() + self.overhead);
        }
        Next::Send(head.inner)
    }
}

fn bytes(waiting: &VecDeque<Waiting>) -> usize {
    waiting.iter().map(|packet| packet.inner.len()).sum()
}
// ANCHOR_END: queue

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Pushes a packet with each number and length after a pause in microseconds, sends
    /// whatever may go, and then empties the queue: what was sent when, and how many were dropped.
    fn play(mut queue: Queue, packets: &[(u64, usize)]) -> (Vec<(Duration, Vec<u8>)>, usize) {
        let (mut now, mut sent, mut dropped) = (Duration::ZERO, Vec::new(), 0);
        let mut run = |queue: &mut Queue, now: &mut Duration, until: Option<Duration>| loop {
            match queue.pop(*now) {
                Next::Send(inner) => sent.push((*now, inner)),
                Next::Dropped(_) => dropped += 1,
                Next::Wait(wait) => match until {
                    Some(until) if *now + wait > until => break,
                    _ => *now += wait,
                },
                Next::Empty => break,
            }
        };
        let mut refused = 0;
        for (nth, (pause, length)) in packets.iter().enumerate() {
            let at = now + Duration::from_micros(*pause);
            run(&mut queue, &mut now, Some(at));
            now = at;
            let mut inner = vec![0; *length];
            inner[..4].copy_from_slice(&(nth as u32).to_be_bytes());
            refused += usize::from(queue.push(now, &inner).is_err());
        }
        run(&mut queue, &mut now, None);
        (sent, dropped + refused)
    }

    /// 1000 bytes a millisecond, and packets of 1000 bytes with their outer header.
    fn slow(discipline: Discipline, limit: usize) -> Queue {
        Queue::new(discipline, limit, Some(Bucket::new(8_000_000, 1000)), 28)
    }

    #[test]
    fn a_full_queue_drops_what_comes_last() {
        let mut queue = slow(Discipline::DropTail, 3);
        for nth in 0..3 {
            assert_eq!(queue.push(MS, &[nth; 972]), Ok(()));
        }
        assert_eq!(queue.push(MS, &[3; 972]), Err(DropReason::QueueFull));
        assert_eq!(queue.pop(MS), Next::Send(vec![0; 972]));
        assert_eq!(queue.pop(MS), Next::Wait(MS));
        assert_eq!(queue.pop(2 * MS), Next::Send(vec![1; 972]));
        assert_eq!(queue.pop(9 * MS), Next::Send(vec![2; 972]));
        assert_eq!(queue.pop(9 * MS), Next::Empty);
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let mut queue = Queue::new(Discipline::Codel, 1, None, 28);
        for nth in 0..100 {
            assert_eq!(queue.push(MS, &[nth; 972]), Ok(()));
            assert_eq!(queue.pop(MS), Next::Send(vec![nth; 972]));
        }
    }

    /// Packets that come twice as fast as they may go: drop-tail lets all of them wait,
    /// CoDel drops some long before the queue is full.
    #[test]
    fn codel_drops_early() {
        let packets = [(500, 972); 2000];
        let (_, by_tail) = play(slow(Discipline::DropTail, 1500), &packets);
        let (_, by_codel) = play(slow(Discipline::Codel, 1500), &packets);
        assert_eq!(by_tail, 0);
        assert!(by_codel > 10, "{by_codel}");
    }

    /// A packet takes 10 ms, which is longer than the target, and one waits behind the other: a
    /// slow path would be idle if that were a reason to drop (RFC 8289, section 5.2).
    #[test]
    fn codel_leaves_two_packets_on_a_slow_path_alone() {
        let bucket = Bucket::new(800_000, 1000);
        let queue = Queue::new(Discipline::Codel, 1000, Some(bucket), 28);
        let (sent, dropped) = play(queue, &[(5_000, 472); 1000]);
        assert_eq!((sent.len(), dropped), (1000, 0));
        let bucket = Bucket::new(800_000, 1000);
        let mut queue = Queue::new(Discipline::Codel, 1000, Some(bucket), 28);
        for nth in 0..100 {
            // Two are always there.
            while bytes(&queue.waiting) < 2 * 972 {
                assert_eq!(queue.push(10 * MS * nth, &[0; 972]), Ok(()));
            }
            let next = queue.pop(10 * MS * nth);
            assert!(matches!(next, Next::Send(_)), "{nth}: {next:?}");
        }
    }

    proptest! {
        /// Nothing is lost without being counted, repeated, changed or overtaken, and no window
        /// has more than its rate.
        #[test]
        fn packets_go_once_in_order_and_not_too_fast(
            packets in prop::collection::vec((0u64..3_000, 4usize..1473), 1..300),
            discipline in prop::sample::select(vec![Discipline::DropTail, Discipline::Codel]),
            limit in 1usize..100,
            rate in 500_000u64..100_000_000,
        ) {
            let queue = Queue::new(discipline, limit, Some(Bucket::new(rate, 1500)), 28);
            let (sent, dropped) = play(queue, &packets);
            prop_assert_eq!(sent.len() + dropped, packets.len());
            let number = |inner: &[u8]| u32::from_be_bytes([inner[0], inner[1], inner[2], inner[3]]);
            prop_assert!(sent.windows(2).all(|pair| number(&pair[0].1) < number(&pair[1].1)));
            for (_, inner) in &sent {
                prop_assert_eq!(inner.len(), packets[number(inner) as usize].1);
            }
            for first in 0..sent.len() {
                let mut bits = 0.0;
                for (at, inner) in &sent[first..] {
                    bits += (inner.len() + 28) as f64 * 8.0;
                    let window = (*at - sent[first].0).as_secs_f64();
                    prop_assert!(bits <= 1500.0 * 8.0 + window * rate as f64 + 1.0);
                }
            }
        }
    }
}
