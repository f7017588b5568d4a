//! Bad input and bad machines: the words that a reader gets, and that nothing was
//! changed before.

use support::{Done, Lab};

mod arguments;
mod limits;
mod machine;
mod routes;

const CH06: &str = "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876";

/// Runs a program that must fail, and sees that it left no device.
#[track_caller]
fn fails(lab: &Lab, command: &str) -> Done {
    let done = lab.run("left", command);
    done.code(1);
    lab.run("left", "ip link show tun0").code(1);
    done
}
