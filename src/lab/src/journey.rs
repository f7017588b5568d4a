//! The journey of one packet: the same inner packet at every interface that it
//! passes, with what was put around it and the time it took.

use std::fmt::{self, Write};
use std::net::IpAddr;

use anstyle::{AnsiColor, Style};
use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

use ip_over_udp::capture::{Direction, LinkType, Packet};
use ip_over_udp::packet::{ethernet, udp};

/// The interfaces on the way from left to right, as the captures name them.
const WAY: [&str; 6] = [
    "left-tun0",
    "left-eth0",
    "internet-left",
    "internet-right",
    "right-eth0",
    "right-tun0",
];

const HEADING: Style = Style::new().bold();
const OUTER: Style = AnsiColor::Yellow.on_default();
const INNER: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// One packet on its way: what each interface saw of it.
pub struct Journey<'a> {
    /// The packet that crossed the tunnel, as the first tunnel interface had it.
    inner: &'a [u8],
    hops: Vec<&'a Packet>,
}

/// What the bytes say was done to a packet since the interface before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is the first interface.
    Start,
    /// The program put the packet into a datagram: the lengths of the headers.
    Added {
        /// Ethernet's.
        ethernet: usize,
        /// The outer IP's, and its version.
        ip: (u8, usize),
        /// UDP's.
        udp: usize,
    },
    /// The program took it out: so many bytes less.
    Removed(usize),
    /// The two interfaces are the ends of one cable.
    Unchanged,
    /// A router passed it on: time to live before and after.
    Forwarded(u8, u8),
    /// Something else.
    Other,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Change::Start => write!(f, "the packet itself"),
            Change::Added { ethernet, ip, udp } => {
                let (version, ip) = ip;
                write!(
                    f,
                    "added: Ethernet {ethernet}, IPv{version} {ip}, UDP {udp}"
                )
            }
            Change::Removed(bytes) => write!(f, "removed: {bytes} bytes"),
            Change::Unchanged => write!(f, "unchanged, by cable"),
            Change::Forwarded(old, new) => write!(f, "forwarded: time to live {old}, now {new}"),
            Change::Other => write!(f, "changed on the way"),
        }
    }
}

impl<'a> Journey<'a> {
    /// The journey of the first packet at left's tun0 whose TCP payload begins
    /// with `text`. `None` if it cannot be found at every interface.
    pub fn of_request(packets: &'a [Packet], text: &str) -> Option<Journey<'a>> {
        let first = packets.iter().find(|packet| {
            packet.interface == WAY[0] && tcp_payload(&packet.data).starts_with(text.as_bytes())
        })?;
        Journey::of(packets, first)
    }

    /// The journey of a packet that one of the two tunnel interfaces had first,
    /// to the other one. `None` if it cannot be found at every interface: it
    /// was lost, or it travelled in fragments.
    pub fn of(packets: &'a [Packet], first: &'a Packet) -> Option<Journey<'a>> {
        let mut way = WAY;
        if first.interface == way[way.len() - 1] {
            way.reverse();
        }
        let inner = first.data.as_slice();
        let hops = way
            .iter()
            .map(|name| {
                let mut here = packets.iter().filter(|packet| packet.interface == *name);
                here.find(|packet| packet.time >= first.time && carried(packet) == Some(inner))
            })
            .collect::<Option<_>>()?;
        Some(Journey { inner, hops })
    }

    /// The packet at each interface, in the order in which it came there, with
    /// what was done to it since the interface before.
    pub fn hops(&self) -> impl Iterator<Item = (&'a Packet, Change)> {
        let before = std::iter::once(None).chain(self.hops.iter().copied().map(Some));
        let hops = self.hops.iter().copied().zip(before);
        hops.map(|(now, before)| (now, change(before, now)))
    }

    /// The journey as text, at most 80 columns wide, with colours.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let payload = tcp_payload(self.inner);
        let line = payload.split(|&byte| byte == b'\r').next().unwrap_or(b"");
        let line = String::from_utf8_lossy(line);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{HEADING}The journey of one packet{HEADING:#}: {INNER}{line}{INNER:#}\n\
             {DIM}In brackets the packet inside, before them what carries it.{DIM:#}\n"
        );
        let mut before: Option<&Packet> = None;
        for (packet, change) in self.hops() {
            let place = packet.interface.replacen('-', " ", 1);
            let time = match before {
                None => "at 0 µs".to_owned(),
                Some(before) => {
                    format!("+ {} µs", microseconds(before, packet))
                }
            };
            let style = match change {
                Change::Start | Change::Unchanged => DIM,
                Change::Added { .. } | Change::Removed(_) => OUTER,
                Change::Forwarded(..) | Change::Other => Style::new(),
            };
            let _ = writeln!(
                text,
                "{HEADING}{place:<15}{HEADING:#}{:>5} bytes  {time:>10}   {style}{change}{style:#}",
                packet.length,
            );
            let _ = writeln!(text, "    {}", addresses(packet));
            before = Some(packet);
        }
        text
    }
}

