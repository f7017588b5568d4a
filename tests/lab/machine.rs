//! The machine, seen from outside a lab.

use std::collections::BTreeSet;
use std::fs;

/// Its network interfaces, and what is mounted.
pub fn machine() -> (BTreeSet<String>, String) {
    let interfaces = fs::read_dir("/sys/class/net").unwrap();
    let interfaces =
        interfaces.map(|interface| interface.unwrap().file_name().into_string().unwrap());
    (
        interfaces.collect(),
        fs::read_to_string("/proc/mounts").unwrap(),
    )
}
