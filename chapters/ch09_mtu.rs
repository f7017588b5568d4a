//! Chapter 9: packets that do not fit.
//!
//! The tunnel of chapter 8, which now knows how large a packet may be. Its
//! MTU comes from the route to the peer. It lowers what TCP announces,
//! listens to routers that could not pass a datagram on, and tells the
//! sender of the packet inside.

#![forbid(unsafe_code)]

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ExitCode;

use clap::Parser;
use ip_over_udp::device::Device;
use ip_over_udp::error::{Result, is_fatal};
use ip_over_udp::forward::{Steps, forward};
use ip_over_udp::mtu::reports::Reports;
use ip_over_udp::mtu::{self, Discovery, clamp::clamp, too_big};
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use ip_over_udp::signals::{Shutdown, StatisticsSignal};
use ip_over_udp::tunnel::{Tunnel, TunnelArgs};
use ip_over_udp::validate::DropReason;

/// A tunnel that knows how large a packet may be.
#[derive(Parser)]
#[command(name = "ch09")]
struct Args {
    #[command(flatten)]
    tunnel: TunnelArgs,

    /// Who finds out how large an outer packet may be
    #[arg(long = "pmtu", value_enum, default_value_t = Discovery::Own)]
    discovery: Discovery,

    /// Leave the maximum segment size of TCP as it is
    #[arg(long)]
    no_clamp: bool,
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

    let tunnel = Tunnel::open(&args.tunnel)?;
    args.discovery.apply(&tunnel.udp, peer)?;
    let mut fit = Fit {
        peer,
        // Not more than the largest datagram holds.
        mtu: mtu.min(u16::MAX - mtu::overhead(peer)),
        least: mtu::least_inside(&args.tunnel.device),
        clamp: !args.no_clamp,
        clamped: 0,
        reports: match args.discovery {
            Discovery::Own => Some(Reports::open(&tunnel.udp, peer, &args.tunnel.device)?),
            _ => None,
        },
    };
    println!("{}", args.tunnel.device);
    Ok(forward(tunnel, peer, &shutdown, &statistics, &mut fit)?)
}
// ANCHOR_END: run

// ANCHOR: fit
/// Keeps inner packets to a length.
struct Fit {
    peer: SocketAddr,
    /// How long an inner packet may be, in bytes.
    mtu: u16,
    /// What tun0 needs at least, whatever the path takes.
    least: u16,
    clamp: bool,
    clamped: u64,
    /// `None` if the kernel alone finds out what the path takes.
    reports: Option<Reports>,
}

impl Steps for Fit {
    fn before_send(&mut self, inner: &mut [u8]) -> Result<(), DropReason> {
        self.clamp(inner);
        if let Some(reports) = &mut self.reports {
            if inner.len() > usize::from(self.mtu) {
                return Err(DropReason::TooBig);
            }
            reports.remember(inner);
        }
        Ok(())
    }

    fn after_recv(&mut self, inner: &mut [u8]) -> Result<(), DropReason> {
        self.clamp(inner);
        Ok(())
    }

    fn not_sent(&mut self, inner: &[u8], reason: DropReason, tun: &mut Device) -> Result<()> {
        if reason != DropReason::TooBig {
            return Ok(());
        }
        // It is the kernel that refused it: it knows of a smaller path MTU than
        // we do. If the route is gone by now, there is none to learn.
        if inner.len() <= usize::from(self.mtu)
            && let Ok(path_mtu) = mtu::of_route(self.peer)
        {
            self.lower(path_mtu, None, tun)?;
        }
        self.tell(inner, tun)
    }

    fn source(&self) -> Option<BorrowedFd<'_>> {
        self.reports.as_ref().map(AsFd::as_fd)
    }

    fn source_ready(&mut self, tun: &mut Device) -> Result<()> {
        if let Some((report, router)) = self.reports.as_mut().map_or(Ok(None), Reports::recv)? {
            self.lower(report.mtu, Some(router), tun)?;
            self.tell(&report.inner, tun)?;
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let clamped = (self.clamped > 0).then(|| format!("clamped: {} SYN", self.clamped));
        let reports = self.reports.as_ref().map(Reports::to_string);
        let lines = clamped.into_iter().chain(reports);
        lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Fit {
    fn clamp(&mut self, inner: &mut [u8]) {
        if self.clamp && clamp(inner, self.mtu).is_some() {
            self.clamped += 1;
        }
    }

    /// Takes note that the path carries outer packets of this many bytes
    /// only.
    fn lower(&mut self, path_mtu: u16, router: Option<IpAddr>, tun: &mut Device) -> Result<()> {
        let inside = path_mtu.saturating_sub(mtu::overhead(self.peer));
        let mtu = inside.max(self.least);
        if mtu < self.mtu {
            self.mtu = mtu;
            tun.lower_mtu(mtu)?;
            let who = router.map_or("this host".to_owned(), |router| router.to_string());
            println!(
                "{}: mtu {mtu}, because {who} passes on {path_mtu} bytes",
                tun.name()
            );
        }
        Ok(())
    }

    /// Tells the sender of an inner packet that it was too large, as a
    /// router does.
    fn tell(&self, inner: &[u8], tun: &Device) -> Result<()> {
        let answer = too_big::answer(inner, self.mtu);
        match answer.map_or(Ok(()), |answer| tun.send(&answer)) {
            Err(err) if is_fatal(&err) => Err(tun.explain(err)),
            // The sender will try again, and be told then.
            _ => Ok(()),
        }
    }
}
// ANCHOR_END: fit
