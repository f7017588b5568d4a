//! One thread, asleep in the read of one side, then of the other.

use std::convert::Infallible;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::Result;

use crate::carrier::{Carrier, Tun};

// ANCHOR: blocking
/// While it sleeps in the one read, the other side is not heard.
pub fn both(carrier: &Carrier<impl Tun>) -> Result<Infallible> {
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        carrier.tun_to_udp(&mut buffer)?;
        carrier.udp_to_tun(&mut buffer)?;
    }
}
// ANCHOR_END: blocking
