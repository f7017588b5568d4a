//! One thread that waits for both descriptors, or two that wait for one each.

use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use ip_over_udp::error::{Error, Result};
use ip_over_udp::poll::readable;
use ip_over_udp::signals::{Shutdown, StatisticsSignal};
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::shared::Shared;

/// One direction: where its packets come from, and what is done when there are some.
pub struct Direction<'a> {
    pub source: BorrowedFd<'a>,
    pub carry: Box<dyn FnMut() -> Result<()> + Send + 'a>,
}

// ANCHOR: run
/// Carries packets until the program is asked to end.
pub fn run(
    shared: &Shared,
    (shutdown, statistics): (Shutdown, StatisticsSignal),
    [outward, inward]: [Direction; 2],
    two_threads: bool,
) -> Result<()> {
    // Readable once a thread has failed, so that the others end too.
    let stop = EventFd::from_flags(EfdFlags::EFD_CLOEXEC)
        .map_err(|err| Error::system("cannot start threads", err))?;
    let work = |directions: &mut [Direction], asked_to_tell: BorrowedFd| {
        let worked = work(directions, &shutdown, &stop, asked_to_tell, || {
            statistics.answer(&shared.to_string())
        });
        if worked.is_err() {
            let _ = stop.write(1);
        }
        worked
    };
    match two_threads {
        false => work(&mut [outward, inward], statistics.as_fd()),
        true => thread::scope(|scope| {
            // One thread answers the signal, the other asks for its end only.
            let other = thread::Builder::new()
                .spawn_scoped(scope, || work(&mut [inward], shutdown.as_fd()))
                .map_err(|err| Error::system("cannot start a thread", err))?;
            let mine = work(&mut [outward], statistics.as_fd());
            let others = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            mine.and(others)
        }),
    }
}
// ANCHOR_END: run

// ANCHOR: work
/// What each thread does.
fn work(
    directions: &mut [Direction],
    shutdown: &Shutdown,
    stop: &EventFd,
    asked_to_tell: BorrowedFd,
    tell: impl Fn() -> Result<()>,
) -> Result<()> {
    let [first, .., last] = [0, directions.len() - 1];
    loop {
        let fds = [
            directions[first].source,
            // A descriptor may be in the list twice.
            directions[last].source,
            shutdown.as_fd(),
            stop.as_fd(),
            asked_to_tell,
        ];
        let [first_ready, last_ready, asked_to_end, failed, asked] = readable(fds)?;
        if asked_to_end || failed {
            return Ok(());
        }
        if asked {
            tell()?;
        }
        if first_ready {
            (directions[first].carry)()?;
        }
        if last_ready && last != first {
            (directions[last].carry)()?;
        }
    }
}
// ANCHOR_END: work
