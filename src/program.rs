//! The frame of every program.

use std::io::{self, Write};
use std::process::{ExitCode, Termination};

use crate::error::Error;
use crate::{output, sys};

/// Runs the program, and ends with the exit code that it returns, or with the
/// error on standard error and 1. Before, it sets two signals to what a program
/// needs (SIGCHLD and SIGXFSZ); afterwards, all that was printed is written.
///
/// Returning an error from `main` would print it as Rust's debug text, with a
/// backtrace on some machines.
pub fn report<T: Termination>(run: impl FnOnce() -> anyhow::Result<T>) -> ExitCode {
    let signals = sys::set_signals().map_err(|err| Error::system("cannot set up signals", err));
    let done = signals.map_err(Into::into).and_then(|()| run());
    // First, because a closed standard output ends the program.
    if let Err(err) = &done {
        eprintln!("error: {err:#}");
    }
    output::written(io::stdout().flush());
    match done {
        Ok(done) => done.report(),
        Err(_) => ExitCode::FAILURE,
    }
}
