//! Something to be done: what it needs, and which process does it.

use anyhow::bail;
use lab::namespace::Watch;
use lab::run_dir::Running;

/// What must be there before a job begins.
#[derive(PartialEq, PartialOrd)]
pub enum Needs {
    Nothing,
    /// What every lab needs: /dev/net/tun and `ip`.
    Machine,
    /// That, and a terminal that is not inside a lab already.
    Outside,
    /// That, and the programs that run on the hosts.
    Programs,
    /// Those, and the one that makes a page with the packets.
    View,
}

type Here<'a> = Box<dyn FnOnce() -> anyhow::Result<u8> + 'a>;
type InLab<'a> = Box<dyn FnOnce(&Watch) -> anyhow::Result<u8> + 'a>;
type InRunning<'a> = Box<dyn FnOnce(&Running) -> anyhow::Result<u8> + 'a>;

/// Which process does a job. The results are exit codes.
pub enum Place<'a> {
    /// The one that the reader started.
    Here(Here<'a>),
    /// The first process of a new lab.
    Lab(InLab<'a>),
    /// The one that the reader started, if a lab runs; otherwise the first
    /// process of a new one.
    RunningLab(InRunning<'a>, InLab<'a>),
}

/// How an action is done.
pub struct Job<'a> {
    pub needs: Needs,
    pub place: Place<'a>,
}

impl Job<'_> {
    /// Does it, in the first process of a new lab.
    pub fn inner(self, watch: &Watch) -> anyhow::Result<u8> {
        match self.place {
            Place::Lab(done) | Place::RunningLab(_, done) => done(watch),
            Place::Here(_) => bail!("this command is not one that runs inside a lab"),
        }
    }
}
