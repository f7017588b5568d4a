//! One packet followed through all interfaces of a capture: as the packet that
//! a tunnel carries, or by the bytes that a router leaves alone.

use std::collections::HashMap;
use std::ops::Range;

use ip_over_udp::capture::{Direction, Packet};
use ip_over_udp::packet::{
    Dissection, FieldName, Layer, LayerKind, LinkType, Message, Value, dissect,
};

/// One packet at all interfaces where it was captured, in the order of time.
pub struct Track<'a> {
    pub points: Vec<Point<'a>>,
    pub kind: Kind,
    identity: Identity<'a>,
}

/// A packet of the capture, and its number there.
#[derive(Clone, Copy)]
pub struct Point<'a> {
    pub number: usize,
    pub packet: &'a Packet,
}

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A packet that goes through the tunnel.
    Inner,
    /// A datagram of UDP, carrying no packet.
    Datagram,
    /// A fragment other than the first.
    Fragment,
    /// Another IP packet, such as an ICMP error.
    Other,
    /// No IP at all.
    Link,
}

impl Kind {
    /// The class of its colour in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Kind::Inner => "iip",
            Kind::Datagram => "udp",
            Kind::Fragment | Kind::Other => "oip",
            Kind::Link => "eth",
        }
    }
}

/// Follows the packets, with their numbers, through the interfaces.
pub fn follow<'a>(packets: impl Iterator<Item = (usize, &'a Packet)>) -> Vec<Track<'a>> {
    let mut tracks: Vec<Track> = Vec::new();
    let mut alike: HashMap<Vec<u8>, Alike> = HashMap::new();
    for (number, packet) in packets {
        let point = Point { number, packet };
        let (kind, identity) = identify(packet);
        let alike = alike.entry(identity.key()).or_default();
        // Where many packets are the same, those that have been here come first.
        let place = (packet.interface.as_str(), packet.direction);
        let been = alike.been.entry(place).or_default();
        while let Some(&track) = alike.tracks.get(*been)
            && tracks[track].was_at(packet)
        {
            *been += 1;
        }
        let mut candidates = alike.tracks[*been..].iter();
        match candidates.find(|&&track| tracks[track].continues(packet, &identity)) {
            Some(&track) => {
                let track = &mut tracks[track];
                track.points.push(point);
                if track.identity.beginning {
                    track.identity = identity;
                }
            }
            None => {
                alike.tracks.push(tracks.len());
                tracks.push(Track {
                    points: vec![point],
                    kind,
                    identity,
                });
            }
        }
    }
    tracks
}

/// Tracks of packets that begin with the same bytes, so that a packet is not
/// compared with all that were before it.
#[derive(Default)]
struct Alike<'a> {
    tracks: Vec<usize>,
    /// For each place, how many of the first of them have been there.
    been: HashMap<(&'a str, Option<Direction>), usize>,
}

impl<'a> Track<'a> {
    /// Whether any of these packets is the same one at a place farther on.
    pub fn goes_on(&self, packets: &[Packet]) -> bool {
        let mut packets = packets.iter();
        packets.any(|packet| self.continues(packet, &identify(packet).1))
    }

    fn continues(&self, packet: &Packet, identity: &Identity) -> bool {
        self.identity.is(identity) && !self.was_at(packet)
    }

    /// Whether it was at the interface of this packet, in the same direction.
    fn was_at(&self, packet: &Packet) -> bool {
        let here = |point: &Point| {
            point.packet.direction == packet.direction && point.packet.interface == packet.interface
        };
        self.points.iter().any(here)
    }

