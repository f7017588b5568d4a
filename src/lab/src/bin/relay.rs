//! The network's bad weather, as a program on the host `internet`.
//!
//! Two TUN devices, one for each direction: a rule leads what the router would forward
//! into the device, and what is written to the device is forwarded as if there were
//! no relay. So the router's routes, their MTUs and its ICMP messages stay in force.

#![forbid(unsafe_code)]

use std::io::{ErrorKind::WouldBlock, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use ip_over_udp::args::DeviceArgs;
use ip_over_udp::checksum::update;
use ip_over_udp::device::{Device, MAX_PACKET_LEN};
use ip_over_udp::error::{Error, is_fatal};
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use lab::relay::{DEVICES, Fates, Faults, Link};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

/// How many packets are taken from one direction before the other has its turn.
const BURST: usize = 64;

/// Lose, repeat, delay and damage packets between left and right.
#[derive(Parser)]
#[command(name = "relay")]
struct Args {
    /// Share of packets that are lost
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    loss: f64,

    /// Share of packets that arrive twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    duplicate: f64,

    /// Share of packets that later ones overtake
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    reorder: f64,

    /// Share of packets in which one bit behind the IP header is flipped
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    corrupt: f64,

    /// Damage only the data of datagrams, and make the UDP checksum right again
    #[arg(long)]
    undetected: bool,

    /// How much later all packets arrive
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay: u32,

    /// Megabits that go on in a second
    #[arg(long, value_name = "MBIT", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,

    /// How many bytes may wait for the rate; what comes then is lost
    #[arg(long, value_name = "BYTES", default_value_t = 100_000)]
    queue: u32,

    /// Longer packets are lost, without a word
    #[arg(long, value_name = "BYTES")]
    max_size: Option<usize>,

    /// Fragments are lost, without a word
    #[arg(long)]
    no_fragments: bool,

    /// Only what comes from this host; the other direction is left alone
    #[arg(long, value_name = "HOST")]
    from: Option<From>,

    /// Seed of what happens to which packet: the same seed, the same fates
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum From {
    Left,
    Right,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 100 is needed, as in 1 or 0.5".to_owned()),
    }
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    for interface in ["left", "right"] {
        if !Path::new("/sys/class/net").join(interface).exists() {
            bail!(
                "there is no interface {interface} here\n  \
                 the relay runs on the host between left and right: cargo lab shell internet"
            );
        }
    }
    let mut ways = [
        Way::open(DEVICES[0], From::Left, &args)?,
        Way::open(DEVICES[1], From::Right, &args)?,
    ];
    let rules = Rules::add()?;
    println!("relay: seed {}, Ctrl-C ends it", args.seed);
    let done = relay(&mut ways, &shutdown);
    drop(rules);
    // What still waits arrives at once, so that the numbers add up.
    let [to_right, to_left] = &mut ways;
    let late = to_right.pass_on(Duration::MAX);
    let late = late.and(to_left.pass_on(Duration::MAX));
    println!("left to right: {}", to_right.fates());
    println!("right to left: {}", to_left.fates());
    done.and(late)
}

/// One direction: where its packets come from and go to.
struct Way {
    tun: Device,
    link: Link,
}

impl Way {
    fn open(name: &str, from: From, args: &Args) -> anyhow::Result<Way> {
        let tun = Device::open(&DeviceArgs {
            name: name.to_owned(),
            addresses: Vec::new(),
            mtu: Some(MAX_PACKET_LEN as u16),
        });
        let tun = match tun {
            Err(Error::NameTaken { .. }) => bail!(
                "cannot create {name}: another relay runs on this host\n  \
                 end that one, for example with Ctrl-C"
            ),
            tun => tun?,
        };
        tun.set_nonblocking()?;
        let faults = match args.from {
            Some(only) if only != from => Faults::default(),
            _ => Faults {
                loss: args.loss,
                duplicate: args.duplicate,
                reorder: args.reorder,
                corrupt: args.corrupt,
                undetected: args.undetected,
                delay: Duration::from_millis(args.delay.into()),
                rate: args.rate.map(|mbit| u64::from(mbit) * 1_000_000),
                queue: args.queue.into(),
                max_size: args.max_size,
                no_fragments: args.no_fragments,
            },
        };
        // Each direction has fates of its own.
        let seed = args.seed.wrapping_mul(2) + from as u64;
        let link = Link::new(faults, seed);
        Ok(Way { tun, link })
    }

    /// What became of its packets, and of those that found the device's queue full.
    fn fates(&self) -> Fates {
        let file = format!("/sys/class/net/{}/statistics/tx_dropped", self.tun.name());
        let missed = std::fs::read_to_string(file).ok();
        let missed = missed.and_then(|missed| missed.trim().parse().ok());
        Fates {
            missed: missed.unwrap_or(0),
            ..self.link.fates()
        }
    }

    /// Takes what has come, and passes on what is due.
    fn carry(&mut self, now: Duration, buffer: &mut [u8]) -> anyhow::Result<()> {
        for _ in 0..BURST {
            match self.tun.recv(buffer) {
                // The router's kernel sends multicast reports of its own into a device
                // that has IPv6. It forwards none.
                Ok(n) if is_ipv6_multicast(&buffer[..n]) => (),
                Ok(n) => self.link.push(now, buffer[..n].to_vec()),
                Err(err) if err.kind() == WouldBlock => break,
                Err(err) => return Err(self.tun.explain(err).into()),
            }
        }
        self.pass_on(now)
    }

    fn pass_on(&mut self, now: Duration) -> anyhow::Result<()> {
        while let Some(mut packet) = self.link.pop(now) {
            restore_time_to_live(&mut packet);
            match self.tun.send(&packet) {
                Err(err) if is_fatal(&err) => return Err(self.tun.explain(err).into()),
                // The kernel would not forward it without the relay either.
                _ => (),
            }
        }
        Ok(())
    }
}

fn relay(ways: &mut [Way; 2], shutdown: &Shutdown) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        let next = ways.iter().filter_map(|way| way.link.next()).min();
        let timeout = next.map(|next| TimeSpec::from(next.saturating_sub(start.elapsed())));
        let mut fds = [ways[0].tun.as_fd(), ways[1].tun.as_fd(), shutdown.as_fd()]
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match ppoll(&mut fds, timeout, None) {
            Ok(_) | Err(Errno::EINTR) => (),
            Err(err) => return Err(err).context("cannot wait for packets"),
        }
        if fds[2].any() == Some(true) {
            return Ok(());
        }
        for way in &mut *ways {
            way.carry(start.elapsed(), &mut buffer)?;
        }
    }
}

