//! What a page is made of: everything that is worked out from the packets before
//! anything is drawn.

use ip_over_udp::capture::{Direction, Packet};

use super::data::{self, CHUNK, Rows};
use super::flow::{self, Fate, Group};
use super::json::Object;
use super::map::{Count, shown};
use super::shape::Shapes;
use super::strings::Strings;
use super::talk::Talks;
use super::{Explorer, plain, words};
use crate::ladder::{Times, ladder};
use crate::way::{Way, split};

/// The lab's interfaces, from left to right; others come behind them.
const ORDER: [&str; 6] = [
    "left-tun0",
    "left-eth0",
    "internet-left",
    "internet-right",
    "right-eth0",
    "right-tun0",
];

/// What a page is made of.
pub struct Body {
    pub interfaces: Vec<String>,
    pub counts: Vec<Count>,
    pub data: String,
    pub chunks: Vec<String>,
    pub shapes: Shapes,
    pub ladders: Vec<String>,
    pub is_short: bool,
}

impl Body {
    pub fn of(explorer: &Explorer) -> Body {
        let packets = explorer.packets;
        let groups = flow::groups(packets);
        let interfaces = interfaces(explorer);
        let mut group_of = vec![0; packets.len()];
        for (number, group) in groups.iter().enumerate() {
            for point in group.points() {
                group_of[point.number - 1] = number;
            }
        }
        let mut strings = Strings::default();
        let mut data = Object::default();
        let beside = explorer.beside.as_ref();
        Rows::of(packets, &interfaces, &group_of, beside, &mut strings).add(&mut data);
        Talks::of(&groups, &mut strings).add(&mut data);
        let ladders = ways(explorer, &groups, &mut data);
        let fates: Vec<Option<usize>> = groups
            .iter()
            .map(|group| group.fate.words().map(|words| strings.number(words)))
            .collect();
        data.member("fate", &fates);

        let is_short = data::is_long(packets);
        let mut shapes = Shapes::default();
        let chunks: Vec<String> = packets
            .chunks(CHUNK)
            .map(|chunk| data::chunk(chunk, &mut shapes, &explorer.explained, is_short))
            .collect();
        data.member("chunk", &CHUNK);
        data.member("shapes", shapes.list());
        data.member("strings", &strings.texts());

        let names = |name: fn(&str) -> String| -> Vec<String> {
            interfaces.iter().map(|interface| name(interface)).collect()
        };
        data.member("interfaces", &interfaces);
        data.member("shown", &names(|name| shown(name).replacen('-', " ", 1)));
        data.member("places", &names(plain::name));
        data.member("pair", &pair(&interfaces));
        let file = |interface: &String| {
            let mut files = explorer.files.of_interface.iter();
            files
                .find(|(name, _)| name == interface)
                .map(|(_, file)| file)
        };
        data.member("files", &interfaces.iter().map(file).collect::<Vec<_>>());
        data.member("file", &explorer.files.all);
        let mut vocabulary = Object::default();
        for (word, filter) in words::VOCABULARY {
            vocabulary.member(word, filter);
        }
        data.object("vocabulary", vocabulary);
        Body {
            counts: counts(packets, &interfaces, &groups),
            data: data.text(),
            interfaces,
            chunks,
            shapes,
            ladders,
            is_short,
        }
    }
}

/// The interfaces with packets, from left to right.
fn interfaces(explorer: &Explorer) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for packet in explorer.packets {
        if !names.contains(&packet.interface) {
            names.push(packet.interface.clone());
        }
    }
    let place = |name: &String| {
        ORDER
            .iter()
            .position(|of| of == name)
            .unwrap_or(ORDER.len())
    };
    names.sort_by_key(|name| (place(name), name.clone()));
    names
}

/// The two that are shown first: what is inside, and what carries it.
fn pair(interfaces: &[String]) -> Vec<usize> {
    let inside = |name: &&String| name.contains("-tun");
    let host = interfaces.iter().find(inside).map(|name| split(name).0);
    let of_host = |name: &String| host == Some(split(name).0);
    let inner = interfaces
        .iter()
        .position(|name| inside(&name))
        .unwrap_or(0);
    let outer = interfaces
        .iter()
        .position(|name| of_host(name) && !inside(&name) && split(name).1 != "lo");
    let other = (0..interfaces.len()).find(|place| *place != inner);
    [Some(inner), outer.or(other)]
        .into_iter()
        .flatten()
        .collect()
}

/// The way of each group, as a drawing that others of the same form share: the
/// drawings.
fn ways(explorer: &Explorer, groups: &[Group], data: &mut Object) -> Vec<String> {
    let mut drawings = Strings::default();
    let (mut ladders, mut hops) = (Vec::new(), Vec::new());
    for group in groups {
        let points = &group.track.points;
        let packets: Vec<&Packet> = points.iter().map(|point| point.packet).collect();
        let way = Way::through(&packets, group.fate.words()).filter(|way| way.hops.len() > 1);
        ladders.push(way.map(|way| {
            let drawing = ladder(&way, Times::Slots, &explorer.explained);
            drawings.number(drawing.into_string())
        }));
        hops.push(
            points
                .iter()
                .map(|point| point.number - 1)
                .collect::<Vec<_>>(),
        );
    }
    data.member("ladder", &ladders);
    data.member("hops", &hops);
    drawings.texts()
}

fn counts(packets: &[Packet], interfaces: &[String], groups: &[Group]) -> Vec<Count> {
    let mut counts: Vec<Count> = interfaces
        .iter()
        .map(|interface| Count {
            interface: interface.clone(),
            ..Count::default()
        })
        .collect();
    let place = |packet: &Packet| interfaces.iter().position(|name| *name == packet.interface);
    for packet in packets {
        if let Some(place) = place(packet) {
            counts[place].packets += 1;
            counts[place].out += usize::from(packet.direction == Some(Direction::Out));
            counts[place].into += usize::from(packet.direction == Some(Direction::In));
        }
    }
    for group in groups.iter().filter(|group| group.fate != Fate::Arrived) {
        let last = group.track.last();
        if let Some(place) = place(last.packet) {
            counts[place].lost += 1;
            if counts[place].lost == 1 {
                let before = packets[..last.number].iter();
                let here = before.filter(|packet| packet.interface == last.packet.interface);
                counts[place].first_lost = here.count();
            }
        }
    }
    counts
}
