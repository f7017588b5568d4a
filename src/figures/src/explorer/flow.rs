//! Which packets of a capture belong together: the same packet at all interfaces,
//! in whatever carries it there; and what became of it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ip_over_udp::capture::{Direction, LinkType, Packet};
use ip_over_udp::packet::{Dissection, FieldName};

use crate::track::{Kind, Point, Track, follow};
use crate::way::split;

/// A packet on its way.
pub struct Group<'a> {
    pub track: Track<'a>,
    /// If it was cut: the fragments behind the first one, at all interfaces.
    pub fragments: Vec<Point<'a>>,
    pub fate: Fate,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was seen where it had to go, or nothing can be said about it.
    Arrived,
    /// It came out of the kernel at a tunnel device, and no datagram has it.
    NeverCarried,
    /// A datagram had it, and it was not written to the other tunnel device.
    NeverDelivered,
    /// It was sent without a tunnel, and did not come to the other end.
    Lost,
}

impl Fate {
    /// In words, for a packet that has not arrived.
    pub fn words(self) -> Option<&'static str> {
        match self {
            Fate::Arrived => None,
            Fate::NeverCarried => Some("sent and never carried"),
            Fate::NeverDelivered => Some("carried and never delivered"),
            Fate::Lost => Some("sent and not seen again"),
        }
    }
}

impl<'a> Group<'a> {
    /// All packets that belong to it, in the order of the capture.
    pub fn points(&self) -> Vec<Point<'a>> {
        let mut points = [self.track.points.as_slice(), &self.fragments].concat();
        points.sort_by_key(|point| point.number);
        points
    }
}

/// The groups of a capture, in the order of their first packets.
pub fn groups(packets: &[Packet]) -> Vec<Group<'_>> {
    let numbered = (1..).zip(packets);
    let (rests, tracks): (Vec<Track>, Vec<Track>) = follow(numbered)
        .into_iter()
        .partition(|track| track.kind == Kind::Fragment);
    let mut groups: Vec<Group> = tracks
        .into_iter()
        .map(|track| Group {
            track,
            fragments: Vec::new(),
            fate: Fate::Arrived,
        })
        .collect();

    let mut firsts: HashMap<Cut, Vec<(usize, usize)>> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        for point in &group.track.points {
            if let Some(cut) = Cut::of(point.packet) {
                firsts.entry(cut).or_default().push((point.number, at));
            }
        }
    }
    let mut alone = Vec::new();
    for rest in rests {
        let number = rest.first().number;
        let firsts = Cut::of(rest.first().packet).and_then(|cut| firsts.get(&cut));
        // Identifications come again: the nearest first fragment is the one.
        let nearest = firsts.and_then(|firsts| {
            let distance = |first: &&(usize, usize)| first.0.abs_diff(number);
            firsts.iter().min_by_key(distance)
        });
        match nearest {
            Some(&(_, group)) => groups[group].fragments.extend(rest.points),
            None => alone.push(Group {
                track: rest,
                fragments: Vec::new(),
                fate: Fate::Arrived,
            }),
        }
    }
    groups.extend(alone);
    groups.sort_by_key(|group| group.track.first().number);
    judge(packets, &mut groups);
    groups
}

/// What the fragments of one packet share.
#[derive(PartialEq, Eq, Hash)]
struct Cut {
    addresses: (IpAddr, IpAddr),
    identification: u32,
}

impl Cut {
    fn of(packet: &Packet) -> Option<Cut> {
        let Dissection { packets, layers } = packet.dissect();
        let outermost = packets.first()?;
        outermost.fragment?;
        let mut headers = layers.iter();
        Some(Cut {
            addresses: outermost.addresses?,
            identification: headers.find_map(|layer| {
                layer.field(FieldName::FragmentOffset)?;
                layer.number(FieldName::Identification)
            })?,
        })
    }
}

/// Says of each what became of it, in a capture of the whole lab. In another one,
/// a packet that is not seen may be where nobody looked.
fn judge(packets: &[Packet], groups: &mut [Group]) {
    let names: HashSet<&str> = packets.iter().map(|packet| &*packet.interface).collect();
    if !names.iter().any(|name| name.starts_with("internet-")) {
        return;
    }
    let has_tun = |packet: &Packet| {
        let tun = format!("{}-tun", split(&packet.interface).0);
        names.iter().any(|name| name.starts_with(&tun))
    };
    let on_a_cable = |group: &Group| {
        let mut points = group.track.points.iter();
        points.any(|point| point.packet.link != LinkType::Raw)
    };
    let inner = |group: &&mut Group| group.track.kind == Kind::Inner;
    let tunnel = groups
        .iter_mut()
        .any(|group| inner(&group) && on_a_cable(group));
    let routers: HashSet<IpAddr> = groups
        .iter()
        .filter_map(|group| router(&group.track))
        .collect();
    for group in groups {
        let carried = on_a_cable(group);
        group.fate = match group.track.kind {
            _ if group.track.arrived(has_tun) || for_the_router(&group.track, &routers) => {
                Fate::Arrived
            }
            Kind::Inner if carried => Fate::NeverDelivered,
            Kind::Inner if tunnel => Fate::NeverCarried,
            Kind::Inner => Fate::Arrived,
            _ => Fate::Lost,
        };
    }
}

