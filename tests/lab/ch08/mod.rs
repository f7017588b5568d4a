//! What chapter 8 claims, with numbers.

use std::collections::BTreeMap;

use support::{Done, Program, number};

mod drops;
mod floods;
mod surroundings;

const LEFT: &str = "ch08 --addr 192.168.0.1/24 --peer 203.0.113.2:9876";

const RIGHT: &str = "ch08 --addr 192.168.0.2/24 --peer 198.51.100.2:9876";

fn dropped(done: &Done) -> u64 {
    number(&done.output, "in, ", " dropped")
}

/// What the kernel of this program's host has counted: proc_net_snmp.
fn kernel_counters(program: &Program) -> BTreeMap<String, u64> {
    let snmp = std::fs::read_to_string(format!("/proc/{}/net/snmp", program.child())).unwrap();
    let lines: Vec<&str> = snmp.lines().collect();
    let mut counters = BTreeMap::new();
    for pair in lines.chunks(2) {
        let protocol = pair[0].split(':').next().unwrap();
        let names = pair[0].split(' ').skip(1);
        for (name, value) in names.zip(pair[1].split(' ').skip(1)) {
            counters.insert(format!("{protocol} {name}"), value.parse().unwrap_or(0));
        }
    }
    counters
}
