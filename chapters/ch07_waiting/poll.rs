//! One thread, asleep in `poll` until one of the two is readable (poll(2)).

use std::convert::Infallible;
use std::os::fd::AsFd;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::{Error, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::forwarder::{Forwarder, Tun, count};

// ANCHOR: poll
/// Reads at most one packet from each side, and asks again.
pub fn both(forwarder: &Forwarder<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
    let mut fds = [forwarder.tun.as_fd(), forwarder.udp.as_fd()].map(readable);
    loop {
        count(&forwarder.statistics.waits);
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => (),
            Err(Errno::EINTR) => continue,
            Err(err) => return Err(Error::system("cannot wait for packets", err)),
        }
        let [tun_ready, udp_ready] = fds.each_ref().map(|fd| fd.any() == Some(true));
        if tun_ready {
            forwarder.tun_to_udp(&mut buffer)?;
        }
        if udp_ready {
            forwarder.udp_to_tun(&mut buffer)?;
        }
    }
}
// ANCHOR_END: poll
