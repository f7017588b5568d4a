//! The book, chapter by chapter: its commands print what it says they print,
//! and leave the reference captures. `cargo test --test book chapter_06` is
//! `cargo lab check 06`.

#[path = "lab/need.rs"]
mod need;
#[path = "lab/support.rs"]
mod support;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use need::{Need, PING, PYTHON, TSHARK, trial};
use support::{chapters, lab, run, temporary};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = chapters().into_iter().map(|chapter| {
        let name = format!("chapter_{chapter}");
        trial(&name, &[Need::Lab, PING, TSHARK, PYTHON], move || {
            let base = temporary("book");
            let done = run(lab().arg("--out").arg(&base).args(["check", &chapter]));
            std::fs::remove_dir_all(base).unwrap();
            done.code(0).says(&format!("chapter {chapter}: "));
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    support::clean_up();
    conclusion.exit_code()
}
