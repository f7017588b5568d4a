//! The way of one packet that crossed the tunnel: which packet a directive means,
//! and what each interface saw of it.

use std::path::Path;

use anyhow::{Context, bail};
use ip_over_udp::capture::Packet;
use lab::journey::{Change, Journey, crossings, microseconds};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::{Capture, http, numbers, says};
use super::part::{self, Part};

/// The packet at all interfaces, in the order in which it came there.
pub(super) struct Way {
    /// What the directive says of it.
    pub caption: Caption,
    /// The capture.
    pub name: String,
    /// What the packet is.
    pub what: String,
    pub hops: Vec<Hop>,
}

/// The packet at one interface.
pub(super) struct Hop {
    pub host: String,
    pub interface: String,
    /// Bytes in all.
    pub length: usize,
    pub parts: Vec<Part>,
    /// What was done to it since the hop before.
    pub change: Change,
    /// Microseconds since the hop before.
    pub time: u128,
}

impl Way {
    /// The way that `FILE NUMBER "text"` means.
    pub fn parse(usage: &'static str, tree: &Path, arguments: &str) -> anyhow::Result<Way> {
        let mut arguments = Arguments::parse(usage, arguments)?;
        let capture = Capture::open(tree, &arguments.word("the capture")?)?;
        let number =
            arguments.number("the number of the packet among those that crossed the tunnel")?;
        let text = arguments.needed_text("the text that says which packet it is")?;
        let caption = Caption::of(&mut arguments);
        arguments.end()?;

        let (first, journey) = find(&capture, number, &text)?;
        Ok(Way {
            what: http(first).unwrap_or_else(|| first.info()),
            hops: hops(&journey),
            name: capture.name,
            caption,
        })
    }

    /// Microseconds from the first interface to the last.
    pub fn time(&self) -> u128 {
        self.hops.iter().map(|hop| hop.time).sum()
    }

    /// The packet where it is longest, with all that is put around it.
    pub fn widest(&self) -> Option<&Hop> {
        self.hops.iter().max_by_key(|hop| hop.length)
    }

    /// The whole way in words.
    pub fn story(&self) -> String {
        let told = self.hops.iter().map(|hop| {
            let parts: Vec<String> = hop
                .parts
                .iter()
                .map(|part| format!("{} {}", part.label, part.bytes.len()))
                .collect();
            let doer = hop.doer().map(|what| format!("{what}, "));
            let when = match hop.change {
                Change::Start => String::new(),
                change => format!(
                    "{} µs later, {}{change}: ",
                    hop.time,
                    doer.unwrap_or_default()
                ),
            };
            format!(
                "{when}{} {}, {} bytes ({})",
                hop.host,
                hop.interface,
                hop.length,
                parts.join(", ")
            )
        });
        told.collect::<Vec<_>>().join(". ") + "."
    }
}

/// The packet of this number among those that crossed the tunnel, which is what
/// the text says, and its journey.
pub(super) fn find<'a>(
    capture: &'a Capture,
    number: usize,
    text: &str,
) -> anyhow::Result<(&'a Packet, Journey<'a>)> {
    let name = &capture.name;
    let all: Vec<&Packet> = crossings(&capture.packets).collect();
    if all.is_empty() {
        bail!("{name} has no packet that crossed a tunnel, from left-tun0 to right-tun0 or back");
    }
    let first = *all.get(number - 1).with_context(|| {
        format!(
            "{name} has no packet {number} that crossed the tunnel: the last is {}",
            all.len()
        )
    })?;
    if !says(first, text) {
        bail!(
            "packet {number} that crossed the tunnel in {name} does not contain {text:?}; it is:\n    {}\n{}",
            first.info(),
            numbers(all.into_iter(), text)
        );
    }
    let journey = Journey::of(&capture.packets, first).with_context(|| {
        format!("packet {number} of {name} is not in one piece at every interface: it was lost, or went in fragments")
    })?;
    Ok((first, journey))
}

impl Hop {
    /// What else was done to the packet since the hop before, and who did it, if
    /// that was on the same host.
    pub fn doer(&self) -> Option<&'static str> {
        match self.change {
            Change::Added { .. } => Some("our program reads it and sends it as a datagram"),
            Change::Removed(_) => Some("our program receives the datagram and writes it"),
            Change::Forwarded(..) => Some("the router gives it a new Ethernet header"),
            Change::Start | Change::Unchanged | Change::Other => None,
        }
    }
}

fn hops(journey: &Journey) -> Vec<Hop> {
    let mut before: Option<&Packet> = None;
    journey
        .hops()
        .map(|(packet, change)| {
            let (host, interface) = packet.interface.split_once('-').unwrap_or(("", ""));
            let time = before.map_or(0, |before| microseconds(before, packet));
            before = Some(packet);
            Hop {
                host: host.to_owned(),
                interface: interface.to_owned(),
                length: packet.data.len(),
                parts: part::parts(packet),
                change,
                time,
            }
        })
        .collect()
}
