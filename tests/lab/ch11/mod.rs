//! What chapter 11 claims.

use support::{Lab, Program};

use crate::ch09::{Outer, transfer_from};

mod damage;
mod peers;
mod steps;
mod trouble;
mod wire;

/// All values of `--fast`.
const STEPS: [&str; 5] = ["none", "threads", "batch", "gso", "offload"];

/// Starts a program with these options on each host, with IPv4 and IPv6 inside.
fn ends(lab: &Lab, outer: Outer, left: &str, right: &str) -> [Program; 2] {
    let Outer {
        left: l, right: r, ..
    } = outer;
    let v6 = |end: u8| match lab.run("left", "cat /proc/net/if_inet6").output.is_empty() {
        true => String::new(),
        false => format!("--addr fd00:0:0:1::{end}/64"),
    };
    let left = format!("{left} --addr 192.168.0.1/24 {} --peer {r}:9876", v6(1));
    let right = format!("{right} --addr 192.168.0.2/24 {} --peer {l}:9876", v6(2));
    [lab.start_on("left", &left), lab.start_on("right", &right)]
}

/// Both hosts send each other these many bytes, from each of these pairs of addresses.
#[track_caller]
fn both_ways(lab: &Lab, addresses: &[[&str; 2]], bytes: u64) {
    for [left, right] in addresses {
        transfer_from(lab, "left", left, "right", bytes);
        transfer_from(lab, "right", right, "left", bytes);
    }
}

const INNER_V4: [&str; 2] = ["192.168.0.1", "192.168.0.2"];
const INNER_V6: [&str; 2] = ["[fd00:0:0:1::1]", "[fd00:0:0:1::2]"];
