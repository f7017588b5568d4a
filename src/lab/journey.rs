//! The journey of one packet: the same inner packet at every interface that it
//! passes, with what was put around it and the time it took.

use std::fmt::Write;
use std::net::IpAddr;

use anstyle::{AnsiColor, Style};
use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

use crate::capture::{LinkType, Packet};
use crate::packet::ethernet;

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
    /// The packet that crossed the tunnel, as it was at left's tun0.
    inner: &'a [u8],
    hops: Vec<&'a Packet>,
}

impl<'a> Journey<'a> {
    /// The journey of the first packet at left's tun0 whose TCP payload begins
    /// with `text`. `None` if it cannot be found at every interface.
    pub fn of_request(packets: &'a [Packet], text: &str) -> Option<Journey<'a>> {
        let first = packets.iter().find(|packet| {
            packet.interface == WAY[0] && tcp_payload(&packet.data).starts_with(text.as_bytes())
        })?;
        let inner = first.data.as_slice();
        let hops = WAY
            .iter()
            .map(|name| {
                let mut here = packets.iter().filter(|packet| packet.interface == *name);
                here.find(|packet| packet.time >= first.time && carried(packet) == Some(inner))
            })
            .collect::<Option<_>>()?;
        Some(Journey { inner, hops })
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
        for packet in &self.hops {
            let place = packet.interface.replacen('-', " ", 1);
            let time = match before {
                None => "at 0 µs".to_owned(),
                Some(before) => {
                    let step = packet.time.saturating_sub(before.time);
                    format!("+ {} µs", step.as_micros())
                }
            };
            let _ = writeln!(
                text,
                "{HEADING}{place:<15}{HEADING:#}{:>5} bytes  {time:>10}   {}",
                packet.length,
                what_happened(before, packet),
            );
            let _ = writeln!(text, "    {}", addresses(packet));
            before = Some(packet);
        }
        text
    }
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

/// What the bytes say was done to the packet since the interface before.
fn what_happened(before: Option<&Packet>, now: &Packet) -> String {
    let Some(before) = before else {
        return format!("{DIM}the packet itself{DIM:#}");
    };
    let (inner, ip) = (carried(now).unwrap_or(&[]), split(now).1);
    match (before.link, now.link) {
        (LinkType::Raw, LinkType::Ethernet) => {
            let version = ip.first().map_or(0, |byte| byte >> 4);
            let udp = 8;
            let around = ip.len().saturating_sub(inner.len() + udp);
            format!(
                "{OUTER}added: Ethernet {}, IPv{version} {around}, UDP {udp}{OUTER:#}",
                ethernet::HEADER
            )
        }
        (LinkType::Ethernet, LinkType::Raw) => {
            let gone = before.data.len().saturating_sub(now.data.len());
            format!("{OUTER}removed: {gone} bytes{OUTER:#}")
        }
        _ if before.data == now.data => format!("{DIM}unchanged, by cable{DIM:#}"),
        _ => match (header(split(before).1), header(ip)) {
            (Some((.., old)), Some((.., new))) if old != new => {
                format!("forwarded: time to live {old}, now {new}")
            }
            _ => "changed on the way".to_owned(),
        },
    }
}
