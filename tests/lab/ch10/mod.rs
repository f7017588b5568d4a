//! What chapter 10 claims.

use support::{Lab, Program};

mod bad_input;
mod full;
mod over_tcp;
mod waits;

/// The tunnel on left, with these options more, and on right; each sends to the other.
fn ends(lab: &Lab, left: &str, right: &str) -> [Program; 2] {
    let left = format!("{left} --addr 192.168.0.1/24 --peer 203.0.113.2:9876");
    let right = format!("{right} --addr 192.168.0.2/24 --peer 198.51.100.2:9876");
    [lab.start_on("left", &left), lab.start_on("right", &right)]
}

/// A counter of an interface, as in `tx_dropped`.
fn counter(lab: &Lab, host: &str, interface: &str, what: &str) -> u64 {
    let file = format!("cat /sys/class/net/{interface}/statistics/{what}");
    lab.run(host, &file).output.trim().parse().unwrap()
}
