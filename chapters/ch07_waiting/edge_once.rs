//! Edge-triggered epoll, and one read for each event: it stalls.

use std::convert::Infallible;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::Result;
use nix::sys::epoll::EpollTimeout;

use crate::edge::{TUN, register, wait_for_events};
use crate::forwarder::{Forwarder, Tun};

// ANCHOR: once
/// If two packets arrive before it wakes, that is one event: the second packet
/// stays in the queue.
pub fn both(forwarder: &Forwarder<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let epoll = register(forwarder)?;
    loop {
        for side in wait_for_events(&epoll, forwarder, EpollTimeout::NONE)? {
            match side {
                TUN => forwarder.tun_to_udp(&mut buffer)?,
                _ => forwarder.udp_to_tun(&mut buffer)?,
            };
        }
    }
}
// ANCHOR_END: once
