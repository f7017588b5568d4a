//! Chapter 3: parse a packet, and answer it from user space.
//!
//! It answers for every address that the routing table sends into the device.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use etherparse::{Icmpv4Type, NetSlice, SlicedPacket, TransportSlice};
use ip_over_udp::args::DeviceArgs;
use ip_over_udp::capture::{LinkType, Pcap};
use ip_over_udp::checksum::checksum;
use ip_over_udp::device::{Device, MAX_PACKET_LEN};
use ip_over_udp::error::{Result, is_fatal};
use ip_over_udp::output::println;
use ip_over_udp::packet;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;

/// Answer every ping that the kernel sends into a TUN device.
#[derive(Parser)]
#[command(name = "ch03")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,

    /// Write the packets to DIR/tun0.pcap
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,

    /// Flip one bit of the checksum of every reply, to see what happens to it
    #[arg(long)]
    flip: bool,

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
        .map(|dir| Pcap::create(&dir, &args.device.name, LinkType::Raw))
        .transpose()?;
    let tun = Device::open(&args.device)?;
    println!("{}", args.device);

    let mut note = |packet: &[u8]| -> Result<()> {
        if args.verbose {
            println!("{}", packet::info(packet));
        }
        capture
            .as_mut()
            .map_or(Ok(()), |pcap| pcap.write_now(packet))
    };
    // ANCHOR: answer
    let (mut answered, mut dropped, mut ignored) = (0u64, 0u64, 0u64);
    let mut buffer = vec![0; MAX_PACKET_LEN];
    while shutdown.wait_readable(&tun)? {
        let n = tun.recv(&mut buffer).map_err(|err| tun.explain(err))?;
        note(&buffer[..n])?;
        let Some(mut reply) = echo_reply(&buffer[..n]) else {
            ignored += 1;
            continue;
        };
        if args.flip {
            let icmp = header_length(&reply);
            reply[icmp + 3] ^= 1;
        }
        match tun.send(&reply) {
            Ok(()) => {
                answered += 1;
                note(&reply)?;
            }
            Err(err) if is_fatal(&err) => return Err(tun.explain(err).into()),
            Err(_) => dropped += 1,
        }
    }
    // ANCHOR_END: answer
    println!("requests: {answered} answered, {dropped} dropped; {ignored} other packets");
    Ok(())
}

// ANCHOR: echo_reply
/// The reply to an ICMP echo request (RFC 792, page 14), or `None` if the
/// packet is anything else.
fn echo_reply(packet: &[u8]) -> Option<Vec<u8>> {
    let parsed = SlicedPacket::from_ip(packet).ok()?;
    let Some(NetSlice::Ipv4(_)) = parsed.net else {
        return None;
    };
    let Some(TransportSlice::Icmpv4(icmp)) = parsed.transport else {
        return None;
    };
    let Icmpv4Type::EchoRequest(_) = icmp.icmp_type() else {
        return None;
    };

    let mut reply = packet.to_vec();
    // Source and destination change places. Their sum stays the same, and
    // with it the checksum of the IP header.
    reply[12..16].copy_from_slice(&packet[16..20]);
    reply[16..20].copy_from_slice(&packet[12..16]);

    let icmp = &mut reply[header_length(packet)..];
    icmp[0] = 0; // type: echo reply
    icmp[2..4].fill(0);
    let sum = checksum(icmp);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    Some(reply)
}
// ANCHOR_END: echo_reply

/// Length of an IPv4 header: the lower half of its first byte, times four.
fn header_length(packet: &[u8]) -> usize {
    usize::from(packet[0] & 0x0f) * 4
}
