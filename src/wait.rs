//! Ways to wait for two descriptors: the loop of the tunnel, five times.
//!
//! A tunnel waits for a packet at `tun` and for a datagram at `udp`, and must
//! not miss the one while it waits for the other. Three of these loops do that,
//! and two do not: they are here to be seen to fail. Each runs in a thread of
//! its own, because some of them sleep where no signal can reach them; the
//! program ends when its main thread does.
//!
//! All of them count their system calls, to be compared.

use std::convert::Infallible;
use std::fmt;
use std::io::ErrorKind::WouldBlock;
use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::device::{Device, LARGEST_PACKET};
use crate::error::{Error, Result};
use crate::signals::Stop;

/// How a tunnel waits for its two descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Wait {
    /// A thread for each direction, which sleeps in its read
    Threads,
    /// One poll for both, and reads that never sleep
    Poll,
    /// Edge-triggered epoll, and reads until nothing is left
    EpollEdge,
    /// Edge-triggered epoll, and one read for each event: it stalls
    EpollEdgeOnce,
    /// A sleeping read of one descriptor, then of the other: it is deaf
    Blocking,
}

/// How many packets one side may send in a row while the other one waits.
const BUDGET: usize = 64;

/// The two ends that are joined, and what is counted between them.
pub struct Ends {
    /// The device that inner packets come from and go to.
    pub tun: Device,
    /// The socket that outer packets come from and go to.
    pub udp: UdpSocket,
    /// Where datagrams are sent.
    pub peer: SocketAddr,
    /// What happened so far.
    pub counts: Counts,
}

