//! Runs the loops, each in a thread of its own, because some of them sleep where
//! no signal can reach them; the program ends when its main thread does.

use std::convert::Infallible;
use std::io::{self, Write};
use std::panic;
use std::sync::{Arc, mpsc};
use std::thread;

use ip_over_udp::device::Device;
use ip_over_udp::error::{Error, Result};
use ip_over_udp::signals::Shutdown;

use crate::forwarder::Forwarder;

/// A loop that ends only with an error.
pub type Loop = fn(&Forwarder<Device>) -> Result<Infallible>;

/// Runs these loops until the program is asked to end. An error of a loop is an
/// error here, and a panic of a loop is a panic here.
pub fn run_until(
    shutdown: &Shutdown,
    loops: &[Loop],
    forwarder: &Arc<Forwarder<Device>>,
) -> Result<()> {
    // However a loop ends, it says so through the pipe, which wakes this thread,
    // and with what outcome through the channel. A panic, too, ends one thread
    // alone: without this, the tunnel would stay up and carry nothing.
    let failed = |err| Error::system("cannot start the loop", err);
    let (ended, end) = io::pipe().map_err(failed)?;
    let (sender, outcome) = mpsc::channel();
    for &each in loops {
        let forwarder = Arc::clone(forwarder);
        let (mut end, sender) = (end.try_clone().map_err(failed)?, sender.clone());
        let run = move || {
            let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| each(&forwarder)));
            let _ = sender.send(outcome).is_ok() && end.write_all(b"!").is_ok();
        };
        thread::Builder::new().spawn(run).map_err(failed)?;
    }
    if !shutdown.wait_readable(&ended)? {
        return Ok(());
    }
    match outcome.recv() {
        Ok(Ok(Err(err))) => Err(err),
        // It has said why. The program ends as if it had panicked here.
        Ok(Err(panic)) => panic::resume_unwind(panic),
        Err(_) => Ok(()),
    }
}
