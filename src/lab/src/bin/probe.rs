//! What one read returns: experiments with a TUN device and the reading functions
//! of the standard library, for chapter 7 and the page "Measured".

#![forbid(unsafe_code)]

use std::io::ErrorKind::WouldBlock;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use etherparse::PacketBuilder;
use ip_over_udp::args::DeviceArgs;
use ip_over_udp::checksum::segment_checksum;
use ip_over_udp::count::Count;
use ip_over_udp::device::{Device, MAX_PACKET_LEN};
use ip_over_udp::error::Error;
use ip_over_udp::offload::vnet::VnetHeader;
use ip_over_udp::output::{eprintln, println};
use ip_over_udp::packet;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};

/// No packet is larger. An empty buffer would be full at once, again and again.
const MAX: u32 = MAX_PACKET_LEN as u32;

/// Read from a TUN device in different ways, and say what each read returns.
#[derive(Parser)]
#[command(name = "probe")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,

    #[command(subcommand)]
    way: Way,
}

#[derive(Subcommand, Clone, Copy)]
enum Way {
    /// `Read::read`: one system call
    Read {
        /// Size of the buffer
        #[arg(default_value_t = MAX, value_parser = clap::value_parser!(u32).range(1..=MAX.into()))]
        bytes: u32,
    },
    /// `Read::read_exact`: as many system calls as it takes to fill the buffer
    Exact {
        /// Size of the buffer
        #[arg(value_parser = clap::value_parser!(u32).range(1..=MAX.into()))]
        bytes: u32,
    },
    /// `BufReader`: reads as much as there is, and hands it out in pieces
    Buffered,
    /// Two threads that read from one descriptor
    Two,
    /// A datagram with a wrong checksum, for a blocking socket and for a
    /// non-blocking one
    Checksum,
    /// The vnet header of a datagram that this host sends, without offload and with it
    Offload,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    if let Way::Offload = args.way {
        return offload(&args.device);
    }
    let tun = Arc::new(Device::open(&args.device)?);
    println!("{}", args.device);
    let reader = Tun(Arc::clone(&tun));
    let read = move || match args.way {
        Way::Read { bytes } => read(reader, bytes as usize),
        Way::Exact { bytes } => exact(reader, bytes as usize),
        _ => buffered(reader),
    };
    match args.way {
        Way::Two => return two(&tun, shutdown),
        Way::Checksum => return checksum(&tun, &args.device),
        // The others sleep where no signal reaches them, so each has a thread.
        _ => spawn(move || {
            if let Err(err) = read() {
                eprintln!("error: {}", tun.explain(err));
                exit(1);
            }
        })?,
    };
    shutdown.wait()?;
    Ok(())
}

fn spawn<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<JoinHandle<T>> {
    let thread = thread::Builder::new().spawn(run);
    Ok(thread.map_err(|err| Error::system("cannot start a thread", err))?)
}

/// The device as the standard library's functions want it.
struct Tun(Arc<Device>);

impl Read for Tun {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buffer)
    }
}

fn read(mut tun: impl Read, bytes: usize) -> io::Result<()> {
    let mut buffer = vec![0; bytes];
    loop {
        let n = tun.read(&mut buffer)?;
        println!("read: {n} bytes: {}", packet::info(&buffer[..n]));
    }
}

fn exact(mut tun: impl Read, bytes: usize) -> io::Result<()> {
    let mut buffer = vec![0; bytes];
    loop {
        tun.read_exact(&mut buffer)?;
        println!("read_exact: {bytes} bytes: {}", packet::info(&buffer));
    }
}

fn buffered(tun: Tun) -> io::Result<()> {
    let device = Arc::clone(&tun.0);
    let mut tun = BufReader::new(tun);
    loop {
        let mut first = [0];
        tun.read_exact(&mut first)?;
        let hidden = tun.buffer().len();
        let poll = match readable(device.as_fd()) {
            true => "readable",
            false => "nothing to read",
        };
        println!(
            "one byte: {:02x}; in the buffer: {hidden} more; poll: {poll}",
            first[0]
        );
        tun.consume(hidden);
    }
}

/// Whether poll says, at once, that there is something to read.
fn readable(fd: BorrowedFd) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok() && fds[0].any() == Some(true)
}