/// What a loop counts. All numbers are from the start of the program on.
#[derive(Debug, Default)]
pub struct Counts {
    /// Packets from the device to the peer.
    pub out: AtomicU64,
    /// Packets from the peer to the device.
    pub r#in: AtomicU64,
    /// Packets that one of the two would not take.
    pub dropped: AtomicU64,
    /// System calls that wait: `poll` and `epoll_wait`.
    pub waits: AtomicU64,
    /// System calls that read from one of the two.
    pub reads: AtomicU64,
    /// Those of them that found nothing: EAGAIN.
    pub empty: AtomicU64,
    /// System calls that write to one of the two.
    pub writes: AtomicU64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Counts {
            out,
            r#in,
            dropped,
            waits,
            reads,
            empty,
            writes,
        } = self;
        let [out, r#in, dropped, waits, reads, empty, writes] =
            [out, r#in, dropped, waits, reads, empty, writes].map(|count| count.load(Relaxed));
        writeln!(f, "packets: {out} out, {in} in, {dropped} dropped")?;
        write!(
            f,
            "system calls: {waits} waits, {reads} reads ({empty} found nothing), \
             {writes} writes"
        )?;
        match (waits + reads + writes, out + r#in) {
            (_, 0) => Ok(()),
            (calls, packets) => write!(f, "; {:.1} for each packet", calls as f64 / packets as f64),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// A loop that ends only with an error.
type Loop = fn(&Ends) -> Result<Infallible>;

/// Forwards packets between the two ends until the program is asked to stop.
/// An error of a loop is an error here, and a panic of a loop is a panic here.
pub fn forward(how: Wait, ends: &Arc<Ends>, stop: &Stop) -> Result<()> {
    let loops: &[Loop] = match how {
        Wait::Threads => &[only_outwards, only_inwards],
        Wait::Poll => &[level],
        Wait::EpollEdge => &[edge],
        Wait::EpollEdgeOnce => &[edge_once],
        Wait::Blocking => &[blocking],
    };
    if !matches!(how, Wait::Threads | Wait::Blocking) {
        let tried = "cannot make the socket non-blocking";
        ends.tun.set_nonblocking()?;
        ends.udp
            .set_nonblocking(true)
            .map_err(|err| Error::system(tried, err))?;
    }
    // However a loop ends, it says so through the pipe, which wakes this thread,
    // and with what outcome through the channel. A panic, too, ends one thread alone: without
    // a word the tunnel would stay up, and dead.
    let failed = |err| Error::system("cannot start the loop", err);
    let (ended, end) = io::pipe().map_err(failed)?;
    let (sender, outcome) = mpsc::channel();
    for &each in loops {
        let ends = Arc::clone(ends);
        let (mut end, sender) = (end.try_clone().map_err(failed)?, sender.clone());
        let run = move || {
            let outcome = panic::catch_unwind(|| each(&ends));
            let _ = sender.send(outcome).is_ok() && end.write_all(b"!").is_ok();
        };
        thread::Builder::new().spawn(run).map_err(failed)?;
    }
    if !stop.wait(&ended)? {
        return Ok(());
    }
    match outcome.recv() {
        Ok(Ok(Err(err))) => Err(err),
        // It has said why. The program ends as if it had panicked here.
        Ok(Err(panic)) => panic::resume_unwind(panic),
        Err(_) => Ok(()),
    }
}

// ANCHOR: threads
/// Two threads, each asleep in the read of its own side.
fn only_outwards(ends: &Ends) -> Result<Infallible> {
    let mut buffer = vec![0; LARGEST_PACKET];
    loop {
        ends.outwards(&mut buffer)?;
    }
}

fn only_inwards(ends: &Ends) -> Result<Infallible> {
    let mut buffer = vec![0; LARGEST_PACKET];
    loop {
        ends.inwards(&mut buffer)?;
    }
}
// ANCHOR_END: threads

// ANCHOR: blocking
/// One thread, asleep in the read of one side, then of the other. While it
/// sleeps in the one, the other is not heard.
fn blocking(ends: &Ends) -> Result<Infallible> {
    let mut buffer = vec![0; LARGEST_PACKET];
    loop {
        ends.outwards(&mut buffer)?;
        ends.inwards(&mut buffer)?;
    }
}
// ANCHOR_END: blocking

// ANCHOR: poll
/// One thread, asleep in `poll` until one of the two is readable. Level
/// triggered: as long as something is left, `poll` says so again.
fn level(ends: &Ends) -> Result<Infallible> {
    let mut buffer = vec![0; LARGEST_PACKET];
    let mut fds = [ends.tun.as_fd(), ends.udp.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    loop {
        count(&ends.counts.waits);
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => (),
            Err(Errno::EINTR) => continue,
            Err(err) => return Err(Error::system("cannot wait for packets", err)),
        }
        if fds[0].any() == Some(true) {
            ends.outwards(&mut buffer)?;
        }
        if fds[1].any() == Some(true) {
            ends.inwards(&mut buffer)?;
        }
    }
}
// ANCHOR_END: poll

/// The numbers by which epoll tells the two descriptors apart.
const TUN: u64 = 0;
const UDP: u64 = 1;

/// An epoll that reports when something new arrives at one of the two, and
/// only then: edge triggered (epoll(7)).
fn edges(ends: &Ends) -> Result<Epoll> {
    let failed = |err| Error::system("cannot wait for packets", err);
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(failed)?;
    let event = |side| EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, side);
    epoll.add(&ends.tun, event(TUN)).map_err(failed)?;
    epoll.add(&ends.udp, event(UDP)).map_err(failed)?;
    Ok(epoll)
}

/// The sides at which something new has arrived. With `None` it sleeps until
/// there is one.
fn news(epoll: &Epoll, ends: &Ends, timeout: EpollTimeout) -> Result<Vec<u64>> {
    let mut events = [EpollEvent::empty(); 2];
    count(&ends.counts.waits);
    match epoll.wait(&mut events, timeout) {
        Ok(n) => Ok(events[..n].iter().map(EpollEvent::data).collect()),
        Err(Errno::EINTR) => Ok(Vec::new()),
        Err(err) => Err(Error::system("cannot wait for packets", err)),
    }
}

// ANCHOR: once
/// Edge triggered, one read for each event. If two packets arrive before it
/// wakes, that is one event: the second packet stays where it is.
fn edge_once(ends: &Ends) -> Result<Infallible> {
    let mut buffer = vec![0; LARGEST_PACKET];
    let epoll = edges(ends)?;
    loop {
        for side in news(&epoll, ends, EpollTimeout::NONE)? {
            match side {
                TUN => ends.outwards(&mut buffer)?,
                _ => ends.inwards(&mut buffer)?,
            };
        }
    }
}
// ANCHOR_END: once

// ANCHOR: edge
/// Edge triggered, and read until nothing is left. Only "nothing left" makes
/// the next event possible. The budget keeps a busy side from starving the
/// other, so the loop itself has to remember where something is left.
fn edge(ends: &Ends) -> Result<Infallible> {
    let mut buffer = vec![0; LARGEST_PACKET];
    let epoll = edges(ends)?;
    let (mut tun_left, mut udp_left) = (false, false);
    loop {
        let timeout = match tun_left || udp_left {
            true => EpollTimeout::ZERO,
            false => EpollTimeout::NONE,
        };
        for side in news(&epoll, ends, timeout)? {
            match side {
                TUN => tun_left = true,
                _ => udp_left = true,
            }
        }
        for _ in 0..BUDGET {
            tun_left = tun_left && ends.outwards(&mut buffer)?;
            udp_left = udp_left && ends.inwards(&mut buffer)?;
        }
    }
}
// ANCHOR_END: edge

impl Ends {
    // ANCHOR: outwards
    /// Carries one packet from `tun` to `udp`. `false`: there was none.
    fn outwards(&self, buffer: &mut [u8]) -> Result<bool> {
        count(&self.counts.reads);
        let n = match self.tun.recv(buffer) {
            Ok(n) => n,
            Err(err) if err.kind() == WouldBlock => {
                count(&self.counts.empty);
                return Ok(false);
            }
            Err(err) => return Err(self.tun.explain(err)),
        };
        count(&self.counts.writes);
        match self.udp.send_to(&buffer[..n], self.peer) {
            Ok(_) => count(&self.counts.out),
            Err(_) => count(&self.counts.dropped),
        }
        Ok(true)
    }
    // ANCHOR_END: outwards

    /// Carries one packet from `udp` to `tun`. `false`: there was none.
    fn inwards(&self, buffer: &mut [u8]) -> Result<bool> {
        count(&self.counts.reads);
        let n = match self.udp.recv(buffer) {
            Ok(n) => n,
            Err(err) if err.kind() == WouldBlock => {
                count(&self.counts.empty);
                return Ok(false);
            }
            Err(err) => return Err(Error::system("cannot receive", err)),
        };
        count(&self.counts.writes);
        match self.tun.send(&buffer[..n])? {
            true => count(&self.counts.r#in),
            false => count(&self.counts.dropped),
        }
        Ok(true)
    }
}