    pub fn first(&self) -> Point<'a> {
        self.points[0]
    }

    pub fn last(&self) -> Point<'a> {
        self.points[self.points.len() - 1]
    }

    /// The packet that is followed, taken apart where it is seen best: on a
    /// tunnel interface, and otherwise in the datagram.
    pub fn dissection(&self) -> Dissection {
        let plain = self.points.iter().find(|p| p.packet.link == LinkType::Raw);
        let packet = plain.map_or(self.first().packet, |point| point.packet);
        let content = Content::of(packet);
        dissect(content.link, &packet.data[content.bytes])
    }

    /// The length of the packet that is followed, with its IP header.
    pub fn inside(&self) -> usize {
        self.dissection().packets[0].length
    }

    /// The length of a frame that carries it, if one was captured.
    pub fn outside(&self) -> Option<u32> {
        let mut frames = self.points.iter().map(|point| point.packet);
        let frame = frames.find(|packet| packet.link == LinkType::Ethernet)?;
        Some(frame.length)
    }

    /// The packet in a word or two: `ping 1`, `reply 1`, `5 bytes`, `SYN ACK`.
    pub fn label(&self) -> String {
        let dissection = self.dissection();
        let packet = &dissection.packets[0];
        if self.kind == Kind::Fragment {
            return "fragment".to_owned();
        }
        let of = |name| dissection.layers.iter().find_map(|l: &Layer| l.value(name));
        let sequence = of(FieldName::SequenceNumber).and_then(Value::number);
        let layer = |kind| dissection.layers.iter().find(|layer| layer.kind == kind);
        match (packet.message, packet.protocol, sequence) {
            (Some(Message::EchoRequest), _, Some(number)) => format!("ping {number}"),
            (Some(Message::EchoReply), _, Some(number)) => format!("reply {number}"),
            (_, Some(LayerKind::Tcp), _) => match layer(LayerKind::Tcp) {
                Some(tcp) => tcp
                    .value(FieldName::Flags)
                    .map_or("TCP".to_owned(), Value::to_string),
                None => "TCP".to_owned(),
            },
            (_, Some(LayerKind::Udp), _) => {
                match layer(LayerKind::Udp).and_then(|udp| udp.number(FieldName::Length)) {
                    Some(length) => format!("{} bytes", length.saturating_sub(8)),
                    None => "UDP".to_owned(),
                }
            }
            (_, Some(protocol), _) => protocol.to_string(),
            _ => "packet".to_owned(),
        }
    }

    /// Whether it was last seen where it had to go: in a kernel behind a TUN
    /// device, or in a host where no `program` has to pass it on.
    pub fn arrived(&self, program: impl Fn(&Packet) -> bool) -> bool {
        let packet = self.last().packet;
        let in_a_host = !packet.interface.starts_with("internet-");
        match packet.direction {
            None => true,
            Some(Direction::Out) => false,
            Some(Direction::In) if packet.link == LinkType::Raw => true,
            Some(Direction::In) => in_a_host && !(self.kind == Kind::Inner && program(packet)),
        }
    }

    /// Whether a program has to take it next, from the queue of a TUN device or
    /// from a socket.
    pub fn is_before_program(&self, program: impl Fn(&Packet) -> bool) -> bool {
        let packet = self.last().packet;
        let out = packet.direction == Some(Direction::Out);
        match packet.link {
            LinkType::Raw => out,
            _ => !out && program(packet),
        }
    }
}

/// What makes a packet the same at two interfaces: its bytes, but for those that a
/// router changes, which are zero here.
struct Identity<'a> {
    head: [u8; HEAD],
    /// The bytes behind the head, of which all may be there.
    tail: &'a [u8],
    length: usize,
    /// They are the first bytes only: those in a first fragment.
    beginning: bool,
}

/// The bytes of an IP header up to the last that a router changes.
const HEAD: usize = 12;

/// How many bytes two packets share that are compared at all: a header of IPv6 and
/// the one behind it. A first fragment is longer.
const KEY: usize = 64;

impl Identity<'_> {
    fn is(&self, other: &Identity) -> bool {
        let same = match (self.beginning, other.beginning) {
            (true, false) => self.length <= other.length && other.tail.starts_with(self.tail),
            (false, true) => other.length <= self.length && self.tail.starts_with(other.tail),
            _ => self.length == other.length && self.tail == other.tail,
        };
        same && self.head == other.head
    }

    fn key(&self) -> Vec<u8> {
        let tail = &self.tail[..self.tail.len().min(KEY - HEAD)];
        [&self.head, tail].concat()
    }
}

