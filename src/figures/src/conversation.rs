//! A conversation as arrows between its two ends, evenly spaced. That of a TCP
//! connection is in the phases that its packets show.

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::LinkType;

use crate::track::Track;
use crate::way;
use lab::journey::microseconds;
use message::{Content, End, Message};
use segment::{Phase, Segment};

pub mod drawing;
pub mod message;
pub mod segment;

/// A conversation, seen from its client: who asked for the connection, or spoke
/// first.
pub struct Conversation {
    pub client: End,
    pub server: End,
    /// The hosts of the two, where the capture names its interfaces.
    pub hosts: [String; 2],
    pub messages: Vec<Said>,
}

/// A message, and what surrounds it.
pub struct Said {
    pub message: Message,
    pub phase: Phase,
    pub from_client: bool,
    pub marked: bool,
    /// The numbers of its packets in the capture, one for each interface.
    pub numbers: Vec<usize>,
    /// Microseconds since the first message.
    pub time: u128,
    /// Bytes of the IP packet, and of the frame that carries it through a tunnel.
    pub inside: usize,
    pub outside: Option<u32>,
}

/// Who is the client of these, and who the server: who says SYN and nothing else
/// is the client, or else who spoke first.
pub fn ends<'a>(messages: impl Iterator<Item = &'a Message> + Clone) -> Option<(End, End)> {
    let opening = messages.clone().find(|message| message.opens());
    opening
        .or(messages.clone().next())
        .map(|message| message.ends)
}

impl Conversation {
    /// The conversation in which these were said, which are all between these two.
    /// Nothing is left if there is nothing.
    pub fn of(
        found: Vec<(&Track, Message)>,
        (client, server): (End, End),
        marked: &[usize],
    ) -> Conversation {
        let start: Option<&Packet> = found.first().map(|(track, _)| track.first().packet);
        let beginnings = [client, server].map(|end| {
            let mut of_end = found.iter().filter(|(_, message)| message.ends.0 == end);
            of_end.find_map(|(_, message)| match &message.content {
                Content::Segment(segment) => Some(segment.beginning()),
                Content::Other { .. } => None,
            })
        });
        let hosts = [client, server].map(|end| {
            let mut of_end = found.iter().filter(|(_, message)| message.ends.0 == end);
            let interface = of_end.next().map(|(track, _)| track.first().packet);
            let host = interface.map(|packet| way::split(&packet.interface).0);
            host.unwrap_or_default().to_owned()
        });
        let mut phase = Phase::Handshake;
        let messages = found
            .into_iter()
            .map(|(track, mut message)| {
                let from_client = message.ends.0 == client;
                phase = phase.after(&message, from_client);
                let [mine, other] = match from_client {
                    true => beginnings,
                    false => [beginnings[1], beginnings[0]],
                };
                if let Content::Segment(segment) = &mut message.content {
                    segment.count_from(mine, other);
                }
                let numbers: Vec<usize> = track.points.iter().map(|point| point.number).collect();
                // On an Ethernet without a tunnel the frame is no news.
                let tunnel = track.points.iter().any(|point| {
                    point.packet.link == LinkType::Ethernet
                        && point.packet.dissect().packets.len() > 1
                });
                Said {
                    phase,
                    from_client,
                    marked: numbers.iter().any(|number| marked.contains(number)),
                    time: start.map_or(0, |start| microseconds(start, track.first().packet)),
                    inside: track.inside(),
                    outside: track.outside().filter(|_| tunnel),
                    numbers,
                    message,
                }
            })
            .collect();
        Conversation {
            client,
            server,
            hosts,
            messages,
        }
    }

    /// The messages, phase by phase.
    pub fn phases(&self) -> impl Iterator<Item = &[Said]> {
        self.messages.chunk_by(|one, two| one.phase == two.phase)
    }

    /// What a phase is called, and what is asked or answered in it.
    pub fn phase_title(phase: &[Said]) -> String {
        let line = phase
            .iter()
            .find_map(|said| said.segment()?.http.as_deref());
        let name = phase
            .first()
            .map_or("", |said| said.phase.name(line.is_some()));
        match line {
            Some(line) => format!("{name}: {line}"),
            None => name.to_owned(),
        }
    }

    /// The whole in words.
    pub fn story(&self) -> String {
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
    fn segment(&self) -> Option<&Segment> {
        match &self.message.content {
            Content::Segment(segment) => Some(segment),
            Content::Other { .. } => None,
        }
    }

    fn sentence(&self) -> String {
        let who = if self.from_client { "client" } else { "server" };
        let numbers: Vec<String> = self.numbers.iter().map(usize::to_string).collect();
        format!(
            "At {:.3} ms the {who} sends {}, {}: {} (packet {})",
            self.time as f64 / 1000.0,
            self.message.strong(),
            self.message.words(),
            self.sizes(),
            numbers.join(", ")
        )
    }

    /// How long it is.
    pub fn sizes(&self) -> String {
        match self.outside {
            Some(outside) => format!("{} inside, {outside} on the cable", self.inside),
            None => format!("{} bytes", self.inside),
        }
    }
}
