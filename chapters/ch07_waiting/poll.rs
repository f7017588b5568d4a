//! One thread, asleep in `poll` until one of the two is readable (poll(2)).

use std::convert::Infallible;
use std::os::fd::AsFd;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::{Error, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::carrier::{Carrier, Tun, count};

// ANCHOR: poll
/// Level triggered: as long as something is left, `poll` says so again.
pub fn both(carrier: &Carrier<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let mut fds =
        [carrier.tun.as_fd(), carrier.udp.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    loop {
        count(&carrier.statistics.waits);
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => (),
            Err(Errno::EINTR) => continue,
            Err(err) => return Err(Error::system("cannot wait for packets", err)),
        }
        let [tun_ready, udp_ready] = fds.each_ref().map(|fd| fd.any() == Some(true));
        if tun_ready {
            carrier.tun_to_udp(&mut buffer)?;
        }
        if udp_ready {
            carrier.udp_to_tun(&mut buffer)?;
        }
    }
}
// ANCHOR_END: poll
