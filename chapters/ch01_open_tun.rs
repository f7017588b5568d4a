//! Chapter 1: a descriptor that is a network interface.
//!
//! Opens a TUN device by hand, with one `open` and one `ioctl`, and prints
//! every packet that the kernel sends into it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::process::ExitCode;

use clap::Parser;
use ip_over_udp::args::parse_name;
use ip_over_udp::count::Count;
use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::Error;
use ip_over_udp::output::{print, println};
use ip_over_udp::packet;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use nix::libc;
use std::os::fd::AsRawFd;

/// Open a TUN device and print what the kernel sends into it.
#[derive(Parser)]
#[command(name = "ch01")]
struct Args {
    /// Name of the TUN device; the kernel puts a number in place of %d
    #[arg(long, value_name = "NAME", default_value = "tun0", value_parser = parse_pattern)]
    tun: String,

    /// Ask for the 4-byte packet information header before each packet
    #[arg(long)]
    packet_information: bool,

    /// Say what each packet is, before its bytes
    #[arg(short)]
    verbose: bool,
}

/// A name, or one with `%d` in it, which the kernel replaces by a number.
fn parse_pattern(text: &str) -> Result<String, String> {
    parse_name(&text.replacen("%d", "00", 1))?;
    Ok(text.to_owned())
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let (mut tun, name) = open_tun(&args.tun, args.packet_information)
        .map_err(|err| Error::opening_tun(&args.tun, err))?;
    println!("{name}: open, without an address, down");

    // ANCHOR: read
    let mut read = Count::default();
    let mut buffer = vec![0; 4 + MAX_PACKET_LEN];
    while shutdown.wait_readable(&tun)? {
        // One read, one packet.
        let n = tun
            .read(&mut buffer)
            .map_err(|err| Error::using_tun(&name, err))?;
        read.add(n);
        let packet = &buffer[..n];
        println!("packet {}: {n} bytes", read.packets);
        if args.verbose {
            let header = if args.packet_information { 4 } else { 0 };
            println!("{}", packet::info(&packet[header.min(n)..]));
        }
        print!("{}", packet::hex_dump(packet));
    }
    // ANCHOR_END: read
    println!("packets: {read} read");
    Ok(())
}

// ANCHOR: open_tun
nix::ioctl_readwrite_bad!(
    /// Makes an open `/dev/net/tun` the other end of one interface.
    tun_set_iff,
    libc::TUNSETIFF,
    libc::ifreq
);

/// Opens the file of the driver, says which interface we want to be, and
/// returns the file with the name of the interface.
fn open_tun(name: &str, packet_information: bool) -> io::Result<(File, String)> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun")?;

    // SAFETY: all-zero bytes are a valid `ifreq`.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // `zip` ends with the shorter side: 15 bytes and a zero at the end.
    for (to, from) in request.ifr_name[..15].iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    // IP packets (TUN), not Ethernet frames (TAP); and nothing in front of them.
    let mut flags = libc::IFF_TUN;
    if !packet_information {
        flags |= libc::IFF_NO_PI;
    }
    request.ifr_ifru.ifru_flags = flags as i16;

    // SAFETY: the kernel reads an `ifreq` and writes one back. `&mut` points to
    // one that is ours alone, and it is still there when the call returns.
    unsafe { tun_set_iff(file.as_raw_fd(), &mut request) }?;

    // What the kernel has written: the name, with a number in place of `%d`.
    let name = request.ifr_name.map(|byte| byte as u8);
    let end = name.iter().position(|&byte| byte == 0);
    let name = String::from_utf8_lossy(&name[..end.unwrap_or(name.len())]);
    Ok((file, name.into_owned()))
}
// ANCHOR_END: open_tun
