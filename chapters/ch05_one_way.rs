//! Chapter 5: a packet inside a datagram, one way.
//!
//! With `--peer`, every packet from the TUN device becomes the payload of one
//! datagram to the peer. Without `--peer`, the payload of every datagram is
//! written to the device as a packet. One of each makes half a tunnel.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use ip_over_udp::args::{DeviceArgs, parse_endpoint, parse_peer};
use ip_over_udp::capture::LiveCapture;
use ip_over_udp::count::Count;
use ip_over_udp::device::{Device, MAX_PACKET_LEN};
use ip_over_udp::egress;
use ip_over_udp::error::is_fatal;
use ip_over_udp::output::println;
use ip_over_udp::packet;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use ip_over_udp::socket;

/// Send the packets of a TUN device to a peer, in datagrams, or receive them.
#[derive(Parser)]
#[command(name = "ch05")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,

    /// Address and port of this end [default: port 9876 of any address]
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_endpoint)]
    listen: Option<SocketAddr>,

    /// Address and port of the receiver; without this option, receive
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_peer)]
    peer: Option<SocketAddr>,

    /// Write tun0.pcap, one of the real interface, and both.pcapng to DIR
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,

    /// Print a line for each packet
    #[arg(short)]
    verbose: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    report(|| match args.peer {
        Some(peer) => send(&args, peer),
        None => receive(&args),
    })
}

// ANCHOR: send
fn send(args: &Args, peer: SocketAddr) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let egress = egress::of_tunnel(&args.device, peer)?;
    let mut capture = LiveCapture::open(args.capture.as_deref())?;
    let udp = socket::bind(args.listen, Some(peer))?;
    let tun = Device::open(&args.device)?;
    capture.start(&[tun.name(), &egress])?;
    println!("{}", args.device);

    let (mut sent, mut dropped) = (Count::default(), 0u64);
    let mut buffer = vec![0; MAX_PACKET_LEN];
    while shutdown.wait_readable(&tun)? {
        let n = tun.recv(&mut buffer).map_err(|err| tun.explain(err))?;
        let inner = &buffer[..n];
        if args.verbose {
            println!("out: {}", packet::info(inner));
        }
        // The whole packet is the payload. Everything around it, the kernel
        // adds: UDP header, IP header, Ethernet header.
        match udp.send_to(inner, peer) {
            Ok(_) => sent.add(n),
            Err(_) => dropped += 1,
        }
    }
    println!("packets: {sent} out, {dropped} dropped");
    capture.finish();
    Ok(())
}
// ANCHOR_END: send

// ANCHOR: receive
fn receive(args: &Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let mut capture = LiveCapture::open(args.capture.as_deref())?;
    let udp = socket::bind(args.listen, None)?;
    let tun = Device::open(&args.device)?;
    println!("{}", args.device);

    let (mut received, mut dropped) = (Count::default(), 0u64);
    let mut buffer = vec![0; MAX_PACKET_LEN];
    while shutdown.wait_readable(&udp)? {
        let (n, from) = udp.recv_from(&mut buffer).context("cannot receive")?;
        capture.start_with_egress(&[tun.name()], from)?;
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
    println!("packets: {received} in, {dropped} dropped");
    capture.finish();
    Ok(())
}
// ANCHOR_END: receive