/// Where in a captured packet the one is that is followed.
struct Content {
    kind: Kind,
    bytes: Range<usize>,
    link: LinkType,
    beginning: bool,
}

impl Content {
    fn of(packet: &Packet) -> Content {
        let Dissection { packets, layers } = packet.dissect();
        let all = 0..packet.data.len();
        if packet.link == LinkType::Raw {
            return Content {
                kind: Kind::Inner,
                bytes: all,
                link: LinkType::Raw,
                beginning: false,
            };
        }
        let Some(ip) = layers.iter().find(|layer| layer.kind.is_ip()) else {
            return Content {
                kind: Kind::Link,
                bytes: all,
                link: packet.link,
                beginning: false,
            };
        };
        let fragment = packets.first().and_then(|packet| packet.fragment);
        // What an ICMP error quotes is not carried.
        let mut carrying = layers.iter().take_while(|layer| !layer.kind.is_icmp());
        let udp = carrying.find(|layer| layer.kind == LayerKind::Udp);
        let carries = layers
            .windows(2)
            .any(|pair| Some(&pair[0]) == udp && pair[1].kind.is_ip());
        let (kind, start, beginning) = match udp {
            Some(udp) if carries => (Kind::Inner, udp.bytes.end, fragment.is_some()),
            Some(_) => (Kind::Datagram, ip.bytes.start, false),
            None if fragment.is_some_and(|fragment| fragment.offset > 0) => {
                (Kind::Fragment, ip.bytes.start, false)
            }
            None => (Kind::Other, ip.bytes.start, false),
        };
        Content {
            kind,
            bytes: start..packet.data.len(),
            link: LinkType::Raw,
            beginning,
        }
    }
}

fn identify(packet: &Packet) -> (Kind, Identity<'_>) {
    let content = Content::of(packet);
    let bytes = &packet.data[content.bytes];
    let (start, tail) = bytes.split_at(bytes.len().min(HEAD));
    let mut head = [0; HEAD];
    head[..start.len()].copy_from_slice(start);
    if !matches!(content.kind, Kind::Inner | Kind::Link) {
        // A router changes the time to live and with it the header checksum.
        let changed = match head[0] >> 4 {
            4 => [8..9, 10..12],
            _ => [7..8, 0..0],
        };
        for range in changed {
            head[range].fill(0);
        }
    }
    let identity = Identity {
        head,
        tail,
        length: bytes.len(),
        beginning: content.beginning,
    };
    (content.kind, identity)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ip_over_udp::capture::now;

    use super::*;

    fn datagram(interface: &str, number: usize, data: &[u8]) -> Packet {
        let mut bytes = Vec::new();
        etherparse::PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
            .udp(1000, 2000)
            .write(&mut bytes, data)
            .unwrap();
        Packet {
            interface: interface.to_owned(),
            link: LinkType::Ethernet,
            direction: Some(Direction::Out),
            time: now() + Duration::from_micros(number as u64),
            length: bytes.len() as u32,
            data: bytes,
        }
    }

    #[test]
    fn equal_packets_are_followed_one_by_one() {
        let places = ["left-eth0", "internet-left", "right-eth0"];
        let all: Vec<Packet> = (0..3)
            .flat_map(|round| places.map(|place| datagram(place, round, b"same")))
            .collect();
        let tracks = follow((1..).zip(&all));
        let numbers: Vec<Vec<usize>> = tracks
            .iter()
            .map(|track| track.points.iter().map(|point| point.number).collect())
            .collect();
        assert_eq!(numbers, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    }

    /// A flood of equal packets, or of different ones, takes no time that grows with
    /// its square: this would run for minutes.
    #[test]
    fn a_flood_is_followed() {
        let equal: Vec<Packet> = (0..100_000)
            .map(|at| datagram("left-eth0", at, b"same"))
            .collect();
        assert_eq!(follow((1..).zip(&equal)).len(), equal.len());
        let other: Vec<Packet> = (0..100_000_usize)
            .map(|at| datagram("left-eth0", at, &at.to_be_bytes()))
            .collect();
        assert_eq!(follow((1..).zip(&other)).len(), other.len());
    }
}
