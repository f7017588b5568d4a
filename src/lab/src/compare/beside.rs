//! A row of packets beside the one of the reference.

use std::time::Duration;

use super::Difference;
use super::align::{Row, Step, align};
use super::captures::Place;
use super::chosen::{Pairs, Used};
use super::fact::Kind;
use super::moved::Moved;
use super::normalise::normalise;
use super::words::{self, Words};

/// The packets of one place in both captures, laid side by side.
pub struct Beside<'a> {
    place: &'a Place,
    mine: &'a Row,
    reference: &'a Row,
    steps: Vec<Step>,
    /// The first step that no difference has told of yet.
    next: usize,
    used: Used,
    /// Known when a packet has no counterpart, which is rare.
    moved: Option<Moved>,
}

/// A difference, and when the reference had that packet.
pub struct Found {
    pub at: Duration,
    pub difference: Difference,
}

impl<'a> Beside<'a> {
    pub fn new(place: &'a Place, mine: &'a Row, reference: &'a Row) -> Beside<'a> {
        Beside {
            place,
            mine,
            reference,
            steps: align(&mine.packets, &reference.packets),
            next: 0,
            used: Used::default(),
            moved: None,
        }
    }

    /// Where each step belongs among those of other rows of one file: before which
    /// packet of the capture, and then of the reference.
    pub fn order(&self) -> Vec<(usize, usize)> {
        let mut before = usize::MAX;
        let steps = self.steps.iter().rev().map(|step| {
            before = step.mine.map_or(before, |one| self.mine.numbers[one]);
            let reference = step.reference.map(|other| self.reference.numbers[other]);
            (before, reference.unwrap_or(usize::MAX))
        });
        let mut order: Vec<_> = steps.collect();
        order.reverse();
        order
    }

    /// The first difference of a row.
    pub fn first(&mut self, pairs: &mut Pairs) -> Option<Found> {
        (0..self.steps.len()).find_map(|at| self.step(at, pairs))
    }

    /// What is different at a step, if that was not told at an earlier one.
    pub fn step(&mut self, at: usize, pairs: &mut Pairs) -> Option<Found> {
        let step = self.steps[at];
        let (step, words, count) = match (step.mine, step.reference) {
            (Some(one), Some(other)) => (step, self.both(one, other, pairs)?, 1),
            _ if at < self.next => return None,
            _ => self.alone(at)?,
        };
        self.next = at + count;
        let last = self.reference.packets.len().saturating_sub(1);
        let there = self.reference.packets.get(step.reference.unwrap_or(last));
        let mut difference = self.place.difference(
            words,
            step.mine.map(|at| self.mine.numbers[at]),
            step.reference.map(|at| self.reference.numbers[at]),
        );
        let others = self.steps[at + 1..self.next].iter();
        let others = others.filter_map(|step| step.mine.map(|one| self.mine.numbers[one]));
        difference.others.extend(others);
        Some(Found {
            at: there.map_or(Duration::MAX, |packet| packet.time),
            difference,
        })
    }

    /// Two packets that are counterparts.
    fn both(&mut self, one: usize, other: usize, pairs: &mut Pairs) -> Option<Words> {
        let packets = (&self.mine.packets[one], &self.reference.packets[other]);
        let (ours, theirs) = (normalise(packets.0), normalise(packets.1));
        let found = words::first(&ours, &theirs);
        let chosen = match found {
            // A checksum is wrong because of something else, perhaps of this.
            None | Some((Kind::Checksum, _)) => {
                let here = format!(
                    "packet {} of {}",
                    self.mine.numbers[one], self.place.interface
                );
                pairs.differ(&mut self.used, &ours.chosen, &theirs.chosen, &here)
            }
            Some(_) => None,
        };
        let what = chosen.or(found.map(|(_, words)| words))?;
        Some(words::both(what, packets))
    }

    /// The packets from this step on that have no counterparts, or the first, if it
    /// has it elsewhere; at which packets to look, and how many steps that are.
    fn alone(&mut self, at: usize) -> Option<(Step, Words, usize)> {
        let (mine, reference) = (self.mine, self.reference);
        let steps = &self.steps;
        let moved = self
            .moved
            .get_or_insert_with(|| Moved::of(steps, mine, reference));
        if let Some(packet @ (one, other)) = moved.at(at) {
            let step = Step {
                mine: Some(one),
                reference: Some(other),
            };
            let news = moved.is_news(packet);
            return news.then(|| (step, words::moved(packet, mine, reference), 1));
        }
        let sides = |step: &Step| (step.mine.is_some(), step.reference.is_some());
        let same = |step: &&Step| sides(step) == sides(&steps[at]);
        let count = steps[at..].iter().take_while(same).count();
        let words = words::alone(steps, at, count, mine, reference);
        // Where one has nothing to show, what comes in its place.
        let step = Step {
            mine: steps[at..].iter().find_map(|step| step.mine),
            reference: steps[at..].iter().find_map(|step| step.reference),
        };
        Some((step, words, count))
    }
}
