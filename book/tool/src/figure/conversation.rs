//! A TCP connection as arrows between client and server, evenly spaced, in the
//! phases that its packets show.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};
use ip_over_udp::packet::LinkType;
use lab::journey::microseconds;
use maud::html;

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::range::{self, Range};
use super::track::{Track, follow};
use segment::{Phase, Segment};

mod drawing;
mod segment;

const USAGE: &str = r#"{{#conversation FILE FIRST..LAST "text" mark=NUMBER caption="…"}}"#;

/// A connection, seen from its client.
struct Conversation {
    client: SocketAddr,
    server: SocketAddr,
    /// The hosts of the two, where the capture names its interfaces.
    hosts: [String; 2],
    segments: Vec<Said>,
}

/// A segment, and what surrounds it.
struct Said {
    segment: Segment,
    phase: Phase,
    from_client: bool,
    marked: bool,
    /// The numbers of its packets in the capture, one for each interface.
    numbers: Vec<usize>,
    /// Microseconds since the first segment.
    time: u128,
    /// Bytes of the IP packet, and of the frame that carries it through a tunnel.
    inside: usize,
    outside: Option<u32>,
}

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let range = range::word(&mut arguments)?;
    let text = arguments.needed_text("the text that one of the packets must contain")?;
    let (mark, caption) = (arguments.option("mark"), Caption::of(&mut arguments));
    arguments.end()?;

    let name = &capture.name;
    let range = Range::find(&capture, &range, Some(&text), mark.as_deref())?;
    let conversation = Conversation::find(&capture, &range)?;
    let what = range::title(range.first, range.last);
    let wrapped = conversation
        .segments
        .iter()
        .any(|said| said.outside.is_some());
    let figure = html! {
        figure .conversation {
            (caption.above(html! {
                strong { (what) } " of " code { (name) } ": a TCP connection. "
                "Sequence and acknowledgement numbers count from its beginning. Under each arrow: bytes of the IP packet"
                @if wrapped { ", and of the frame with the datagram around it" }
                "."
            }))
            (conversation.drawing(&format!("{what} of {name}: a TCP connection as arrows between client and server")))
        }
    };
    Ok(figure.into_string())
}

impl Conversation {
    fn find(capture: &Capture, range: &Range) -> anyhow::Result<Conversation> {
        let name = &capture.name;
        let mut found: Vec<(Track, Segment)> = Vec::new();
        for track in follow(range.numbered()) {
            match Segment::of(&track) {
                Some(segment) => found.push((track, segment)),
                None => {
                    let first = track.first();
                    let all = capture.packets.iter().zip(1..);
                    let tcp = all.filter(|(packet, _)| packet.info().contains(" TCP "));
                    let tcp: Vec<String> = tcp.map(|(_, number)| number.to_string()).collect();
                    bail!(
                        "packet {} of {name} is not a segment of TCP; it is:\n    {}\nthe segments of TCP: {}",
                        first.number,
                        first.packet.info(),
                        if tcp.is_empty() {
                            "none".to_owned()
                        } else {
                            tcp.join(", ")
                        }
                    );
                }
            }
        }
        let (_, first) = found.first().context("there is no packet")?;
        // Who says SYN and nothing else is the client.
        let opening = found.iter().find(|(_, segment)| segment.opens());
        let (client, server) = opening.map_or(first.ends, |(_, segment)| segment.ends);
        for (track, segment) in &found {
            let (from, to) = segment.ends;
            if segment.ends != (client, server) && segment.ends != (server, client) {
                bail!(
                    "packet {} of {name} belongs to the connection {from} > {to}, not to {client} > {server}: show one connection",
                    track.first().number
                );
            }
        }
        let start = found[0].0.first().packet;
        let beginnings = [client, server].map(|end| {
            let mut of_end = found.iter().map(|(_, segment)| segment);
            of_end
                .find(|segment| segment.ends.0 == end)
                .map(Segment::beginning)
        });
        let hosts = [client, server].map(|end| {
            let mut of_end = found.iter().filter(|(_, segment)| segment.ends.0 == end);
            let interface = of_end
                .next()
                .map(|(track, _)| track.first().packet.interface.as_str());
            let host = interface.and_then(|name| name.split_once('-'));
            host.map_or(String::new(), |(host, _)| host.to_owned())
        });
        let mut phase = Phase::Handshake;
        let segments = found
            .into_iter()
            .map(|(track, mut segment)| {
                let from_client = segment.ends.0 == client;
                phase = phase.after(&segment, from_client);
                let [mine, other] = match from_client {
                    true => beginnings,
                    false => [beginnings[1], beginnings[0]],
                };
                segment.count_from(mine, other);
                let numbers: Vec<usize> = track.points.iter().map(|point| point.number).collect();
                // On an Ethernet without a tunnel the frame is no news.
                let tunnel = track.points.iter().any(|point| {
                    point.packet.link == LinkType::Ethernet
                        && point.packet.dissect().packets.len() > 1
                });
                Said {
                    phase,
                    from_client,
                    marked: numbers.iter().any(|number| range.marked.contains(number)),
                    time: microseconds(start, track.first().packet),
                    inside: track.inside(),
                    outside: track.outside().filter(|_| tunnel),
                    numbers,
                    segment,
                }
            })
            .collect();
        Ok(Conversation {
            client,
            server,
            hosts,
            segments,
        })
    }

    /// The segments, phase by phase.
    fn phases(&self) -> impl Iterator<Item = &[Said]> {
        self.segments.chunk_by(|one, two| one.phase == two.phase)
    }

    /// What a phase is called, and what is asked or answered in it.
    fn phase_title(phase: &[Said]) -> String {
        let line = phase.iter().find_map(|said| said.segment.http.as_deref());
        let name = phase
            .first()
            .map_or("", |said| said.phase.name(line.is_some()));
        match line {
            Some(line) => format!("{name}: {line}"),
            None => name.to_owned(),
        }
    }

    /// The whole in words.
    fn story(&self) -> String {
        let (client, server) = (self.client, self.server);
        let mut told = vec![format!("The client is {client}, the server {server}")];
        for phase in self.phases() {
            told.push(Conversation::phase_title(phase));
            told.extend(phase.iter().map(Said::sentence));
        }
        told.join(". ") + "."
    }
}

impl Said {
    fn sentence(&self) -> String {
        let who = if self.from_client { "client" } else { "server" };
        let numbers: Vec<String> = self.numbers.iter().map(usize::to_string).collect();
        format!(
            "At {:.3} ms the {who} sends {}, {}: {} (packet {})",
            self.time as f64 / 1000.0,
            self.segment.flags,
            self.segment.counts(),
            self.sizes(),
            numbers.join(", ")
        )
    }

    fn sizes(&self) -> String {
        match self.outside {
            Some(outside) => format!("{} inside, {outside} on the cable", self.inside),
            None => format!("{} bytes", self.inside),
        }
    }
}
