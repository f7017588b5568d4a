//! Lines for the terminal. `println!` and `eprintln!` panic where it is closed
//! or full; here that is an error, or nothing.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};

use anyhow::Context;

/// The answer of a command, on standard output. That nobody reads it on, as in
/// `cargo book | head -0`, is no error.
pub fn answer(line: impl Display) -> anyhow::Result<()> {
    match writeln!(stdout(), "{line}") {
        Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot write to standard output"),
    }
}

/// A warning or an error, on standard error. If that does not take it, nobody
/// can be told, and the exit code says enough.
pub fn aside(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}
