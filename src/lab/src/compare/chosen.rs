//! What a kernel chooses: other values in every run, and in each run the same
//! ones throughout.

use std::collections::{HashMap, HashSet};

/// A value of a packet that no two runs share.
#[derive(Debug)]
pub struct Chosen {
    /// What it is, as in "TCP source port".
    pub name: String,
    /// Within what it has a meaning: a port, for example, on one host. Only
    /// values of one scope are compared.
    pub scope: String,
    pub choice: Choice,
}

#[derive(Debug)]
pub enum Choice {
    /// Picked at random, and the same wherever it is meant.
    Picked(String),
    /// Counted on from a first one that was picked at random.
    Counted(u32),
}

/// A scope, and a value in it.
type Key = (String, String);

/// Which value of the capture corresponds to which of the reference.
#[derive(Default)]
pub struct Pairs {
    /// By values of the reference: the value of the capture, and where it was.
    picked: HashMap<Key, Key>,
    /// By scope in the reference: the first number in each of the two.
    first: HashMap<String, (u32, u32)>,
    /// The contradictions that are not told again, if none is to be told twice.
    told: Option<HashSet<Contradiction>>,
}

/// What holds for one row only, in which packets have an order.
#[derive(Default)]
pub struct Used {
    /// By values of the capture: the one of the reference that it corresponds
    /// to now, and where. A number comes back when its first user is gone; but not
    /// before.
    used: HashMap<Key, Key>,
    /// The values of the reference that were in this row.
    seen: HashSet<Key>,
}

/// What is the same wherever one cause makes values differ.
#[derive(PartialEq, Eq, Hash)]
enum Contradiction {
    /// A value of the reference has this second one in the capture.
    Another(Key, String),
    /// A value of the capture has this second one in the reference.
    Shared(Key, String),
    /// Numbers of a scope are so much higher in the capture.
    Shifted(String, u32),
}

impl Pairs {
    /// Pairs that pass over a contradiction when they have told it once.
    pub fn that_tell_once() -> Pairs {
        Pairs {
            told: Some(HashSet::new()),
            ..Pairs::default()
        }
    }

    /// Remembers what corresponds to what, and says where that contradicts what was
    /// before. `here` is where these values of the capture are.
    pub fn differ(
        &mut self,
        row: &mut Used,
        mine: &[Chosen],
        reference: &[Chosen],
        here: &str,
    ) -> Option<String> {
        let mut both = mine.iter().zip(reference);
        both.find_map(|(mine, reference)| {
            let (what, words) = match (&mine.choice, &reference.choice) {
                (Choice::Picked(one), Choice::Picked(other)) => {
                    let key = |of: &Chosen, value: &str| (of.scope.clone(), value.to_owned());
                    self.picked(row, key(mine, one), key(reference, other), here)?
                }
                (&Choice::Counted(one), &Choice::Counted(other)) => {
                    self.counted(&reference.scope, one, other)?
                }
                _ => return None, // in packets that have the same layers
            };
            let news = self.told.as_mut().is_none_or(|told| told.insert(what));
            news.then(|| format!("{}: {words}", mine.name))
        })
    }

    fn picked(
        &mut self,
        row: &mut Used,
        mine: Key,
        reference: Key,
        here: &str,
    ) -> Option<(Contradiction, String)> {
        let (one, other) = (mine.1.clone(), reference.1.clone());
        let now = (one.clone(), here.to_owned());
        let (before, there) = self.picked.entry(reference.clone()).or_insert(now);
        if *before != one {
            let words = format!(
                "{one} in yours, where {there} has {before}; in the reference both have {other}"
            );
            return Some((Contradiction::Another(reference, one), words));
        }
        let now = (other.clone(), here.to_owned());
        if row.seen.insert(reference) {
            row.used.insert(mine, now);
            return None;
        }
        let (before, there) = row.used.entry(mine.clone()).or_insert(now);
        (*before != other).then(|| {
            let words = format!(
                "{one} in yours, as in {there}; in the reference this one has {other}, \
                 and that one {before}"
            );
            (Contradiction::Shared(mine, other), words)
        })
    }

    fn counted(
        &mut self,
        scope: &str,
        mine: u32,
        reference: u32,
    ) -> Option<(Contradiction, String)> {
        let now = (mine, reference);
        let (first, other) = *self.first.entry(scope.to_owned()).or_insert(now);
        // Half of all numbers count as later, half as earlier, as in TCP itself.
        let from = |first: u32, number: u32| number.wrapping_sub(first) as i32;
        let shift = mine.wrapping_sub(reference);
        let (mine, reference) = (from(first, mine), from(other, reference));
        (mine != reference).then(|| {
            let words = format!(
                "{mine} in yours, {reference} in the reference, \
                 counted from the first of that direction"
            );
            (Contradiction::Shifted(scope.to_owned(), shift), words)
        })
    }
}
