//! Ctrl-C as a descriptor, so that a program can wait for it and for packets
//! in one place, and end on its own feet: counters printed, nothing left.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::{Error, Result};
pub use crate::sys::default_signals;

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
        descriptor(signals).map(Stop)
    }

    /// Waits until there is something to read from `source`: `true`. Or until
    /// the program is asked to stop: `false`.
    ///
    /// An error of `source` counts as something to read; reading tells which.
    pub fn wait(&self, source: &impl AsFd) -> Result<bool> {
        let mut both = [
            PollFd::new(source.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.as_fd(), PollFlags::POLLIN),
        ];
        loop {
            match poll(&mut both, PollTimeout::NONE) {
                Ok(_) => return Ok(both[1].any() == Some(false)),
                Err(Errno::EINTR) => continue,
                Err(err) => return Err(Error::system("cannot wait for packets", err)),
            }
        }
    }
}

/// Becomes readable when somebody asks the program what it has counted so far,
/// by SIGUSR1: `kill -USR1 PID`.
pub struct Asked(SignalFd);

impl Asked {
    /// Blocks the signal and opens the descriptor that reports it. To be called
    /// before the first thread starts, as [`Stop::new`].
    pub fn new() -> Result<Asked> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGUSR1);
        descriptor(signals).map(Asked)
    }

    /// Takes the question, and answers it with a line on standard output.
    ///
    /// Unless nobody takes the answer at this moment: a pipe that nobody reads,
    /// or a full disk, is no reason to wait or to end.
    pub fn answer(&self, line: &str) -> Result<()> {
        let taken = self.0.read_signal();
        taken.map_err(|err| Error::system("cannot read a signal", err))?;
        let output = io::stdout();
        let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
        if poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0) {
            // One call; what is printed with `println!` would wait in a buffer.
            let _ = nix::unistd::write(&output, format!("{line}\n").as_bytes());
        }
        Ok(())
    }
}

impl AsFd for Asked {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn descriptor(signals: SigSet) -> Result<SignalFd> {
    signals
        .thread_block()
        .and_then(|()| SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC))
        .map_err(|err| Error::system("cannot turn signals into a descriptor", err))
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
