//! What a timeline shows of one packet: its name, where it waits, how it ends.

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{FieldName, Message};
use lab::journey::microseconds;

use super::axis::is_wait;
use super::naming;
use figures::track::{Kind, Point, Track, follow};

/// One packet through all places.
pub struct Way<'a> {
    pub track: Track<'a>,
    pub label: String,
    pub end: End,
    pub marked: bool,
}

/// How the way of a packet ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Arrived,
    /// It is seen again, behind the last packet of the figure.
    GoesOn,
    /// It waits for a program, and is not seen again.
    Waits,
    /// It is not seen again.
    Lost,
}

impl End {
    /// Whether it waits when the figure ends.
    pub fn is_open(self) -> bool {
        matches!(self, End::GoesOn | End::Waits)
    }
}

/// The host of a packet's interface.
pub fn host(interface: &str) -> &str {
    interface.split_once('-').map_or("", |(host, _)| host)
}

/// The ways of these packets. `has_tun` says of a host whether a program there
/// takes packets out of datagrams; `after` are the packets behind the range.
pub fn ways<'a>(
    packets: impl Iterator<Item = (usize, &'a Packet)>,
    has_tun: impl Fn(&str) -> bool,
    after: &[Packet],
    marked: &[usize],
) -> Vec<Way<'a>> {
    let program = |packet: &Packet| has_tun(host(&packet.interface));
    let tracks = follow(packets);
    let ends: Vec<End> = tracks
        .iter()
        .map(|track| match () {
            () if track.arrived(program) => End::Arrived,
            () if track.goes_on(after) => End::GoesOn,
            () if tracks.iter().any(|other| refuses(other, track.last())) => End::Lost,
            () if track.is_before_program(program) => End::Waits,
            () => End::Lost,
        })
        .collect();
    let names = naming::names(&tracks);
    let ways = tracks.into_iter().zip(ends).zip(names);
    ways.map(|((track, end), label)| Way {
        label,
        marked: track
            .points
            .iter()
            .any(|point| marked.contains(&point.number)),
        track,
        end,
    })
    .collect()
}

/// Whether this is an ICMP error that quotes that packet.
fn refuses(error: &Track, refused: Point) -> bool {
    let quoted = error.dissection();
    let echo = matches!(
        quoted.packets[0].message,
        None | Some(Message::EchoRequest | Message::EchoReply)
    );
    let whole = refused.packet.dissect();
    let identification = |layers: &[ip_over_udp::packet::Layer], number| {
        let mut ips = layers.iter().filter(|layer| layer.kind.is_ip());
        ips.nth(number)?.number(FieldName::Identification)
    };
    !echo
        && error.kind == Kind::Other
        && error.first().packet.interface == refused.packet.interface
        && quoted
            .packets
            .get(1)
            .is_some_and(|inside| inside.addresses == whole.packets[0].addresses)
        && identification(&quoted.layers, 1) == identification(&whole.layers, 0)
}

impl<'a> Way<'a> {
    /// Where a packet waits for a program, and where it was when the program had
    /// passed it on, if that took so long that it can be seen.
    pub fn waits(&self, scale: f64) -> impl Iterator<Item = (usize, Point<'a>, Point<'a>)> {
        let pairs = self.track.points.windows(2).enumerate();
        pairs.filter_map(move |(at, pair)| {
            let (from, to) = (pair[0], pair[1]);
            let through_program = from.packet.link != to.packet.link
                && host(&from.packet.interface) == host(&to.packet.interface);
            let seen = is_wait(microseconds(from.packet, to.packet), scale);
            (through_program && seen).then_some((at, from, to))
        })
    }
}
