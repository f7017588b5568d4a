//! One segment of TCP, and the phase of a connection that it belongs to.

use ip_over_udp::packet::flags::TcpFlags;
use ip_over_udp::packet::{Dissection, FieldName, LayerKind, Value};

use super::message::{Content, Message};
use crate::http::http;
use crate::track::Track;

pub struct Segment {
    pub flags: TcpFlags,
    pub sequence: u32,
    pub acknowledgement: Option<u32>,
    /// Bytes of data.
    pub data: usize,
    /// The first line of HTTP, if it is in there.
    pub http: Option<String>,
}

/// A part of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Handshake,
    Request,
    Answer,
    Close,
    /// All of one that is no connection of TCP.
    Whole(LayerKind),
}

impl Segment {
    /// The segment that a track follows, taken apart, if it is one.
    pub fn of(dissection: &Dissection, track: &Track) -> Option<Segment> {
        let mut carried = dissection.layers.iter().skip(1);
        let tcp = carried.find(|layer| layer.kind == LayerKind::Tcp)?;
        let Some(&Value::TcpFlags(flags)) = tcp.value(FieldName::Flags) else {
            return None;
        };
        let acknowledgement = tcp.number(FieldName::AcknowledgementNumber)?;
        let data = carried.find(|layer| layer.kind == LayerKind::Data);
        Some(Segment {
            flags,
            sequence: tcp.number(FieldName::SequenceNumber)?,
            acknowledgement: flags.contains(TcpFlags::ACK).then_some(acknowledgement),
            data: data.map_or(0, |data| data.bytes.len()),
            http: http(track.first().packet),
        })
    }

    /// Whether it asks for a connection: SYN, and no ACK.
    pub fn opens(&self) -> bool {
        self.flags.contains(TcpFlags::SYN) && !self.flags.contains(TcpFlags::ACK)
    }

    /// The number from which its sender counts, if this is its first segment. A
    /// connection that was there before counts as if its SYN had just been sent.
    pub fn beginning(&self) -> u32 {
        let syn = self.flags.contains(TcpFlags::SYN);
        self.sequence.wrapping_sub(u32::from(!syn))
    }

    /// Numbers from the beginning of the connection instead of a random one.
    pub fn count_from(&mut self, mine: Option<u32>, other: Option<u32>) {
        self.sequence = self.sequence.wrapping_sub(mine.unwrap_or(0));
        if let (Some(acknowledgement), Some(other)) = (&mut self.acknowledgement, other) {
            *acknowledgement = acknowledgement.wrapping_sub(other);
        }
    }

    /// `seq 1, ack 1, 96 bytes of data`
    pub fn counts(&self) -> String {
        let mut counts = format!("seq {}", self.sequence);
        if let Some(acknowledgement) = self.acknowledgement {
            counts += &format!(", ack {acknowledgement}");
        }
        if self.data > 0 {
            counts += &format!(", {} bytes of data", self.data);
        }
        counts
    }
}

impl Phase {
    /// The phase after this message, which may be the same.
    pub fn after(self, message: &Message, from_client: bool) -> Phase {
        let Content::Segment(segment) = &message.content else {
            return Phase::Whole(message.protocol);
        };
        let ends = segment.flags.contains(TcpFlags::FIN) || segment.flags.contains(TcpFlags::RST);
        match (segment.data > 0, from_client) {
            _ if segment.flags.contains(TcpFlags::SYN) => Phase::Handshake,
            (true, true) => Phase::Request,
            (true, false) => Phase::Answer,
            (false, _) if ends => Phase::Close,
            _ => self,
        }
    }

    /// What it is called; with HTTP the answer is a page.
    pub fn name(self, http: bool) -> &'static str {
        match self {
            Phase::Handshake => "Handshake",
            Phase::Request => "Request",
            Phase::Answer if http => "Page",
            Phase::Answer => "Answer",
            Phase::Close => "Close",
            Phase::Whole(protocol) => protocol.as_str(),
        }
    }
}
