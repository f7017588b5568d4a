//! Signals as descriptors, so that a program can wait for them and for packets
//! in one place (signalfd(2)).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::{Error, Result};
use crate::poll::readable;
pub use crate::sys::default_signals;

/// Becomes readable when the program is asked to end, by SIGINT (Ctrl-C) or by
/// SIGTERM. It can then print its counters and complete its captures.
pub struct Shutdown(SignalFd);

impl Shutdown {
    /// Blocks the two signals and opens the descriptor that reports them.
    ///
    /// To be called before the first thread starts. Threads inherit the blocked
    /// signals; one that had them unblocked would take a signal, and its default
    /// action ends the process.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn new() -> Result<Shutdown> {
        signal_fd(&[Signal::SIGINT, Signal::SIGTERM]).map(Shutdown)
    }

    /// Waits until there is something to read from `source`: `true`. Or until
    /// the program is asked to end: `false`.
    pub fn wait_readable(&self, source: &impl AsFd) -> Result<bool> {
        let [_, asked] = readable([source.as_fd(), self.as_fd()])?;
        Ok(!asked)
    }

    /// Waits until the program is asked to end, and for nothing else.
    pub fn wait(&self) -> Result<()> {
        readable([self.as_fd()]).map(drop)
    }
}

impl AsFd for Shutdown {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Becomes readable when SIGUSR1 asks the program what it has counted so far:
/// `kill -USR1 PID`.
pub struct StatisticsSignal(SignalFd);

impl StatisticsSignal {
    /// Blocks the signal and opens the descriptor that reports it. To be called
    /// before the first thread starts, as [`Shutdown::new`].
    pub fn new() -> Result<StatisticsSignal> {
        signal_fd(&[Signal::SIGUSR1]).map(StatisticsSignal)
    }

    /// Takes the signal, and answers it with a line on standard output.
    ///
    /// If standard output cannot take the line now, the line is lost: a pipe that
    /// no process reads, or a full disk, is no reason to wait or to end.
    pub fn answer(&self, line: &str) -> Result<()> {
        let taken = self.0.read_signal();
        taken.map_err(|err| Error::system("cannot read a signal", err))?;
        let output = io::stdout();
        let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
        if poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0) {
            // After a failed write, `println!` would keep the line for the next.
            let _ = nix::unistd::write(&output, format!("{line}\n").as_bytes());
        }
        Ok(())
    }
}

impl AsFd for StatisticsSignal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn signal_fd(signals: &[Signal]) -> Result<SignalFd> {
    let signals: SigSet = signals.iter().copied().collect();
    signals
        .thread_block()
        .and_then(|()| SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC))
        .map_err(|err| Error::system("cannot turn signals into a descriptor", err))
}
