//! Two threads, each asleep in the read of its own side.

use std::convert::Infallible;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::Result;

use crate::forwarder::{Forwarder, Tun};

// ANCHOR: threads
/// What the first thread does.
pub fn tun_to_udp(forwarder: &Forwarder<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        forwarder.tun_to_udp(&mut buffer)?;
    }
}

/// What the second thread does.
pub fn udp_to_tun(forwarder: &Forwarder<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        forwarder.udp_to_tun(&mut buffer)?;
    }
}
// ANCHOR_END: threads
