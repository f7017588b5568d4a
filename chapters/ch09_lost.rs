//! Exercise 09-3: which packets were lost?
//!
//! A display filter of Wireshark, which `lost` applies to
//! captures/lost/internet-left.pcap.

#![forbid(unsafe_code)]

use ip_over_udp::output::println;

/// Write here what the lost packets have in common.
const LOST: &str = "icmp";

fn main() {
    println!("{LOST}");
}
