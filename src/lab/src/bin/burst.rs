//! Datagrams in one burst, and a check that they arrive whole and in order: for
//! chapter 11.

#![forbid(unsafe_code)]

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use ip_over_udp::args::{parse_endpoint, parse_peer};
use ip_over_udp::error::Error;
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use ip_over_udp::socket::bind;
use nix::sys::socket::{setsockopt, sockopt};

/// Send datagrams in one burst, or receive them and look whether all are right.
#[derive(Parser)]
#[command(name = "burst")]
struct Args {
    #[command(subcommand)]
    way: Way,
}

#[derive(Subcommand)]
enum Way {
    /// Send a burst
    Send {
        /// Where to
        #[arg(value_name = "ADDR:PORT", value_parser = parse_peer)]
        to: SocketAddr,

        #[command(flatten)]
        burst: Burst,

        /// With one system call: the kernel cuts what it is given (UDP_SEGMENT)
        #[arg(long, conflicts_with_all = ["flows", "grow"])]
        at_once: bool,
    },
    /// Receive bursts until Ctrl-C
    Recv {
        /// Where
        #[arg(value_name = "ADDR:PORT", value_parser = parse_endpoint)]
        at: SocketAddr,

        #[command(flatten)]
        burst: Burst,
    },
}

/// What both ends have to agree on.
#[derive(clap::Args, Clone, Copy)]
struct Burst {
    /// How many datagrams
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,

    /// How many bytes each of them has
    #[arg(long, value_name = "BYTES", default_value_t = 1400,
          value_parser = clap::value_parser!(u16).range(4..=65_507))]
    size: u16,

    /// Make each so many bytes longer than the one before it
    #[arg(long, value_name = "BYTES", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=65_503))]
    grow: u16,

    /// To so many ports in turn, from this one on
    #[arg(long, value_name = "PORTS", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    flows: u16,
}

impl Burst {
    /// What is in datagram number `nth`: its number, and bytes that follow from it.
    fn datagram(self, nth: u32) -> Vec<u8> {
        let filling = (0..).map(|at: u32| (nth.wrapping_mul(31).wrapping_add(at) & 0xff) as u8);
        let number = nth.to_be_bytes().into_iter();
        number.chain(filling).take(self.length(nth)).collect()
    }

    /// How many bytes datagram number `nth` has, in no case more than one can have.
    fn length(self, nth: u32) -> usize {
        let length = u64::from(self.size) + u64::from(nth) * u64::from(self.grow);
        length.min(65_507) as usize
    }
}

impl fmt::Display for Burst {
    /// `10 datagrams of 1400 bytes`, `4 datagrams of 1000 to 1900 bytes`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} datagrams of {}", self.count, self.size)?;
        if self.grow > 0 {
            write!(f, " to {}", self.length(self.count - 1))?;
        }
        write!(f, " bytes")
    }
}

fn main() -> ExitCode {
    report(|| match Args::parse().way {
        Way::Send { to, burst, at_once } => send(to, burst, at_once),
        Way::Recv { at, burst } => recv(at, burst),
    })
}

fn send(to: SocketAddr, burst: Burst, at_once: bool) -> anyhow::Result<()> {
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let failed = || format!("cannot send to {to}");
    let sockets: Vec<_> = (0..burst.flows)
        .map(|flow| {
            let to = SocketAddr::new(to.ip(), to.port().wrapping_add(flow));
            let socket = UdpSocket::bind(any)?;
            socket.connect(to)?;
            Ok(socket)
        })
        .collect::<std::io::Result<_>>()
        .with_context(failed)?;
    let datagrams = (0..burst.count).map(|nth| burst.datagram(nth));
    if at_once {
        let all: Vec<u8> = datagrams.flatten().collect();
        if burst.count > 64 || all.len() > 65_507 {
            bail!(
                "one system call takes at most 64 datagrams and 65507 bytes, not {} and {}\n  \
                 lower --count or --size, or leave out --at-once",
                burst.count,
                all.len()
            );
        }
        setsockopt(&sockets[0], sockopt::UdpGsoSegment, &burst.size.into())
            .map_err(|err| Error::system("cannot set UDP_SEGMENT", err))?;
        sockets[0].send(&all).with_context(failed)?;
    } else {
        for (datagram, socket) in datagrams.zip(sockets.iter().cycle()) {
            socket.send(&datagram).with_context(failed)?;
        }
    }
    println!("{burst} sent");
    Ok(())
}

fn recv(at: SocketAddr, burst: Burst) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let sockets: Vec<_> = (0..burst.flows)
        .map(|flow| {
            let at = SocketAddr::new(at.ip(), at.port().wrapping_add(flow));
            bind(Some(at), None)
        })
        .collect::<Result<_, _>>()?;
    println!("waiting at {at}");
    let mut buffer = vec![0; 65_535];
    loop {
        for (nth, socket) in (0..burst.count).zip(sockets.iter().cycle()) {
            if !shutdown.wait_readable(socket)? {
                if nth > 0 {
                    println!("{nth} of {} datagrams", burst.count);
                }
                return Ok(());
            }
            let received = socket.recv(&mut buffer);
            let length = received.map_err(|err| Error::system("cannot receive", err))?;
            if buffer[..length] != burst.datagram(nth) {
                bail!("datagram {nth} is not the one that was sent: it has {length} bytes");
            }
        }
        println!("{burst}, whole and in order");
    }
}
