//! One packet of a conversation: between whom it is, and what it says.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ip_over_udp::packet::{Dissection, FieldName, LayerKind, Message as Icmp};

use super::segment::Segment;
use crate::count::count;
use crate::track::Track;

/// A packet that is followed through the interfaces, as one of its ends means it.
pub struct Message {
    /// From where, and to where.
    pub ends: (End, End),
    pub protocol: LayerKind,
    /// With which of several conversations of the two it belongs: the identifier of
    /// pings.
    pub identifier: Option<u32>,
    pub content: Content,
}

/// What it says.
pub enum Content {
    Segment(Segment),
    /// Of another protocol than TCP: what it is, and more about it.
    Other {
        strong: String,
        words: String,
    },
}

/// One end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct End {
    pub address: IpAddr,
    /// Of UDP and TCP.
    pub port: Option<u16>,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.address, port).fmt(f),
            None => self.address.fmt(f),
        }
    }
}

impl Message {
    /// What the packet of a track says; `None` if it is no packet of IP, or only
    /// the end of one.
    pub fn of(track: &Track) -> Option<Message> {
        let dissection = track.dissection();
        let packet = dissection.packets.first()?;
        let (from, to) = packet.addresses?;
        if packet.fragment.is_some_and(|fragment| fragment.offset > 0) {
            return None;
        }
        let protocol = packet.protocol?;
        // The layers of the packet itself, not of one that it carries or quotes.
        let mut headers = dissection.layers.iter().skip(1);
        let header = headers.find(|layer| layer.kind == protocol);
        let number = |name| header.and_then(|header| header.number(name));
        let port = |name| number(name).and_then(|port| u16::try_from(port).ok());
        let end = |address, name| End {
            address,
            port: port(name),
        };
        let content = match protocol {
            LayerKind::Tcp => Content::Segment(Segment::of(&dissection, track)?),
            _ => other(&dissection, protocol, number(FieldName::Length)),
        };
        Some(Message {
            ends: (
                end(from, FieldName::SourcePort),
                end(to, FieldName::DestinationPort),
            ),
            protocol,
            identifier: number(FieldName::Identifier),
            content,
        })
    }

    /// Whether its sender asks for a connection of TCP.
    pub fn opens(&self) -> bool {
        matches!(&self.content, Content::Segment(segment) if segment.opens())
    }

    /// What it is.
    pub fn strong(&self) -> String {
        match &self.content {
            Content::Segment(segment) => segment.flags.to_string(),
            Content::Other { strong, .. } => strong.clone(),
        }
    }

    /// More about it.
    pub fn words(&self) -> String {
        match &self.content {
            Content::Segment(segment) => segment.counts(),
            Content::Other { words, .. } => words.clone(),
        }
    }

    /// Whether it carries more than its header.
    pub fn is_full(&self) -> bool {
        match &self.content {
            Content::Segment(segment) => segment.data > 0,
            Content::Other { .. } => true,
        }
    }
}

/// A message of ICMP, a datagram, or a packet of a protocol that is not known here.
fn other(dissection: &Dissection, protocol: LayerKind, length: Option<u32>) -> Content {
    let packet = &dissection.packets[0];
    let (strong, words) = match (packet.message, protocol, length) {
        (Some(Icmp::Other), ..) | (None, _, None) => (protocol.to_string(), packet.info.clone()),
        (Some(message), ..) => {
            let of = |name| {
                let mut layers = dissection.layers.iter();
                layers.find_map(|layer| layer.number(name))
            };
            let sequence = of(FieldName::SequenceNumber).map(|number| format!("seq {number}"));
            let inside = dissection
                .packets
                .get(1)
                .map(|quoted| match quoted.addresses {
                    Some((from, to)) => format!("about {from} > {to}"),
                    None => "about another packet".to_owned(),
                });
            (message.to_string(), inside.or(sequence).unwrap_or_default())
        }
        (None, _, Some(length)) => {
            let data = usize::try_from(length).unwrap_or_default();
            (
                protocol.to_string(),
                format!("{} of data", count(data.saturating_sub(8), "byte")),
            )
        }
    };
    Content::Other { strong, words }
}
