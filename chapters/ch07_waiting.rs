//! Chapter 7: ways to wait.
//!
//! The tunnel of chapter 6 with a choice of loops. They are in `src/wait.rs`,
//! side by side.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use ip_over_udp::capture::Live;
use ip_over_udp::device::{Device, Options};
use ip_over_udp::error::report;
use ip_over_udp::output::println;
use ip_over_udp::signals::Stop;
use ip_over_udp::udp;
use ip_over_udp::wait::{self, Counts, Ends, Wait};

/// A tunnel that waits for packets in one of five ways.
#[derive(Parser)]
#[command(name = "ch07")]
struct Args {
    #[command(flatten)]
    device: Options,

    /// Address and port of this end [default: port 9876 of any address]
    #[arg(long, value_name = "ADDR:PORT", value_parser = udp::parse_endpoint)]
    listen: Option<SocketAddr>,

    /// Address and port of the other end
    #[arg(long, value_name = "ADDR:PORT", value_parser = udp::parse_peer)]
    peer: SocketAddr,

    /// How to wait for the next packet
    #[arg(long, value_name = "HOW", default_value = "poll")]
    wait: Wait,

    /// Write tun0.pcap, one of the real interface, and both.pcapng to DIR
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let stop = Stop::new()?;
    let outer = udp::interface_outside(&args.device, args.peer)?;
    let mut capture = Live::open(args.capture.as_deref())?;
    let udp = udp::bind(args.listen, Some(args.peer))?;
    let tun = Device::open(&args.device)?;
    capture.start(&[tun.name(), &outer])?;
    println!("{}", args.device);

    let ends = Arc::new(Ends {
        tun,
        udp,
        peer: args.peer,
        counts: Counts::default(),
    });
    wait::forward(args.wait, &ends, &stop)?;
    println!("{}", ends.counts);
    capture.finish().inspect(|summary| println!("{summary}"));
    Ok(())
}
