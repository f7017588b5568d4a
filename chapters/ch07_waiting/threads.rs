//! Two threads, each asleep in the read of its own side.

use std::convert::Infallible;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::Result;

use crate::carrier::{Carrier, Tun};

// ANCHOR: threads
/// What the first thread does.
pub fn tun_to_udp(carrier: &Carrier<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        carrier.tun_to_udp(&mut buffer)?;
    }
}

/// What the second thread does.
pub fn udp_to_tun(carrier: &Carrier<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        carrier.udp_to_tun(&mut buffer)?;
    }
}
// ANCHOR_END: threads
