//! Chapter 6: both ways, the whole tunnel.
//!
//! Every packet from the TUN device becomes the payload of one datagram to the
//! peer, and the payload of every datagram that arrives is written to the device
//! as a packet.

#![forbid(unsafe_code)]

use std::io::ErrorKind::WouldBlock;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use ip_over_udp::args::{DeviceArgs, parse_endpoint, parse_peer};
use ip_over_udp::capture::LiveCapture;
use ip_over_udp::count::Count;
use ip_over_udp::device::{Device, MAX_PACKET_LEN};
use ip_over_udp::egress;
use ip_over_udp::error::{Error, is_fatal};
use ip_over_udp::output::println;
use ip_over_udp::packet;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use ip_over_udp::socket;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A tunnel: IP packets inside UDP datagrams, between this host and a peer.
#[derive(Parser)]
#[command(name = "ch06")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,

    /// Address and port of this end [default: port 9876 of any address]
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_endpoint)]
    listen: Option<SocketAddr>,

    /// Address and port of the other end
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_peer)]
    peer: SocketAddr,

    /// Write tun0.pcap, one of the real interface, and both.pcapng to DIR
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,

    /// Print a line for each packet
    #[arg(short)]
    verbose: bool,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

// ANCHOR: run
fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let egress = egress::of_tunnel(&args.device, args.peer)?;
    let mut capture = LiveCapture::open(args.capture.as_deref())?;
    let udp = socket::bind(args.listen, Some(args.peer))?;
    let tun = Device::open(&args.device)?;
    capture.start(&[tun.name(), &egress])?;
    // A read may find nothing although `poll` has reported the descriptor. It must
    // not sleep then, because packets on the other side would wait as well.
    tun.set_nonblocking()?;
    udp.set_nonblocking(true)?;
    println!("{}", args.device);

    let (mut sent, mut received, mut dropped) = (Count::default(), Count::default(), 0u64);
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let mut fds =
        [tun.as_fd(), udp.as_fd(), shutdown.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    loop {
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => (),
            Err(Errno::EINTR) => continue,
            Err(err) => return Err(Error::system("cannot wait for packets", err).into()),
        }
        let [tun_ready, udp_ready, asked_to_end] = fds.each_ref().map(|fd| fd.any() == Some(true));
        if asked_to_end {
            break;
        }
        if tun_ready {
            match tun.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &buffer[..n];
                    if args.verbose {
                        println!("out: {}", packet::info(inner));
                    }
                    match udp.send_to(inner, args.peer) {
                        Ok(_) => sent.add(n),
                        Err(_) => dropped += 1,
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(tun.explain(err).into()),
            }
        }
        if udp_ready {
            match udp.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &buffer[..n];
                    if args.verbose {
                        println!("in: {}", packet::info(inner));
                    }
                    match tun.send(inner) {
                        Ok(()) => received.add(n),
                        Err(err) if is_fatal(&err) => return Err(tun.explain(err).into()),
                        Err(_) => dropped += 1,
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(Error::system("cannot receive", err).into()),
            }
        }
    }
    println!("packets: {sent} out, {received} in, {dropped} dropped");
    capture.finish();
    Ok(())
}
// ANCHOR_END: run
