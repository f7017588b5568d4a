//! Edge-triggered epoll, which reports what is new and only that (epoll(7)), and
//! reads until nothing is left.

use std::convert::Infallible;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::{Error, Result};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::forwarder::{Forwarder, Tun, count};

/// The numbers by which epoll tells the two descriptors apart.
pub const TUN: u64 = 0;
pub const UDP: u64 = 1;

// ANCHOR: register
/// An epoll that reports when something new arrives at one of the two.
pub fn register(forwarder: &Forwarder<impl Tun>) -> Result<Epoll> {
    let failed = |err| Error::system("cannot wait for packets", err);
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(failed)?;
    let edge = |side| EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, side);
    epoll.add(&forwarder.tun, edge(TUN)).map_err(failed)?;
    epoll.add(&forwarder.udp, edge(UDP)).map_err(failed)?;
    Ok(epoll)
}
// ANCHOR_END: register

// ANCHOR: wait
/// The sides at which something new has arrived. Without a timeout it sleeps
/// until there is one.
pub fn wait_for_events(
    epoll: &Epoll,
    forwarder: &Forwarder<impl Tun>,
    timeout: EpollTimeout,
) -> Result<Vec<u64>> {
    let mut events = [EpollEvent::empty(); 2];
    count(&forwarder.statistics.waits);
    match epoll.wait(&mut events, timeout) {
        Ok(n) => Ok(events[..n].iter().map(EpollEvent::data).collect()),
        Err(Errno::EINTR) => Ok(Vec::new()),
        Err(err) => Err(Error::system("cannot wait for packets", err)),
    }
}
// ANCHOR_END: wait

// ANCHOR: edge
/// How many packets one side may send in a row before the loop asks about both.
pub const BUDGET: usize = 64;

/// An event says that something new has come, and not how much: only a read that
/// finds nothing shows that all of it has been read. The budget keeps a busy side
/// from starving the other, so the loop has to remember where something is left.
pub fn both(forwarder: &Forwarder<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let epoll = register(forwarder)?;
    let (mut tun_has_more, mut udp_has_more) = (false, false);
    loop {
        let timeout = match tun_has_more || udp_has_more {
            true => EpollTimeout::ZERO,
            false => EpollTimeout::NONE,
        };
        for side in wait_for_events(&epoll, forwarder, timeout)? {
            match side {
                TUN => tun_has_more = true,
                _ => udp_has_more = true,
            }
        }
        for _ in 0..BUDGET {
            if !tun_has_more && !udp_has_more {
                break;
            }
            tun_has_more = tun_has_more && forwarder.tun_to_udp(&mut buffer)?;
            udp_has_more = udp_has_more && forwarder.udp_to_tun(&mut buffer)?;
        }
    }
}
// ANCHOR_END: edge
