//! Waiting for what comes a little later.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Waits until this is true; ten seconds without it fail the test.
#[track_caller]
pub fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_true() {
        assert!(Instant::now() < deadline, "{what}, even after ten seconds");
        sleep(Duration::from_millis(20));
    }
}

/// The processes that have this in their command line.
pub fn processes(with: &str) -> BTreeSet<u32> {
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid = entry.unwrap().file_name().to_str()?.parse().ok()?;
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&line).contains(with).then_some(pid)
    });
    numbers.collect()
}