/// Two threads wait for one descriptor, and read it when they are told to.
fn two(tun: &Arc<Device>, shutdown: Shutdown) -> anyhow::Result<()> {
    tun.set_nonblocking()?;
    let shutdown = Arc::new(shutdown);
    let readers = [1, 2].map(|number| {
        let (tun, shutdown) = (Arc::clone(tun), Arc::clone(&shutdown));
        spawn(move || {
            let (mut read, mut empty) = (Count::default(), 0u64);
            let mut buffer = vec![0; MAX_PACKET_LEN];
            let mut fds =
                [tun.as_fd(), shutdown.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            let before = sleeps();
            while poll(&mut fds, PollTimeout::NONE).is_ok() && fds[1].any() == Some(false) {
                match tun.recv(&mut buffer) {
                    Ok(n) => read.add(n),
                    Err(err) if err.kind() == WouldBlock => empty += 1,
                    Err(err) => return Err(tun.explain(err)),
                }
            }
            // From its last sleep it was woken to end.
            let woken = sleeps().saturating_sub(before + 1);
            Ok((number, read, empty, woken))
        })
    });
    let (mut packets, mut wakes) = (0, 0);
    for reader in readers {
        let Ok(done) = reader?.join() else {
            anyhow::bail!("a thread that reads has died");
        };
        let (number, read, empty, woken) = done?;
        println!("reader {number}: {read} read, woken {woken} times, {empty} reads found nothing");
        packets += read.packets;
        wakes += woken;
    }
    println!("both: {packets} packets, woken {wakes} times");
    Ok(())
}

/// How often this thread has gone to sleep, by the kernel's count. `poll` looks
/// again before it returns, and sleeps on if another reader was faster: the
/// program itself cannot count how often it was woken.
fn sleeps() -> u64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD);
    usage.map_or(0, |usage| usage.voluntary_context_switches() as u64)
}

/// A datagram whose checksum is wrong, written to the device, for a socket
/// that sleeps in its reads and for one that does not.
fn checksum(tun: &Device, device: &DeviceArgs) -> anyhow::Result<()> {
    let here = device.addresses[0].addr();
    for nonblocking in [false, true] {
        let socket = UdpSocket::bind((here, 0))
            .with_context(|| format!("cannot open a socket at {here}"))?;
        socket.set_nonblocking(nonblocking)?;
        let port = socket.local_addr()?.port();
        let mut packet = Vec::new();
        PacketBuilder::ipv4([192, 168, 0, 2], octets(here)?, 64)
            .udp(9876, port)
            .write(&mut packet, &[b'x'; 100])?;
        packet[26] ^= 1; // a byte of the UDP checksum
        tun.send(&packet)?;
        thread::sleep(Duration::from_millis(50));

        let kind = if nonblocking {
            "non-blocking"
        } else {
            "blocking"
        };
        let said = readable(socket.as_fd());
        let said = if said { "readable" } else { "nothing to read" };
        println!("{kind} socket: poll: {said}");
        if nonblocking {
            let err = socket
                .recv(&mut [0; 16])
                .err()
                .context("the datagram with the wrong checksum was delivered")?;
            println!("{kind} socket: recv: {err}");
        }
    }
    Ok(())
}

/// What the kernel has left undone in a datagram of two bytes, as its vnet header
/// says.
fn offload(device: &DeviceArgs) -> anyhow::Result<()> {
    let tun = Device::open_with_vnet_header(device)?;
    println!("{device}");
    let here = octets(device.addresses[0].addr())?;
    let peer = [here[0], here[1], here[2], here[3] ^ 3];
    let socket = UdpSocket::bind((Ipv4Addr::from(here), 7000))
        .context("cannot open a socket for the datagram")?;
    for flags in [0, libc::TUN_F_CSUM] {
        tun.set_offload(flags).context("cannot set the offload")?;
        socket
            .send_to(b"hi", (Ipv4Addr::from(peer), 7000))
            .context("cannot send the datagram")?;
        let mut read = [0; 128];
        let n = tun.recv(&mut read).map_err(|err| tun.explain(err))?;
        let (vnet, inner) = VnetHeader::split(&mut read[..n]).context("no vnet header")?;
        let verdict = match inner.get(20..) {
            Some(segment) if segment_checksum(here.into(), peer.into(), 17, segment) == 0 => {
                "right"
            }
            _ => "wrong",
        };
        println!("TUNSETOFFLOAD {flags}: {vnet:?}");
        println!("the checksum in the packet is {verdict}");
    }
    Ok(())
}

fn octets(address: std::net::IpAddr) -> anyhow::Result<[u8; 4]> {
    match address {
        std::net::IpAddr::V4(v4) => Ok(Ipv4Addr::octets(&v4)),
        std::net::IpAddr::V6(_) => anyhow::bail!("this experiment needs an IPv4 address"),
    }
}
