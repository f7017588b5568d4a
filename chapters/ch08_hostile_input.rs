//! Chapter 8: anyone can send you anything.
//!
//! The tunnel of chapter 6, with a check before each write, and a name for
//! each reason to drop a packet.

#![forbid(unsafe_code)]

use std::io::ErrorKind::WouldBlock;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use ip_over_udp::capture::Live;
use ip_over_udp::count::Count;
use ip_over_udp::device::{Device, LARGEST_PACKET, Options};
use ip_over_udp::error::{Error, report};
use ip_over_udp::guard::{self, Drops};
use ip_over_udp::output::println;
use ip_over_udp::signals::{Asked, Stop};
use ip_over_udp::udp;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A tunnel that survives whatever is sent to it.
#[derive(Parser)]
#[command(name = "ch08")]
struct Args {
    #[command(flatten)]
    device: Options,

    /// Address and port of this end [default: port 9876 of any address]
    #[arg(long, value_name = "ADDR:PORT", value_parser = udp::parse_endpoint)]
    listen: Option<SocketAddr>,

    /// Address and port of the other end
    #[arg(long, value_name = "ADDR:PORT", value_parser = udp::parse_peer)]
    peer: SocketAddr,

    /// Write tun0.pcap, one of the real interface, and both.pcapng to DIR
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

// ANCHOR: run
fn run(args: Args) -> anyhow::Result<()> {
    let (stop, asked) = (Stop::new()?, Asked::new()?);
    let outer = udp::interface_outside(&args.device, args.peer)?;
    let mut capture = Live::open(args.capture.as_deref())?;
    let udp = udp::bind(args.listen, Some(args.peer))?;
    let tun = Device::open(&args.device)?;
    capture.start(&[tun.name(), &outer])?;
    tun.set_nonblocking()?;
    udp.set_nonblocking(true)?;
    println!("{}", args.device);

    let (mut sent, mut received, mut drops) =
        (Count::default(), Count::default(), Drops::default());
    let mut buffer = vec![0; LARGEST_PACKET];
    let ready = |fd: &PollFd| fd.any() == Some(true);
    let mut fds = [tun.as_fd(), udp.as_fd(), stop.as_fd(), asked.as_fd()]
        .map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    loop {
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => (),
            Err(Errno::EINTR) => continue,
            Err(err) => return Err(Error::system("cannot wait for packets", err).into()),
        }
        if ready(&fds[2]) {
            break;
        }
        if ready(&fds[3]) {
            asked.answer(&format!("packets: {sent} out, {received} in, {drops}"))?;
        }
        if ready(&fds[0]) {
            match tun.recv(&mut buffer) {
                Ok(n) => match udp.send_to(&buffer[..n], args.peer) {
                    Ok(_) => sent.add(n),
                    Err(err) => drops.add(guard::not_sent(&err)),
                },
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(tun.explain(err).into()),
            }
        }
        if ready(&fds[1]) {
            match udp.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &buffer[..n];
                    let write = || tun.write(inner).map_err(|err| guard::not_written(&err));
                    match guard::check(inner).and_then(|()| write()) {
                        Ok(()) => received.add(n),
                        Err(err) => drops.add(err),
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(Error::system("cannot receive", err).into()),
            }
        }
    }
    println!("packets: {sent} out, {received} in, {drops}");
    capture.finish().inspect(|summary| println!("{summary}"));
    Ok(())
}
// ANCHOR_END: run
