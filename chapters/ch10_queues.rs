//! Chapter 10: where packets wait.
//!
//! The tunnel of chapter 9, in front of a path that takes only so much. It
//! sends no faster than that, so that packets wait here and not further on, and
//! decides which of them are dropped.

#![forbid(unsafe_code)]

use std::io::ErrorKind::WouldBlock;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use ip_over_udp::count::Count;
use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::{Error, Result, is_fatal};
use ip_over_udp::mtu::{self, clamp::clamp};
use ip_over_udp::output::println;
use ip_over_udp::poll::readable_within;
use ip_over_udp::program::report;
use ip_over_udp::queue::bucket::Bucket;
use ip_over_udp::queue::{Discipline, Next, Queue};
use ip_over_udp::signals::{Shutdown, StatisticsSignal};
use ip_over_udp::tunnel::{Tunnel, TunnelArgs};
use ip_over_udp::validate::{DropCounters, DropReason, validate};

/// A tunnel with a queue of its own.
#[derive(Parser)]
#[command(name = "ch10")]
struct Args {
    #[command(flatten)]
    tunnel: TunnelArgs,

    /// Megabits of outer packets that are sent in a second [default: no limit]
    #[arg(long, value_name = "MBIT", value_parser = parse_rate)]
    rate: Option<u64>,

    /// Where packets wait for the rate, and which are dropped
    #[arg(long, value_enum, default_value_t = Discipline::Codel, requires = "rate")]
    queue: Discipline,

    // At 10,000 packets even a fast path has a queue of seconds.
    /// How many packets may wait in the program
    #[arg(long, value_name = "PACKETS", default_value_t = 1000, requires = "rate",
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
}

/// Megabits per second, as in `10` or `9.5`, in bits.
fn parse_rate(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(mbit) if (0.01..=100_000.0).contains(&mbit) => Ok((mbit * 1e6) as u64),
        _ => Err("a number from 0.01 to 100000 is needed, as in 10 or 9.5".to_owned()),
    }
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

// ANCHOR: run
fn run(mut args: Args) -> anyhow::Result<()> {
    let (shutdown, statistics) = (Shutdown::new()?, StatisticsSignal::new()?);
    let (peer, device) = (args.tunnel.peer, &mut args.tunnel.device);
    let mtu = match device.mtu {
        Some(mtu) => mtu,
        None => *device.mtu.insert(mtu::default(peer, device)?),
    };
    let overhead = usize::from(mtu::overhead(peer));
    let bucket = args
        .rate
        .map(|rate| Bucket::new(rate, burst(rate, usize::from(mtu) + overhead)));
    let queue = Queue::new(args.queue, args.limit.into(), bucket, overhead);

    let tunnel = Tunnel::open(&args.tunnel)?;
    println!("{}", args.tunnel.device);
    Ok(forward(tunnel, &args, queue, mtu, &shutdown, &statistics)?)
}

/// How many bytes may go at once: a packet, or it would never go; and what the
/// rate allows in two milliseconds, because the program may wake up late.
fn burst(rate: u64, packet: usize) -> usize {
    let two_ms = usize::try_from(rate / 8 / 500).unwrap_or(usize::MAX);
    two_ms.saturating_add(packet)
}
// ANCHOR_END: run

// ANCHOR: forward
fn forward(
    tunnel: Tunnel,
    args: &Args,
    mut queue: Queue,
    mtu: u16,
    shutdown: &Shutdown,
    statistics: &StatisticsSignal,
) -> Result<()> {
    tunnel.set_nonblocking()?;
    let Tunnel { tun, udp, capture } = tunnel;
    let (mut sent, mut received) = (Count::default(), Count::default());
    let mut drops = DropCounters::default();
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let start = Instant::now();
    loop {
        // What may go now goes, and then it is known how long the next has to wait.
        let wait = loop {
            match queue.pop(start.elapsed()) {
                Next::Send(inner) => match udp.send_to(&inner, args.tunnel.peer) {
                    Ok(_) => sent.add(inner.len()),
                    Err(err) => drops.add(DropReason::from_socket_error(&err)),
                },
                Next::Dropped(reason) => drops.add(reason),
                Next::Wait(wait) => break Some(wait),
                Next::Empty => break None,
            }
        };
        // A full device drops packets too; but only `ip -s link` tells.
        let leave_in_device = args.queue == Discipline::Device && queue.is_full();
        let tun_or_nothing = if leave_in_device {
            shutdown.as_fd()
        } else {
            tun.as_fd()
        };
        let fds = [
            tun_or_nothing,
            udp.as_fd(),
            shutdown.as_fd(),
            statistics.as_fd(),
        ];
        let [tun_ready, udp_ready, asked_to_end, asked_to_tell] = readable_within(fds, wait)?;
        if asked_to_end {
            break;
        }
        if asked_to_tell {
            statistics.answer(&counters(sent, received, &drops))?;
        }
        if tun_ready {
            match tun.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &mut buffer[..n];
                    clamp(inner, mtu);
                    if let Err(reason) = queue.push(start.elapsed(), inner) {
                        drops.add(reason);
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(tun.explain(err)),
            }
        }
        if udp_ready {
            match udp.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &mut buffer[..n];
                    match validate(inner) {
                        Err(reason) => drops.add(reason),
                        Ok(()) => {
                            clamp(inner, mtu);
                            match tun.send(inner) {
                                Ok(()) => received.add(n),
                                Err(err) if is_fatal(&err) => return Err(tun.explain(err)),
                                Err(err) => drops.add(DropReason::from_device_error(&err)),
                            }
                        }
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(Error::system("cannot receive", err)),
            }
        }
    }
    println!("{}", counters(sent, received, &drops));
    capture.finish();
    Ok(())
}
// ANCHOR_END: forward

fn counters(sent: Count, received: Count, drops: &DropCounters) -> String {
    format!("packets: {sent} out, {received} in, {drops}")
}
