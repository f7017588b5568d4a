//! What any host can send to an open port: datagrams that hold no packet, or
//! half of one. It is a program of the lab, and attacks a tunnel in it.

#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand, ValueEnum};
use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{
    Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type, IpFragOffset, IpNumber, Ipv4Header,
    PacketBuilder,
};
use ip_over_udp::args::{PORT, parse_peer};
use ip_over_udp::capture::Injector;
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, sendto, socket,
};

/// The largest UDP payload over IPv4, in bytes: 65,535 less the headers of IP
/// (20 bytes) and UDP (8 bytes).
const MAX_PAYLOAD_LEN: usize = 65_507;

/// Send datagrams and packets that a tunnel should survive.
#[derive(Parser)]
#[command(name = "attack")]
struct Args {
    #[command(subcommand)]
    target: Target,

    /// Seed of the random bytes: the same seed gives the same bytes
    #[arg(long, default_value_t = 1, global = true)]
    seed: u64,
}

#[derive(Subcommand)]
enum Target {
    /// Send datagrams to the UDP port of a tunnel
    Port {
        /// Address and port of the tunnel
        #[arg(value_name = "ADDR:PORT", value_parser = parse_peer)]
        to: SocketAddr,

        /// What to send
        #[arg(value_enum, default_value = "all")]
        what: What,

        /// How many datagrams of each kind
        #[arg(long, default_value_t = 1)]
        count: u64,

        /// Send for this many seconds, as fast as possible; --count is ignored
        #[arg(long, value_parser = clap::value_parser!(u64).range(..=86_400))]
        seconds: Option<u64>,
    },
    /// Send fragments that make no datagram: with a hole, with an overlap, too long
    Fragments {
        /// IPv4 address and port of the tunnel
        #[arg(value_name = "ADDR:PORT")]
        to: SocketAddrV4,
    },
    /// Report to a tunnel, in the name of a router, that its datagrams are too large
    Report {
        /// Address of the host that is to believe it
        #[arg(value_name = "ADDR")]
        to: IpAddr,

        /// Address and port to which the host sends its datagrams
        #[arg(long, value_name = "ADDR:PORT", value_parser = parse_peer)]
        peer: SocketAddr,

        /// The largest packet that would fit, in bytes
        #[arg(long, value_name = "BYTES")]
        mtu: u16,

        /// What the report quotes
        #[arg(value_enum, default_value = "all")]
        what: Quoted,

        /// How many reports of each kind
        #[arg(long, default_value_t = 1)]
        count: u64,
    },
    /// Send random packets into an interface of this host, as the kernel would
    Device {
        /// The interface
        #[arg(default_value = "tun0")]
        interface: String,

        /// How many packets
        #[arg(long, default_value_t = 1)]
        count: u64,
    },
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum What {
    /// Three letters, which begin like no version of IP
    Zzz,
    /// A datagram without data
    Empty,
    /// Five letters that begin like an IPv6 packet
    Hello,
    /// A ping, cut off after 42 of its 84 bytes
    Cut,
    /// The largest datagram that IPv4 can carry, 65,507 bytes
    Huge,
    /// Random bytes, half the time after the first byte of an IP packet
    Random,
    /// One of each
    All,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Quoted {
    /// Letters, which are no packet
    Garbage,
    /// A datagram to another port of the peer
    Flow,
    /// A datagram to the peer, with a packet in it that was never sent
    Invented,
    /// One of each
    All,
}

const QUOTED: [Quoted; 3] = [Quoted::Garbage, Quoted::Flow, Quoted::Invented];

const KINDS: [What; 6] = [
    What::Zzz,
    What::Empty,
    What::Hello,
    What::Cut,
    What::Huge,
    What::Random,
];

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let mut random = fastrand::Rng::with_seed(args.seed);
    match args.target {
        Target::Port {
            to,
            what,
            count,
            seconds,
        } => {
            let any: SocketAddr = match to {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let socket = UdpSocket::bind(any).context("cannot open a socket")?;
            let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
            let (mut sent, mut round) = (0u64, 0u64);
            while end.map_or(round < count, |end| Instant::now() < end) {
                round += 1;
                for kind in KINDS {
                    if what == kind || what == What::All {
                        let datagram = make(kind, &mut random)?;
                        sent += u64::from(socket.send_to(&datagram, to).is_ok());
                    }
                }
            }
            println!("{} sent to {to}", counted(sent, "datagram"));
        }
        Target::Fragments { to } => {
            // The kernel adds source and checksum (raw(7)).
            let socket = raw_socket().context("cannot open a raw socket")?;
            let mut sent = 0u64;
            for fragment in make_fragments(to)? {
                let address = SockaddrStorage::from(SocketAddr::V4(to));
                let done = sendto(socket.as_raw_fd(), &fragment, &address, MsgFlags::empty());
                sent += u64::from(done.is_ok());
            }
            println!("{} sent to {to}", counted(sent, "fragment"));
        }
        Target::Report {
            to,
            peer,
            mtu,
            what,
            count,
        } => {
            let socket = icmp_socket(to).context("cannot open a raw socket")?;
            let mut sent = 0u64;
            for _ in 0..count {
                for kind in QUOTED {
                    if what == kind || what == Quoted::All {
                        let report = make_report(to, peer, mtu, kind)?;
                        let address = SockaddrStorage::from(SocketAddr::new(to, 0));
                        let done = sendto(socket.as_raw_fd(), &report, &address, MsgFlags::empty());
                        sent += u64::from(done.is_ok());
                    }
                }
            }
            println!("{} sent to {to}", counted(sent, "report"));
        }
        Target::Device { interface, count } => {
            let injector = Injector::open(&interface)?;
            let mut sent = 0u64;
            for _ in 0..count {
                sent += u64::from(injector.send(&noise(&mut random, 1500)).is_ok());
            }
            println!("{} sent into {interface}", counted(sent, "packet"));
        }
    }
    Ok(())
}

fn make(what: What, random: &mut fastrand::Rng) -> anyhow::Result<Vec<u8>> {
    Ok(match what {
        What::Zzz => b"zzz".to_vec(),
        What::Empty => Vec::new(),
        What::Hello => b"hello".to_vec(),
        What::Cut => {
            let mut packet = Vec::new();
            PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
                .icmpv4_echo_request(7, 1)
                .write(&mut packet, &[0; 56])?;
            packet.truncate(42);
            packet
        }
        What::Huge => vec![0x45; MAX_PAYLOAD_LEN],
        What::Random | What::All => noise(random, 1472),
    })
}

/// A socket that sends messages of ICMP or ICMPv6; the kernel adds the IP header (raw(7)).
fn icmp_socket(to: IpAddr) -> nix::Result<OwnedFd> {
    let (family, protocol) = match to {
        IpAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp),
        IpAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6),
    };
    socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
}

