//! poll(2) with an answer for each descriptor.

use std::array;
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

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
