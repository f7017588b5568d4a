//! Everything that needs a network: the programs and the lab itself, in the
//! lab, run as a reader runs them.
//!
//! A test that lacks a tool is *ignored*, and its line says what to install.
//! With REQUIRE_ALL=1 it fails instead, so that CI cannot pass by skipping.
//!
//! When the tests run as root and LAB_TEST_USER names an ordinary user, all
//! labs are started as that user. `tests/run.sh` sees to both.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod ending;
mod errors;
mod hostile;
mod interop;
mod lifecycle;
mod need;
mod oracle;
mod player;
mod programs;
mod shells;
mod support;
mod tunnel;
mod waiting;
mod wireshark;

use std::process::ExitCode;

use libtest_mimic::Arguments;
pub use need::*;
use nix::sys::signal::{SigHandler, Signal, signal};

/// A test, and the tools without which it makes no sense.
pub struct Test {
    name: &'static str,
    needs: &'static [Need],
    run: fn(),
}

fn main() -> ExitCode {
    // A script's background job ignores Ctrl-C, and so would all that is
    // started here, until it has come far enough to say otherwise.
    // SAFETY: no handler is installed.
    let _ = unsafe { signal(Signal::SIGINT, SigHandler::SigDfl) };
    let arguments = Arguments::from_args();
    let modules = [
        programs::TESTS,
        tunnel::TESTS,
        waiting::TESTS,
        hostile::TESTS,
        interop::TESTS,
        wireshark::TESTS,
        lifecycle::TESTS,
        shells::TESTS,
        ending::TESTS,
        player::TESTS,
        errors::TESTS,
        oracle::TESTS,
    ];
    let tests = modules.into_iter().flatten();
    let trials = tests.map(|test| trial(test.name, test.needs, test.run));
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    support::clean_up();
    conclusion.exit_code()
}
