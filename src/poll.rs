//! poll(2) with an answer for each descriptor.

use std::array;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll, ppoll};
use nix::sys::time::TimeSpec;

use crate::error::{Error, Result};

/// Sleeps until there is something to read from one of these descriptors, and
/// says for each of them whether there is.
///
/// An error of a descriptor counts as something to read: the next read returns it.
pub fn readable<const N: usize>(fds: [BorrowedFd; N]) -> Result<[bool; N]> {
    let mut fds = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    loop {
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => return Ok(array::from_fn(|at| fds[at].any() == Some(true))),
            Err(Errno::EINTR) => continue,
            Err(err) => return Err(Error::system("cannot wait for packets", err)),
        }
    }
}

/// [`readable`], but sleeps no longer than this, if a time is given. Then there may be
/// nothing to read from any of them.
pub fn readable_within<const N: usize>(
    fds: [BorrowedFd; N],
    longest: Option<Duration>,
) -> Result<[bool; N]> {
    let mut fds = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    match ppoll(&mut fds, longest.map(TimeSpec::from), None) {
        Ok(_) => Ok(array::from_fn(|at| fds[at].any() == Some(true))),
        // A stop and a continue. The caller looks at the clock again.
        Err(Errno::EINTR) => Ok([false; N]),
        Err(err) => Err(Error::system("cannot wait for packets", err)),
    }
}
