//! Chapter 2: an address, a netmask, an MTU, and up.
//!
//! Opens the device with the `tun` crate, configures it, and writes the
//! packets that the kernel sends into it to a capture file.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use ip_over_udp::args::{parse_cidr, parse_name};
use ip_over_udp::capture::{LinkType, Pcap};
use ip_over_udp::count::Count;
use ip_over_udp::device::{self, MAX_PACKET_LEN, io_error};
use ip_over_udp::error::Error;
use ip_over_udp::output::println;
use ip_over_udp::packet;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use ipnet::IpNet;
use tun::AbstractDevice;

/// Open a TUN device, give it an address, and say what arrives.
#[derive(Parser)]
#[command(name = "ch02")]
struct Args {
    /// Name of the TUN device
    #[arg(long, value_name = "NAME", default_value = "tun0", value_parser = parse_name)]
    tun: String,

    /// IPv4 address of this end and the network behind it
    #[arg(long, value_name = "CIDR", value_parser = parse_cidr)]
    addr: IpNet,

    /// Largest packet that the device takes, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1500,
          value_parser = clap::value_parser!(u16).range(68..))]
    mtu: u16,

    /// Write the packets to DIR/tun0.pcap
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,

    /// Print a line for each packet
    #[arg(short)]
    verbose: bool,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let mut capture = args
        .capture
        .as_deref()
        .map(|dir| Pcap::create(dir, &args.tun, LinkType::Raw))
        .transpose()?;
    let tun = open(&args)?;
    println!("{}: {}, mtu {}, up", args.tun, args.addr, args.mtu);

    // ANCHOR: read
    let mut read = Count::default();
    let mut buffer = vec![0; MAX_PACKET_LEN];
    while shutdown.wait_readable(&device::descriptor(&tun))? {
        let n = tun
            .recv(&mut buffer)
            .map_err(|err| Error::using_tun(&args.tun, err))?;
        read.add(n);
        if let Some(capture) = &mut capture {
            capture.write_now(&buffer[..n])?;
        }
        if args.verbose {
            println!("{}", packet::info(&buffer[..n]));
        }
    }
    // ANCHOR_END: read
    println!("packets: {read} read");
    Ok(())
}

// ANCHOR: configure
fn open(args: &Args) -> anyhow::Result<tun::Device> {
    if args.addr.addr().is_ipv6() {
        anyhow::bail!("the tun crate sets IPv4 addresses only");
    }
    let mut config = tun::Configuration::default();
    config.tun_name(&args.tun);
    let mut tun =
        tun::create(&config).map_err(|err| Error::opening_tun(&args.tun, io_error(err)))?;

    // Before it is up: once it is, the kernel may send through it.
    device::no_link_local(&args.tun);
    tun.set_address(args.addr.addr())
        .and_then(|()| tun.set_netmask(args.addr.netmask()))
        .with_context(|| format!("cannot give {} the address {}", args.tun, args.addr))?;
    tun.set_mtu(args.mtu)
        .with_context(|| format!("cannot set the MTU of {} to {}", args.tun, args.mtu))?;
    tun.enabled(true)
        .with_context(|| format!("cannot bring {} up", args.tun))?;
    Ok(tun)
}
// ANCHOR_END: configure
