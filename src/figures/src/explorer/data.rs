//! The packets as a script reads them: numbers, and texts that are there once.
//!
//! What the lists show is in one object, with an array for each column. The bytes
//! of the packets and the values of their fields are in chunks, each of which is
//! parsed when a packet of it is chosen: so a page with 100,000 packets opens as
//! quickly as one with ten.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ip_over_udp::capture::{Direction, Packet};

use super::json::Object;
use super::shape::Shapes;
use super::strings::Strings;
use super::{Beside, words};
use crate::explained::Explained;
use crate::list;
use crate::part::{self, Part, Role};

/// How many packets a chunk has.
pub const CHUNK: usize = 1000;

/// Bytes of data behind the headers that a page has in full. Where there are more,
/// it has the first [`SHORT`] of each packet.
const FULL: usize = 6 << 20;
pub const SHORT: usize = 128;

/// Bytes that are the same in many packets, such as those of one packet at many
/// interfaces, are kept apart from this length on.
const SHARED: usize = 24;

/// A column for each thing that a list shows.
#[derive(Default)]
pub struct Rows {
    at: Vec<usize>,
    way: Vec<usize>,
    time: Vec<usize>,
    from: Vec<usize>,
    to: Vec<usize>,
    address: Vec<usize>,
    kind: Vec<usize>,
    role: Vec<usize>,
    size: Vec<usize>,
    info: Vec<usize>,
    words: Vec<usize>,
    group: Vec<usize>,
    /// By packet: the words about a difference.
    differs: BTreeMap<usize, usize>,
}

impl Rows {
    /// The rows of these packets. `interfaces` has their interfaces, and `groups` to
    /// which group each belongs.
    pub fn of(
        packets: &[Packet],
        interfaces: &[String],
        groups: &[usize],
        beside: Option<&Beside>,
        strings: &mut Strings,
    ) -> Rows {
        let places: HashMap<&str, usize> = interfaces
            .iter()
            .enumerate()
            .map(|(number, name)| (name.as_str(), number))
            .collect();
        let start = packets
            .first()
            .map(|packet| packet.time)
            .unwrap_or_default();
        let mut rows = Rows::default();
        for (packet, group) in packets.iter().zip(groups) {
            let lines = list::lines(packet);
            let (first, inside) = match lines.split_first() {
                Some((first, inside)) => (Some(first), inside),
                None => (None, [].as_slice()),
            };
            let carried: Vec<String> = inside.iter().map(carried).collect();
            let mut info = first.map_or(String::new(), |line| line.info.clone());
            for line in &carried {
                info = format!("{info} [{line}]");
            }
            let role = |which: usize| first.map_or(Role::Data, |line| line.roles[which]);
            let mut number = |text: String| strings.number(text);
            rows.at.push(places[packet.interface.as_str()]);
            rows.way.push(match packet.direction {
                None => 0,
                Some(Direction::In) => 1,
                Some(Direction::Out) => 2,
            });
            // Both cut to whole microseconds before, as everywhere, so that steps add up.
            let time = packet.time.as_micros().saturating_sub(start.as_micros());
            rows.time.push(usize::try_from(time).unwrap_or(usize::MAX));
            rows.from.push(number(
                first.map_or(String::new(), |line| line.source.clone()),
            ));
            rows.to.push(number(
                first.map_or(String::new(), |line| line.destination.clone()),
            ));
            let kind = first
                .and_then(|line| line.protocol)
                .map_or("none", |kind| kind.as_str());
            rows.kind.push(number(kind.to_owned()));
            rows.address.push(number(role(0).class().to_owned()));
            rows.role.push(number(role(1).class().to_owned()));
            rows.size.push(packet.data.len());
            rows.info.push(number(info));
            rows.words.push(number(words::words(packet)));
            rows.group.push(*group);
        }
        let mut differs: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for difference in beside.iter().flat_map(|beside| &beside.differences) {
            let last = packets.len();
            let at = difference.packet.unwrap_or(last).clamp(1, last.max(1)) - 1;
            differs.entry(at).or_default().push(&difference.words);
        }
        for (at, words) in differs {
            rows.differs.insert(at, strings.number(words.join("\n")));
        }
        rows
    }

    /// Adds the columns to an object.
    pub fn add(&self, object: &mut Object) {
        for (name, column) in [
            ("at", &self.at),
            ("way", &self.way),
            ("time", &self.time),
            ("from", &self.from),
            ("to", &self.to),
            ("address", &self.address),
            ("kind", &self.kind),
            ("role", &self.role),
            ("size", &self.size),
            ("info", &self.info),
            ("words", &self.words),
            ("group", &self.group),
        ] {
            object.member(name, column);
        }
        let mut differs = Object::default();
        for (packet, words) in &self.differs {
            differs.member(&packet.to_string(), words);
        }
        object.object("differs", differs);
    }
}

/// A packet inside another, in words.
fn carried(line: &list::Line) -> String {
    let kind = line.protocol.map_or("", |kind| kind.as_str());
    let ends = match (line.source.as_str(), line.destination.as_str()) {
        ("", _) | (_, "") => String::new(),
        (from, to) => format!("{from} > {to} "),
    };
    format!("{ends}{kind} {}", line.info)
}

/// The bytes and values of some packets, as a JSON object: for each packet its
/// shape, its values, its first bytes, and what of the chunk's texts are the rest.
pub fn chunk(
    packets: &[Packet],
    shapes: &mut Shapes,
    explained: &Explained,
    short: bool,
) -> String {
    let mut strings = Strings::default();
    let (mut shape, mut values, mut head, mut tail) = (vec![], vec![], vec![], vec![]);
    for packet in packets {
        let parts = part::parts(packet);
        shape.push(shapes.number(&parts, packet.data.len(), explained));
        let of_packet = parts.iter().flat_map(|part| &part.fields);
        values.push(
            of_packet
                .map(|field| strings.number(field.value.to_string()))
                .collect::<Vec<_>>(),
        );
        let from = shared(&parts, packet.data.len());
        let (own, rest) = packet.data.split_at(from);
        let rest = match short {
            true => &rest[..rest.len().min(SHORT)],
            false => rest,
        };
        head.push(STANDARD.encode(own));
        tail.push(strings.number(STANDARD.encode(rest)));
    }
    let mut object = Object::default();
    object.member("shape", &shape);
    object.member("values", &values);
    object.member("head", &head);
    object.member("tail", &tail);
    object.member("strings", &strings.texts());
    object.text()
}

/// Where the bytes begin that other packets may have too: what is behind the last
/// header. Without any, the end.
fn shared(parts: &[Part], length: usize) -> usize {
    match parts.last() {
        Some(last) if last.fields.is_empty() && last.bytes.len() >= SHARED => last.bytes.start,
        _ => length,
    }
}

/// Whether there are too many bytes to have all of them.
pub fn is_long(packets: &[Packet]) -> bool {
    let bytes: usize = packets.iter().map(|packet| packet.data.len()).sum();
    bytes > FULL
}
