//! The program `ip` of iproute2.

use std::process::{Command, Output};

use nix::errno::Errno;

use crate::error::{Error, Result, errno};
use crate::signals::default_signals;

/// Runs `ip` with these arguments, to its end, and returns what it printed.
///
/// # Errors
/// It could not be started. That it failed is in its output: the status, and what
/// it says.
pub fn ip<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Output> {
    let mut ip = Command::new("ip");
    ip.args(arguments);
    default_signals(&mut ip);
    ip.output().map_err(|err| match errno(&err) {
        Errno::ENOENT => Error::NoIp,
        _ => Error::system("cannot run the program `ip`", err),
    })
}
