//! Chapter 7: ways to wait.
//!
//! The tunnel of chapter 6 with a choice of loops. A tunnel waits for a packet
//! at `tun` and for a datagram at `udp`, and must not miss the one while it
//! waits for the other. Three of the loops manage that. The other two are here so
//! that you can see them fail. Each loop has a file of its own; `forwarder` is what
//! they have in common, and `run` starts them.

#![forbid(unsafe_code)]

mod blocking;
mod edge;
mod edge_once;
mod forwarder;
mod poll;
mod run;
#[cfg(test)]
mod tests;
mod threads;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use ip_over_udp::tunnel::{Tunnel, TunnelArgs};

use forwarder::Forwarder;
use run::{Loop, run_until};

/// A tunnel that waits for packets in one of five ways.
#[derive(Parser)]
#[command(name = "ch07")]
struct Args {
    #[command(flatten)]
    tunnel: TunnelArgs,

    /// How to wait for the next packet
    #[arg(long, value_name = "HOW", default_value = "poll")]
    wait: Wait,
}

/// How a tunnel waits for its two descriptors.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Wait {
    /// Two threads, each asleep in a read of its own side
    Threads,
    /// One thread, asleep in poll, and reads that never sleep
    Poll,
    /// Edge-triggered epoll, and reads until nothing is left
    EpollEdge,
    /// Edge-triggered epoll, and one read for each event: it stalls
    EpollEdgeOnce,
    /// One thread, asleep in a read of one side, then of the other: it is deaf
    Blocking,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

// ANCHOR: run
fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let tunnel = Tunnel::open(&args.tunnel)?;
    let sleeps_in_reads = [Wait::Threads, Wait::Blocking].contains(&args.wait);
    if !sleeps_in_reads {
        tunnel.set_nonblocking()?;
    }
    println!("{}", args.tunnel.device);

    let loops: &[Loop] = match args.wait {
        Wait::Threads => &[threads::tun_to_udp, threads::udp_to_tun],
        Wait::Poll => &[poll::both],
        Wait::EpollEdge => &[edge::both],
        Wait::EpollEdgeOnce => &[edge_once::both],
        Wait::Blocking => &[blocking::both],
    };
    let Tunnel { tun, udp, capture } = tunnel;
    let forwarder = Arc::new(Forwarder::new(tun, udp, args.tunnel.peer));
    run_until(&shutdown, loops, &forwarder)?;
    println!("{}", forwarder.statistics);
    capture.finish();
    Ok(())
}
// ANCHOR_END: run
