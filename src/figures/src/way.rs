//! The way of one packet: what each interface saw of it, and what was done to it
//! in between.

use ip_over_udp::capture::Packet;

use crate::http::http;
use crate::part::{self, Part};
use lab::journey::{Change, Journey, change, microseconds};

/// The packet at all interfaces, in the order in which it came there.
pub struct Way {
    /// What the packet is.
    pub what: String,
    pub hops: Vec<Hop>,
    /// Why there is no further interface, if the packet has not arrived.
    pub end: Option<&'static str>,
}

/// The packet at one interface.
pub struct Hop {
    /// Empty where the interface has no host in its name.
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
    /// The way of a packet that crossed the tunnel.
    pub fn of(journey: &Journey) -> Option<Way> {
        let packets: Vec<&Packet> = journey.hops().map(|(packet, _)| packet).collect();
        Way::through(&packets, None)
    }

    /// The way of a packet that is the same one at all these places. `None` if there
    /// is no place.
    pub fn through(packets: &[&Packet], end: Option<&'static str>) -> Option<Way> {
        let first = packets.first()?;
        let before = std::iter::once(None).chain(packets.iter().copied().map(Some));
        let hops = packets.iter().zip(before).map(|(packet, before)| {
            let (host, interface) = split(&packet.interface);
            Hop {
                host: host.to_owned(),
                interface: interface.to_owned(),
                length: packet.data.len(),
                parts: part::parts(packet),
                change: change(before, packet),
                time: before.map_or(0, |before| microseconds(before, packet)),
            }
        });
        Some(Way {
            what: http(first).unwrap_or_else(|| first.info()),
            hops: hops.collect(),
            end,
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

    /// The whole way in words, with or without the times.
    pub fn story(&self, times: bool) -> String {
        let told = self.hops.iter().map(|hop| {
            let parts: Vec<String> = hop
                .parts
                .iter()
                .map(|part| format!("{} {}", part.label, part.bytes.len()))
                .collect();
            let doer = hop.doer().map(|what| format!("{what}, "));
            let when = match hop.change {
                Change::Start => String::new(),
                change => {
                    let time = match times {
                        true => format!("{} µs later, ", hop.time),
                        false => String::new(),
                    };
                    format!("{time}{}{change}: ", doer.unwrap_or_default())
                }
            };
            format!(
                "{when}{} {}, {} bytes ({})",
                hop.host,
                hop.interface,
                hop.length,
                parts.join(", ")
            )
        });
        let told = told.chain(self.end.map(str::to_owned));
        told.collect::<Vec<_>>().join(". ") + "."
    }
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

/// The host and the interface in a name such as `left-eth0`.
pub fn split(name: &str) -> (&str, &str) {
    name.split_once('-').unwrap_or(("", name))
}