/// The kernel forwards each packet twice, into the device and out of it, and counts two
/// hops. A path with a relay has no more hops than one without.
fn restore_time_to_live(packet: &mut [u8]) {
    match packet {
        [first, ..] if *first >> 4 == 4 && packet.len() >= 20 => {
            // Time to live and protocol are one number for the checksum.
            let old = u16::from_be_bytes([packet[8], packet[9]]);
            packet[8] = packet[8].saturating_add(1);
            let new = u16::from_be_bytes([packet[8], packet[9]]);
            let checksum = u16::from_be_bytes([packet[10], packet[11]]);
            packet[10..12].copy_from_slice(&update(checksum, old, new).to_be_bytes());
        }
        [first, ..] if *first >> 4 == 6 && packet.len() >= 40 => {
            packet[7] = packet[7].saturating_add(1);
        }
        _ => (),
    }
}

fn is_ipv6_multicast(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first >> 4 == 6) && packet.get(24) == Some(&0xff)
}

/// The rules that lead packets into the devices, for as long as this lives.
struct Rules;

impl Rules {
    fn add() -> anyhow::Result<Rules> {
        // What a relay that was killed has left.
        drop(Rules);
        let rules = Rules;
        for family in families() {
            ip(family, "add").context("cannot lead packets into the relay")?;
        }
        Ok(rules)
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        for family in families() {
            let _ = ip(family, "delete");
        }
    }
}

/// IPv6 may be off.
fn families() -> impl Iterator<Item = &'static str> {
    let off = std::fs::read_to_string("/proc/sys/net/ipv6/conf/right/disable_ipv6");
    let v6 = off.is_ok_and(|off| off.trim() == "0").then_some("-6");
    std::iter::once("-4").chain(v6)
}

/// Adds or deletes the rules and routes of one family.
fn ip(family: &str, verb: &str) -> anyhow::Result<()> {
    let mut script = String::new();
    for (from, device, table) in [("left", "to-right", 101), ("right", "to-left", 102)] {
        script += &format!("rule {verb} pref {table} iif {from} lookup {table}\n");
        if verb == "add" {
            script += &format!("route add default dev {device} table {table}\n");
            script += &format!("link set {device} txqueuelen 10000\n");
        }
    }
    let mut child = Command::new("ip")
        .args([family, "-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| Error::system("cannot run the program `ip`", err))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!(
            "ip says: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}
