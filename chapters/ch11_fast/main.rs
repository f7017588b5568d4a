//! Chapter 11: many packets at once.
//!
//! The tunnel of chapter 8, in five steps from one packet per system call to 64 KB
//! per system call. Each step has what the one before has, and a few lines more. The
//! wire stays that of chapter 6. `workers` waits, with one thread or two;
//! `single`, `batch` and `offload` are what they do when there is something to
//! read.

#![forbid(unsafe_code)]

mod batch;
mod offload;
mod shared;
mod single;
mod workers;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use ip_over_udp::mtu;
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use ip_over_udp::signals::{Shutdown, StatisticsSignal};
use ip_over_udp::tunnel::TunnelArgs;

/// A tunnel that carries many packets per system call.
#[derive(Parser)]
#[command(name = "ch11")]
struct Args {
    #[command(flatten)]
    tunnel: TunnelArgs,

    /// The last step to take
    #[arg(long, value_enum, default_value_t = Fast::Offload)]
    fast: Fast,

    /// One thread for both directions, or one for each [default: that of the step]
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    threads: Option<u8>,

    /// Join packets without verifying their checksums: damage is then delivered
    #[arg(long)]
    trust: bool,
}

/// How far to go; each step includes those before it.
#[derive(Clone, Copy, PartialEq, PartialOrd, ValueEnum)]
enum Fast {
    /// One packet per system call, as chapter 8
    None,
    /// A thread for each direction
    Threads,
    /// sendmmsg and recvmmsg: up to 64 datagrams per system call
    Batch,
    /// UDP_SEGMENT and UDP_GRO: up to 64 datagrams in one piece through the kernel
    Gso,
    /// Super-packets from and to tun0 as well
    Offload,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

// ANCHOR: run
fn run(mut args: Args) -> anyhow::Result<()> {
    let signals = (Shutdown::new()?, StatisticsSignal::new()?);
    let (peer, device) = (args.tunnel.peer, &mut args.tunnel.device);
    if device.mtu.is_none() {
        device.mtu = Some(mtu::default(peer, device)?);
    }
    let (shared, offload, capture) = shared::open(&args.tunnel, args.fast == Fast::Offload)?;
    let shared = &shared;
    let [outward, inward]: [workers::Direction; 2] = match args.fast {
        Fast::None | Fast::Threads => single::both(shared),
        Fast::Batch => batch::both(shared, false),
        Fast::Gso => batch::both(shared, true),
        Fast::Offload => offload::both(shared, offload, args.trust),
    };
    // With super-packets one thread is enough: a second one only adds the time that it
    // takes to wake it.
    let two = match args.threads {
        Some(threads) => threads == 2,
        None => ![Fast::None, Fast::Offload].contains(&args.fast),
    };
    workers::run(shared, signals, [outward, inward], two)?;
    println!("{shared}");
    capture.finish();
    Ok(())
}
// ANCHOR_END: run
