//! Ctrl-C as a descriptor, so that a program can wait for it and for packets
//! in one place, and end on its own feet: counters printed, nothing left.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::{Error, Result};
use crate::sys;

/// Becomes readable when the program is asked to stop, by SIGINT (Ctrl-C) or
/// by SIGTERM. See signalfd(2).
pub struct Stop(SignalFd);

impl Stop {
    /// Blocks the two signals and opens the descriptor that reports them.
    ///
    /// To be called before the first thread starts: threads inherit the
    /// blocked signals, and one that did not would die of them.
    pub fn new() -> Result<Stop> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGINT);
        signals.add(Signal::SIGTERM);
        signals
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC))
            .map(Stop)
            .map_err(|why| Error::system("cannot turn Ctrl-C into a descriptor", why))
    }

    /// Waits until there is something to read from `source`: `true`. Or until
    /// the program is asked to stop: `false`.
    ///
    /// An error of `source` counts as something to read; reading tells which.
    pub fn wait(&self, source: &impl AsRawFd) -> Result<bool> {
        let mut both = [
            PollFd::new(sys::borrow(source), PollFlags::POLLIN),
            PollFd::new(self.as_fd(), PollFlags::POLLIN),
        ];
        loop {
            match poll(&mut both, PollTimeout::NONE) {
                Ok(_) => return Ok(both[1].any() == Some(false)),
                Err(Errno::EINTR) => continue,
                Err(why) => return Err(Error::system("cannot wait for packets", why)),
            }
        }
    }
}

impl Stop {
    /// Waits until the program is asked to stop, and for nothing else.
    pub fn wait_alone(&self) -> Result<()> {
        // Itself as the source: readable means that it is time to stop.
        self.wait(&self.0).map(drop)
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