/// A socket that sends whole IPv4 packets.
fn raw_socket() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    socket(AddressFamily::Inet, SockType::Raw, flags, SockProtocol::Raw)
}

/// Three datagrams with a ping in them, in parts that do not fit together.
fn make_fragments(to: SocketAddrV4) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut ping = Vec::new();
    PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
        .icmpv4_echo_request(7, 1)
        .write(&mut ping, &[0; 56])?;
    // With a checksum of 0, which means that there is none.
    let mut datagram = Vec::new();
    for field in [PORT, to.port(), 8 + ping.len() as u16, 0] {
        datagram.extend(field.to_be_bytes());
    }
    datagram.extend(ping);
    let end = datagram.len();
    // Identification, place of the part in the datagram, and the place it claims, in units
    // of eight bytes; the last one would end beyond 65,535 bytes.
    let parts = [
        (1, 0..48, 0),
        (1, 64..end, 8),
        (2, 0..48, 0),
        (2, 40..end, 5),
        (3, 0..48, 0),
        (3, 48..end, 8190),
    ];
    let mut fragments = Vec::new();
    for (identification, part, offset) in parts {
        let mut header = Ipv4Header::new(
            part.len() as u16,
            64,
            IpNumber::UDP,
            [0; 4],
            to.ip().octets(),
        )?;
        header.identification = identification;
        header.dont_fragment = false;
        header.more_fragments = part.end < end;
        header.fragment_offset = IpFragOffset::try_new(offset)?;
        let mut fragment = Vec::new();
        header.write(&mut fragment)?;
        fragment.extend(&datagram[part]);
        fragments.push(fragment);
    }
    Ok(fragments)
}

/// "Fragmentation needed" or "packet too big", from the ICMP header on.
fn make_report(to: IpAddr, peer: SocketAddr, mtu: u16, kind: Quoted) -> anyhow::Result<Vec<u8>> {
    let port = match kind {
        Quoted::Flow => peer.port().wrapping_add(1),
        _ => peer.port(),
    };
    let mut quote = Vec::new();
    let inner = [0x45; 1400];
    let datagram = match (to, peer.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), 64),
        (IpAddr::V6(from), IpAddr::V6(to)) => PacketBuilder::ipv6(from.octets(), to.octets(), 64),
        _ => bail!("one of {to} and {} is IPv4, the other IPv6", peer.ip()),
    };
    datagram.udp(PORT, port).write(&mut quote, &inner)?;
    if kind == Quoted::Garbage {
        quote = b"garbage".to_vec();
    }
    quote.truncate(548);
    let mut report = Vec::new();
    match to {
        IpAddr::V4(_) => {
            let needed = DestUnreachableHeader::FragmentationNeeded { next_hop_mtu: mtu };
            Icmpv4Header::with_checksum(Icmpv4Type::DestinationUnreachable(needed), &quote)
                .write(&mut report)?;
        }
        // The kernel computes the checksum.
        IpAddr::V6(_) => {
            Icmpv6Header::new(Icmpv6Type::PacketTooBig { mtu: mtu.into() }).write(&mut report)?;
        }
    }
    report.extend(quote);
    Ok(report)
}

/// Random bytes, 1 to `most` of them. Half of them begin like an IP packet, or
/// the first check would be the only one that is tried.
fn noise(random: &mut fastrand::Rng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; random.usize(1..=most)];
    random.fill(&mut bytes);
    if random.bool() {
        bytes[0] = if random.bool() { 0x45 } else { 0x60 };
    }
    bytes
}

/// A number and its noun, in the plural unless the number is 1.
fn counted(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
