//! One thread, asleep in the read of one side, then of the other.

use std::convert::Infallible;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::Result;

use crate::forwarder::{Forwarder, Tun};

// ANCHOR: blocking
/// While it sleeps in a read of one side, it does not hear the other.
pub fn both(forwarder: &Forwarder<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        forwarder.tun_to_udp(&mut buffer)?;
        forwarder.udp_to_tun(&mut buffer)?;
    }
}
// ANCHOR_END: blocking
