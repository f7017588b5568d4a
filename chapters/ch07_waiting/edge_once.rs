//! Edge-triggered epoll, and one read for each event: it stalls.

use std::convert::Infallible;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::Result;
use nix::sys::epoll::EpollTimeout;

use crate::carrier::{Carrier, Tun};
use crate::edge::{TUN, register, wait_for_edges};

// ANCHOR: once
/// If two packets arrive before it wakes, that is one event: the second packet
/// stays where it is.
pub fn both(carrier: &Carrier<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let epoll = register(carrier)?;
    loop {
        for side in wait_for_edges(&epoll, carrier, EpollTimeout::NONE)? {
            match side {
                TUN => carrier.tun_to_udp(&mut buffer)?,
                _ => carrier.udp_to_tun(&mut buffer)?,
            };
        }
    }
}
// ANCHOR_END: once
