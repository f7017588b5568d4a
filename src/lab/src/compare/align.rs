//! Which packet of the capture corresponds to which of the reference.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::fact::{About, Normal};
use super::normalise::normalise;
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::FieldName;

/// The packets of one interface in one file, in their order.
#[derive(Default)]
pub struct Row {
    pub packets: Vec<Packet>,
    /// The number of each in the file, from 1.
    pub numbers: Vec<usize>,
}

/// A packet and its counterpart: where each is in its row. A packet that is
/// missing or extra has none.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub mine: Option<usize>,
    pub reference: Option<usize>,
}

/// What two packets must share to be laid side by side. What is left over when
/// equal ones have been found is searched for those of one kind, and what is
/// then left over is taken in its order.
const LEVELS: [fn(&Normal) -> u64; 3] = [whole, kind, |_| 0];

/// Lays the packets of two rows side by side.
pub fn align(mine: &[Packet], reference: &[Packet]) -> Vec<Step> {
    let mut rows = Rows {
        mine,
        reference,
        steps: Vec::new(),
    };
    rows.lay(0..mine.len(), 0..reference.len(), 0);
    rows.steps
}

struct Rows<'a> {
    mine: &'a [Packet],
    reference: &'a [Packet],
    steps: Vec<Step>,
}

impl Rows<'_> {
    /// Aligns a part of one row with a part of the other.
    fn lay(&mut self, mine: Range<usize>, reference: Range<usize>, level: usize) {
        let alone = mine.is_empty() || reference.is_empty();
        let Some(token) = LEVELS.get(level).filter(|_| !alone) else {
            let missing = reference.map(|at| (None, Some(at)));
            let extra = mine.map(|at| (Some(at), None));
            self.push(missing.chain(extra));
            return;
        };
        let tokens = |packets: &[Packet]| -> Vec<u64> {
            let packets = packets.iter();
            packets.map(|packet| token(&normalise(packet))).collect()
        };
        let mut input = InternedInput::default();
        input.update_before(tokens(&self.reference[reference.clone()]).into_iter());
        input.update_after(tokens(&self.mine[mine.clone()]).into_iter());
        let (mut one, mut other) = (mine.start, reference.start);
        for hunk in Diff::compute(Algorithm::Myers, &input).hunks() {
            let part =
                |start: usize, of: Range<u32>| start + of.start as usize..start + of.end as usize;
            let (ours, theirs) = (
                part(mine.start, hunk.after),
                part(reference.start, hunk.before),
            );
            self.pair(one..ours.start, other..theirs.start);
            self.lay(ours.clone(), theirs.clone(), level + 1);
            (one, other) = (ours.end, theirs.end);
        }
        self.pair(one..mine.end, other..reference.end);
    }

    fn pair(&mut self, mine: Range<usize>, reference: Range<usize>) {
        self.push(mine.map(Some).zip(reference.map(Some)));
    }

    fn push(&mut self, steps: impl Iterator<Item = (Option<usize>, Option<usize>)>) {
        let steps = steps.map(|(mine, reference)| Step { mine, reference });
        self.steps.extend(steps);
    }
}

/// A number that two packets share if nothing differs but what kernels choose.
pub fn whole(normal: &Normal) -> u64 {
    let mut hasher = DefaultHasher::new();
    normal.layers.hash(&mut hasher);
    hasher.finish()
}

/// A number that two packets share if they have the same headers, and are
/// between the same two programs.
fn kind(normal: &Normal) -> u64 {
    let mut hasher = DefaultHasher::new();
    for layer in &normal.layers {
        layer.title.hash(&mut hasher);
        for fact in layer.facts.iter().filter(|fact| says_who(fact.about)) {
            fact.value.hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Whether it says between whom a packet is, or of which kind.
fn says_who(about: About) -> bool {
    match about {
        About::LinkType => true,
        About::Field(name) => matches!(
            name,
            FieldName::SourceAddress
                | FieldName::DestinationAddress
                | FieldName::SenderProtocolAddress
                | FieldName::TargetProtocolAddress
                | FieldName::SourcePort
                | FieldName::DestinationPort
                | FieldName::Type
                | FieldName::Operation
        ),
        _ => false,
    }
}
