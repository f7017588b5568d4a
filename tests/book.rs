//! The book, chapter by chapter: its commands print what it says they print,
//! and leave the reference captures. `cargo test --test book chapter_06` is
//! `cargo lab check 06`. RUNS=20 plays each chapter twenty times.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use ip_over_udp::capture;
use support::{ETHTOOL, LAB, PING, PYTHON, Program, TSHARK, chapters, lab, temporary, trial};

fn main() -> ExitCode {
    let runs = std::env::var("RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok());
    let trials = chapters().into_iter().map(|chapter| {
        let name = format!("chapter_{chapter}");
        trial(&name, &[LAB, PING, TSHARK, PYTHON, ETHTOOL], move || {
            for _ in 0..runs.unwrap_or(1) {
                plays(&chapter);
            }
        })
    });
    support::run_all(trials.collect())
}

fn plays(chapter: &str) {
    let base = temporary("book");
    let mut check = lab();
    check.arg("--out").arg(&base).args(["check", chapter]);
    let mut playing = Program::start(&mut check);
    // Chapter 9 takes longer than a command may that does not hang.
    for _ in 0..600 {
        if !playing.is_running() {
            break;
        }
        sleep(Duration::from_millis(200));
    }
    let done = playing.wait();
    done.code(0).says(&format!("chapter {chapter}: "));
    let all = capture::read(&base.join(chapter).join("all.pcapng")).unwrap();
    assert!(
        all.is_sorted_by_key(|packet| packet.time),
        "in the order of time"
    );
    std::fs::remove_dir_all(base).unwrap();
}