/// The address of the router, if it sent this packet itself.
fn router(track: &Track) -> Option<IpAddr> {
    let first = track.first().packet;
    let sent = first.interface.starts_with("internet-") && first.direction == Some(Direction::Out);
    let (from, _) = first.dissect().packets.first()?.addresses?;
    sent.then_some(from)
}

/// Whether the router had to take this packet, and not to pass it on.
fn for_the_router(track: &Track, routers: &HashSet<IpAddr>) -> bool {
    let last = track.last().packet;
    let taken = last.interface.starts_with("internet-") && last.direction == Some(Direction::In);
    let to = last
        .dissect()
        .packets
        .first()
        .and_then(|packet| packet.addresses);
    taken && to.is_none_or(|(_, to)| routers.contains(&to) || to.is_multicast())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use ip_over_udp::capture;

    fn packets(chapter: &str) -> Vec<Packet> {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures");
        capture::read(&captures.join(chapter).join("all.pcapng")).unwrap()
    }

    /// What became of the packets that have not arrived, and where each was last.
    fn lost(chapter: &str) -> Vec<(Fate, String)> {
        let packets = packets(chapter);
        let groups = groups(&packets);
        let lost = groups.iter().filter(|group| group.fate != Fate::Arrived);
        lost.map(|group| (group.fate, group.track.last().packet.interface.clone()))
            .collect()
    }

    #[test]
    fn what_the_chapters_lose_on_purpose() {
        use Fate::{Lost, NeverCarried, NeverDelivered};
        let told = |chapter| {
            let lost = lost(chapter);
            lost.into_iter()
                .map(|(fate, place)| format!("{fate:?} {place}"))
                .collect::<Vec<_>>()
        };
        let line = |fate: Fate, place: &str| format!("{fate:?} {place}");
        // Before there is a tunnel, the router does not know the inner address.
        assert_eq!(told("ch00"), [line(Lost, "internet-left")]);
        // A program alone answers, or does not; datagrams all arrive.
        for quiet in ["ch01", "ch03", "ch04"] {
            assert_eq!(told(quiet), Vec::<String>::new(), "{quiet}");
        }
        assert_eq!(told("ch02"), vec![line(Lost, "internet-left"); 3]);
        // Half a tunnel: the reply; a route into the tunnel itself; a wrong port.
        assert_eq!(
            told("ch05"),
            [
                line(NeverCarried, "right-tun0"),
                line(NeverCarried, "left-tun1"),
                line(NeverCarried, "left-tun1"),
                line(NeverCarried, "left-tun1"),
                line(NeverDelivered, "right-eth0"),
            ]
        );
    }

    #[test]
    fn a_group_has_all_fragments_at_all_interfaces() {
        let packets = packets("ch06");
        let groups = groups(&packets);
        let big = groups
            .iter()
            .find(|group| group.track.inside() == 1490)
            .unwrap();
        // Two tunnel devices, and four interfaces with two fragments each.
        assert_eq!(big.points().len(), 2 + 4 * 2);
        let frames = big
            .points()
            .iter()
            .filter(|point| point.packet.data.len() == 52)
            .count();
        assert_eq!(frames, 4);
        // Each packet is in one group.
        let members: usize = groups.iter().map(|group| group.points().len()).sum();
        assert_eq!(members, packets.len());
    }

    /// A ping of the router ends there, and is not lost.
    #[test]
    fn what_is_for_the_router_has_arrived() {
        let (left, router) = ([198, 51, 100, 2], [198, 51, 100, 1]);
        let ping = |interface: &str, direction, from, to, milliseconds| {
            let mut data = Vec::new();
            etherparse::PacketBuilder::ethernet2([2; 6], [4; 6])
                .ipv4(from, to, 64)
                .icmpv4_echo_request(1, 1)
                .write(&mut data, &[0; 8])
                .unwrap();
            Packet {
                interface: interface.to_owned(),
                link: LinkType::Ethernet,
                direction: Some(direction),
                time: std::time::Duration::from_millis(milliseconds),
                length: data.len() as u32,
                data,
            }
        };
        let packets = [
            ping("left-eth0", Direction::Out, left, router, 1),
            ping("internet-left", Direction::In, left, router, 2),
            ping("internet-left", Direction::Out, router, left, 3),
            ping("left-eth0", Direction::In, router, left, 4),
        ];
        let fates: Vec<Fate> = groups(&packets).iter().map(|group| group.fate).collect();
        assert_eq!(fates, [Fate::Arrived, Fate::Arrived]);
        // Without an answer nothing says that the address is the router's.
        let fates: Vec<Fate> = groups(&packets[..2])
            .iter()
            .map(|group| group.fate)
            .collect();
        assert_eq!(fates, [Fate::Lost]);
    }
}