/// The packets that crossed the tunnel, either way, in the order in which they
/// came out of the kernel: those that the tunnel interface at the other end had
/// too, later.
pub fn crossings(packets: &[Packet]) -> impl Iterator<Item = &Packet> {
    let ends = [WAY[0], WAY[WAY.len() - 1]];
    let sent = packets.iter().filter(move |packet| {
        ends.contains(&packet.interface.as_str()) && packet.direction == Some(Direction::Out)
    });
    sent.filter(move |sent| {
        packets.iter().any(|packet| {
            ends.contains(&packet.interface.as_str())
                && packet.interface != sent.interface
                && packet.direction == Some(Direction::In)
                && packet.time >= sent.time
                && packet.data == sent.data
        })
    })
}

/// The IP packet in a captured packet, and the Ethernet header before it.
fn split(packet: &Packet) -> (&[u8], &[u8]) {
    match packet.link {
        LinkType::Raw => packet.data.split_at(0),
        LinkType::Ethernet => packet
            .data
            .split_at(ethernet::HEADER.min(packet.data.len())),
    }
}

/// The packet that the tunnel carries: the payload of the datagram, or on a
/// tunnel interface the packet itself.
fn carried(packet: &Packet) -> Option<&[u8]> {
    if packet.link == LinkType::Raw {
        return Some(&packet.data);
    }
    match LaxSlicedPacket::from_ip(split(packet).1).ok()?.transport? {
        TransportSlice::Udp(udp) => Some(udp.payload()),
        _ => None,
    }
}

fn tcp_payload(packet: &[u8]) -> &[u8] {
    match LaxSlicedPacket::from_ip(packet).map(|slices| slices.transport) {
        Ok(Some(TransportSlice::Tcp(tcp))) => tcp.payload(),
        _ => &[],
    }
}

/// The time from one packet to another in microseconds. Both are cut to whole
/// ones before, so that the steps of a journey add up to the whole.
pub fn microseconds(from: &Packet, to: &Packet) -> u128 {
    let (from, to) = (from.time.as_micros(), to.time.as_micros());
    to.saturating_sub(from)
}

/// Source, destination and time to live of an IP packet.
fn header(packet: &[u8]) -> Option<(IpAddr, IpAddr, u8)> {
    match LaxSlicedPacket::from_ip(packet).ok()?.net? {
        LaxNetSlice::Ipv4(v4) => {
            let header = v4.header();
            let (from, to) = (header.source_addr(), header.destination_addr());
            Some((from.into(), to.into(), header.ttl()))
        }
        LaxNetSlice::Ipv6(v6) => {
            let header = v6.header();
            let (from, to) = (header.source_addr(), header.destination_addr());
            Some((from.into(), to.into(), header.hop_limit()))
        }
        LaxNetSlice::Arp(_) => None,
    }
}

fn addresses(packet: &Packet) -> String {
    let pair = |packet| match header(packet) {
        Some((from, to, _)) => format!("{from} > {to}"),
        None => "?".to_owned(),
    };
    let inner = carried(packet).map_or("?".to_owned(), pair);
    match packet.link {
        LinkType::Raw => format!("{INNER}{inner}{INNER:#}"),
        LinkType::Ethernet => {
            let outer = pair(split(packet).1);
            format!("{OUTER}{outer}{OUTER:#} [{INNER}{inner}{INNER:#}]")
        }
    }
}

fn change(before: Option<&Packet>, now: &Packet) -> Change {
    let Some(before) = before else {
        return Change::Start;
    };
    let (inner, ip) = (carried(now).unwrap_or(&[]), split(now).1);
    match (before.link, now.link) {
        (LinkType::Raw, LinkType::Ethernet) => Change::Added {
            ethernet: ethernet::HEADER,
            ip: (
                ip.first().map_or(0, |byte| byte >> 4),
                ip.len().saturating_sub(inner.len() + udp::HEADER),
            ),
            udp: udp::HEADER,
        },
        (LinkType::Ethernet, LinkType::Raw) => {
            Change::Removed(before.data.len().saturating_sub(now.data.len()))
        }
        _ if before.data == now.data => Change::Unchanged,
        _ => match (header(split(before).1), header(ip)) {
            (Some((.., old)), Some((.., new))) if old != new => Change::Forwarded(old, new),
            _ => Change::Other,
        },
    }
}
