//! Chapter 10: a tunnel over TCP, to see why this book has none.
//!
//! One end connects, the other listens. Each packet goes into the stream with its
//! length in front.

#![forbid(unsafe_code)]

use std::io::ErrorKind::{BrokenPipe, ConnectionReset, WouldBlock};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Parser;
use ip_over_udp::args::{DeviceArgs, parse_endpoint, parse_peer};
use ip_over_udp::count::Count;
use ip_over_udp::device::{Device, MAX_PACKET_LEN};
use ip_over_udp::error::is_fatal;
use ip_over_udp::frames::{Frames, put};
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use ip_over_udp::validate::validate;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How much is read from the stream at once.
const PIECE: usize = 65_536;

/// A tunnel over a TCP connection.
#[derive(Parser)]
#[command(name = "ch10-tcp")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,

    /// Wait for the other end at this address and port
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_endpoint,
          required_unless_present = "peer", conflicts_with = "peer")]
    listen: Option<SocketAddr>,

    /// Connect to the other end, which listens there
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_peer)]
    peer: Option<SocketAddr>,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let tun = Device::open(&args.device)?;
    tun.set_nonblocking()?;
    println!("{}", args.device);
    match connection(&args, &shutdown)? {
        Some(stream) => carry(&tun, stream, &shutdown),
        None => Ok(()),
    }
}

/// The connection to the other end; `None` if the program was asked to end before there
/// was one.
fn connection(args: &Args, shutdown: &Shutdown) -> anyhow::Result<Option<TcpStream>> {
    let stream = match (args.peer, args.listen) {
        (Some(peer), _) => {
            TcpStream::connect_timeout(&peer, Duration::from_secs(5)).with_context(|| {
                format!("cannot connect to {peer}, where the other end has to listen")
            })?
        }
        (None, Some(listen)) => {
            let tried = || format!("cannot listen on {listen}");
            let listener = TcpListener::bind(listen).with_context(tried)?;
            if !shutdown.wait_readable(&listener)? {
                return Ok(None);
            }
            listener.accept().with_context(tried)?.0
        }
        (None, None) => bail!("one end needs --listen, the other --peer"),
    };
    // Or a packet might wait for the acknowledgement of the one before (RFC 896).
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(Some(stream))
}

// ANCHOR: carry
fn carry(tun: &Device, mut stream: TcpStream, shutdown: &Shutdown) -> anyhow::Result<()> {
    let (mut sent, mut received) = (Count::default(), Count::default());
    let mut packet = vec![0; MAX_PACKET_LEN];
    let mut piece = vec![0; PIECE];
    // What the stream has not taken yet, and what it has brought.
    let (mut unsent, mut frames) = (Vec::new(), Frames::default());
    let ended = 'ended: loop {
        // While a packet waits for the stream, none is read from the device.
        let (from_tun, to_stream) = match unsent.is_empty() {
            true => (PollFlags::POLLIN, PollFlags::empty()),
            false => (PollFlags::empty(), PollFlags::POLLOUT),
        };
        let mut fds = [
            PollFd::new(tun.as_fd(), from_tun),
            PollFd::new(stream.as_fd(), PollFlags::POLLIN | to_stream),
            PollFd::new(shutdown.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            polled => polled.context("cannot wait for packets")?,
        };
        if fds[2].any() == Some(true) {
            break Ok(());
        }
        // An error of the device is told even while nothing is wanted of it.
        let tun_failed = !unsent.is_empty() && fds[0].any() == Some(true);
        match stream.read(&mut piece) {
            Ok(0) => break Err(closed()),
            Ok(n) => frames.extend(&piece[..n]),
            Err(err) if err.kind() == WouldBlock => (),
            Err(err) if [ConnectionReset, BrokenPipe].contains(&err.kind()) => break Err(closed()),
            Err(err) => break Err(err).context("the connection is lost"),
        }
        while let Some(inner) = frames.pop() {
            if let Err(reason) = validate(inner) {
                // Only the length of this one could have said where the next begins.
                let length = inner.len();
                break 'ended Err(anyhow!(
                    "the other end sent {length} bytes that are no packet: {reason}\n  \
                     is ch10-tcp running there?"
                ));
            }
            match tun.send(inner) {
                Ok(()) => received.add(inner.len()),
                Err(err) if is_fatal(&err) => return Err(tun.explain(err).into()),
                // The kernel did not want this packet.
                Err(_) => (),
            }
        }
        if unsent.is_empty() || tun_failed {
            match tun.recv(&mut packet) {
                Ok(n) => {
                    put(&packet[..n], &mut unsent);
                    sent.add(n);
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(tun.explain(err).into()),
            }
        }
        match stream.write(&unsent) {
            Ok(n) => drop(unsent.drain(..n)),
            Err(err) if err.kind() == WouldBlock => (),
            Err(err) if [ConnectionReset, BrokenPipe].contains(&err.kind()) => break Err(closed()),
            Err(err) => break Err(err).context("the connection is lost"),
        }
    };
    println!("packets: {sent} out, {received} in");
    ended
}
// ANCHOR_END: carry

fn closed() -> anyhow::Error {
    anyhow!("the other end has closed the connection\n  start both ends again")
}
