//! The journey of one packet: the same inner packet at every interface that it
//! passes, with what was put around it and the time it took.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use ip_over_udp::capture::{Direction, LinkType, Packet};
use ip_over_udp::packet::{FieldName, LayerKind, dissect};

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

/// The packet that the tunnel carries: the payload of the datagram, or on a
/// tunnel interface the packet itself.
fn carried(packet: &Packet) -> Option<&[u8]> {
    if packet.link == LinkType::Raw {
        return Some(&packet.data);
    }
    let dissection = packet.dissect();
    let [_, ip, udp, ..] = dissection.layers.as_slice() else {
        return None;
    };
    let whole = ip.kind.is_ip() && dissection.packets[0].fragment.is_none();
    if !whole || udp.kind != LayerKind::Udp {
        return None;
    }
    let length = udp.number(FieldName::Length)?;
    let end = udp.bytes.start + usize::try_from(length).ok()?;
    packet.data.get(udp.bytes.end..end)
}

/// What a segment of TCP carries; nothing if the packet is none.
fn tcp_payload(packet: &[u8]) -> &[u8] {
    match dissect(LinkType::Raw, packet).layers.as_slice() {
        [_, tcp, data, ..] if tcp.kind == LayerKind::Tcp && data.kind == LayerKind::Data => {
            &packet[data.bytes.clone()]
        }
        _ => &[],
    }
}

/// The time from one packet to another in microseconds. Both are cut to whole
/// ones before, so that the steps of a journey add up to the whole.
pub fn microseconds(from: &Packet, to: &Packet) -> u128 {
    let (from, to) = (from.time.as_micros(), to.time.as_micros());
    to.saturating_sub(from)
}

fn addresses(packet: &Packet) -> String {
    let pair = |link, bytes| match dissect(link, bytes).packets[0].addresses {
        Some((from, to)) => format!("{from} > {to}"),
        None => "?".to_owned(),
    };
    let inner = carried(packet).map_or("?".to_owned(), |inner| pair(LinkType::Raw, inner));
    match packet.link {
        LinkType::Raw => format!("{INNER}{inner}{INNER:#}"),
        _ => {
            let outer = pair(packet.link, &packet.data);
            format!("{OUTER}{outer}{OUTER:#} [{INNER}{inner}{INNER:#}]")
        }
    }
}

/// What was done to a packet since the interface before.
pub fn change(before: Option<&Packet>, now: &Packet) -> Change {
    let Some(before) = before else {
        return Change::Start;
    };
    match (before.link, now.link) {
        (LinkType::Raw, LinkType::Ethernet) => added(now),
        (LinkType::Ethernet, LinkType::Raw) => {
            Change::Removed(before.data.len().saturating_sub(now.data.len()))
        }
        _ if before.data == now.data => Change::Unchanged,
        _ => match (hops_left(before), hops_left(now)) {
            (Some(old), Some(new)) if old != new => Change::Forwarded(old, new),
            _ => Change::Other,
        },
    }
}

/// The headers around the inner packet.
fn added(packet: &Packet) -> Change {
    match packet.dissect().layers.as_slice() {
        [ethernet, ip, udp, ..] if ip.kind.is_ip() => Change::Added {
            ethernet: ethernet.bytes.len(),
            ip: (
                if ip.kind == LayerKind::Ipv4 { 4 } else { 6 },
                ip.bytes.len(),
            ),
            udp: udp.bytes.len(),
        },
        _ => Change::Other,
    }
}

/// The time to live of the outermost IP packet, which IPv6 calls hop limit.
fn hops_left(packet: &Packet) -> Option<u8> {
    let layers = packet.dissect().layers;
    let ip = layers.iter().find(|layer| layer.kind.is_ip())?;
    let left = ip
        .number(FieldName::TimeToLive)
        .or(ip.number(FieldName::HopLimit));
    u8::try_from(left?).ok()
}
