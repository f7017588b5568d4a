//! Chapter 8: anyone can send anything to an open port.
//!
//! The tunnel of chapter 6 with a check before each write, and with a counter
//! for each reason to drop a packet.

#![forbid(unsafe_code)]

use std::io::ErrorKind::WouldBlock;
use std::os::fd::AsFd;
use std::process::ExitCode;

use clap::Parser;
use ip_over_udp::count::Count;
use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::{Error, is_fatal};
use ip_over_udp::output::println;
use ip_over_udp::poll::readable;
use ip_over_udp::program::report;
use ip_over_udp::signals::{Shutdown, StatisticsSignal};
use ip_over_udp::tunnel::{Tunnel, TunnelArgs};
use ip_over_udp::validate::{DropCounters, DropReason, validate};

/// A tunnel that checks each datagram, and counts what it drops by reason.
#[derive(Parser)]
#[command(name = "ch08")]
struct Args {
    #[command(flatten)]
    tunnel: TunnelArgs,
}

fn main() -> ExitCode {
    report(|| run(Args::parse().tunnel))
}

// ANCHOR: run
fn run(args: TunnelArgs) -> anyhow::Result<()> {
    let (shutdown, statistics) = (Shutdown::new()?, StatisticsSignal::new()?);
    let tunnel = Tunnel::open(&args)?;
    tunnel.set_nonblocking()?;
    println!("{}", args.device);

    let Tunnel { tun, udp, capture } = tunnel;
    let (mut sent, mut received) = (Count::default(), Count::default());
    let mut drops = DropCounters::default();
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        let fds = [
            tun.as_fd(),
            udp.as_fd(),
            shutdown.as_fd(),
            statistics.as_fd(),
        ];
        let [tun_ready, udp_ready, asked_to_end, asked_to_tell] = readable(fds)?;
        if asked_to_end {
            break;
        }
        if asked_to_tell {
            statistics.answer(&format!("packets: {sent} out, {received} in, {drops}"))?;
        }
        if tun_ready {
            match tun.recv(&mut buffer) {
                Ok(n) => match udp.send_to(&buffer[..n], args.peer) {
                    Ok(_) => sent.add(n),
                    Err(err) => drops.add(DropReason::from_socket_error(&err)),
                },
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(tun.explain(err).into()),
            }
        }
        if udp_ready {
            match udp.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &buffer[..n];
                    match validate(inner) {
                        Err(reason) => drops.add(reason),
                        Ok(()) => match tun.send(inner) {
                            Ok(()) => received.add(n),
                            Err(err) if is_fatal(&err) => return Err(tun.explain(err).into()),
                            Err(err) => drops.add(DropReason::from_device_error(&err)),
                        },
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(Error::system("cannot receive", err).into()),
            }
        }
    }
    println!("packets: {sent} out, {received} in, {drops}");
    capture.finish();
    Ok(())
}
// ANCHOR_END: run
