//! Packets that both rows have, but in another order.

use std::collections::{HashMap, HashSet, VecDeque};

use super::align::{Row, Step, whole};
use super::normalise::normalise;
use ip_over_udp::capture::Packet;

/// The missing packets that are somewhere else among the extra ones.
pub struct Moved {
    /// By steps, of which two lead to each: where it is in each row.
    packets: HashMap<usize, (usize, usize)>,
    /// Those that were told, or came directly behind one that was.
    told: HashSet<(usize, usize)>,
}

impl Moved {
    pub fn of(steps: &[Step], mine: &Row, reference: &Row) -> Moved {
        let mut moved = Moved {
            packets: HashMap::new(),
            told: HashSet::new(),
        };
        let missing = || alone(steps, |step| step.mine.is_none().then_some(step.reference?));
        let extra = || alone(steps, |step| step.reference.is_none().then_some(step.mine?));
        if missing().next().is_none() || extra().next().is_none() {
            return moved; // and no packet needs to be taken apart
        }
        let token = |packet: &Packet| whole(&normalise(packet));
        let mut wanted: HashMap<u64, VecDeque<(usize, usize)>> = HashMap::new();
        for (at, other) in missing() {
            let alike = wanted.entry(token(&reference.packets[other])).or_default();
            alike.push_back((at, other));
        }
        for (at, one) in extra() {
            let alike = wanted.get_mut(&token(&mine.packets[one]));
            if let Some((there, other)) = alike.and_then(VecDeque::pop_front) {
                moved.packets.insert(at, (one, other));
                moved.packets.insert(there, (one, other));
            }
        }
        moved
    }

    /// Where the packet of a step without a counterpart is in each row, if the
    /// other row has it in another place.
    pub fn at(&self, step: usize) -> Option<(usize, usize)> {
        self.packets.get(&step).copied()
    }

    /// Whether nobody knows of this packet yet. Of several that moved together,
    /// the first is enough.
    pub fn is_news(&mut self, (one, other): (usize, usize)) -> bool {
        let before = one.checked_sub(1).zip(other.checked_sub(1));
        let together = before.is_some_and(|before| self.told.contains(&before));
        self.told.insert((one, other)) && !together
    }
}

/// The steps without a counterpart, of one side: which they are, and where the
/// packet is in its row.
fn alone(
    steps: &[Step],
    side: impl Fn(&Step) -> Option<usize>,
) -> impl Iterator<Item = (usize, usize)> {
    let steps = steps.iter().enumerate();
    steps.filter_map(move |(at, step)| Some((at, side(step)?)))
}
