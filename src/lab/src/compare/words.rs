//! What is different, in words.

use super::align::{Row, Step};
use super::fact::{About, Content, Fact, Kind, Normal, Part};
use ip_over_udp::capture::Packet;

/// What is different, with the packets that show it and without.
pub struct Words {
    /// The difference alone.
    pub what: String,
    /// With the packets.
    pub whole: String,
    /// A line about the packet of the capture, where there is one.
    pub mine: Option<String>,
    /// The same of the reference.
    pub reference: Option<String>,
}

impl Words {
    /// Words about what no packet shows.
    pub fn alone(what: String) -> Words {
        Words {
            whole: what.clone(),
            what,
            mine: None,
            reference: None,
        }
    }
}

/// Words about two packets, and the packets.
pub fn both(what: String, (mine, reference): (&Packet, &Packet)) -> Words {
    let (mine, reference) = (mine.info(), reference.info());
    Words {
        whole: format!("{what}\n  yours:     {mine}\n  reference: {reference}"),
        what,
        mine: Some(mine),
        reference: Some(reference),
    }
}

/// Says that a packet is in another place of each row.
pub fn moved((one, other): (usize, usize), mine: &Row, reference: &Row) -> Words {
    let what = format!(
        "another order: packet {} of the reference is packet {} of yours",
        reference.numbers[other], mine.numbers[one],
    );
    let info = reference.packets[other].info();
    Words {
        whole: format!("{what}: {info}"),
        what,
        mine: Some(mine.packets[one].info()),
        reference: Some(info),
    }
}

/// Says that so many packets from this step on have no counterparts.
pub fn alone(steps: &[Step], at: usize, count: usize, mine: &Row, reference: &Row) -> Words {
    let whole = count == steps.len();
    let what = match (steps[at].mine, count) {
        (None, 1) if whole => "the only packet is missing".to_owned(),
        (None, _) if whole => format!("all {count} packets are missing"),
        (None, 1) => "a packet is missing".to_owned(),
        (None, _) => format!("{count} packets are missing"),
        (Some(_), 1) => "an extra packet".to_owned(),
        (Some(_), _) => format!("{count} extra packets"),
    };
    let place = match at {
        _ if whole => "",
        0 => " at the beginning",
        _ if at + count == steps.len() => " at the end",
        _ => "",
    };
    let what = format!("{what}{place}");
    let info = |row: &Row, at: Option<usize>| at.map(|at| row.packets[at].info());
    let (mine, reference) = (
        info(mine, steps[at].mine),
        info(reference, steps[at].reference),
    );
    let first = if count > 1 { ", the first of them" } else { "" };
    let packet = mine.as_ref().or(reference.as_ref());
    let packet = packet.map_or("", String::as_str);
    Words {
        whole: format!("{what}{first}: {packet}"),
        what,
        mine,
        reference,
    }
}

/// The thing in which two packets differ that may be the cause of the others.
pub fn first(mine: &Normal, reference: &Normal) -> Option<(Kind, String)> {
    let found = differences(mine, reference);
    // Where no byte was added, the data differ because a length says so, and
    // otherwise the lengths because of the data.
    let (before, after) = match mine.size == reference.size {
        true => (Kind::Length, Kind::Data),
        false => (Kind::Data, Kind::Length),
    };
    let first = [Kind::Protocol, Kind::Field, before, after];
    let mut order = first.into_iter().chain([Kind::Bits, Kind::Checksum]);
    let of = |kind: Kind| {
        let mut found = found.iter().filter(move |difference| difference.0 == kind);
        // An outer checksum covers what is inside, with the checksums there.
        let cause = match kind {
            Kind::Checksum => found.next_back(),
            _ => found.next(),
        };
        cause.cloned()
    };
    order.find_map(of)
}

/// All things in which two packets differ, from the outermost layer inwards.
fn differences(mine: &Normal, reference: &Normal) -> Vec<(Kind, String)> {
    let mut found = Vec::new();
    for at in 0..mine.layers.len().max(reference.layers.len()) {
        match (mine.layers.get(at), reference.layers.get(at)) {
            (Some(one), Some(other)) if one.layer == other.layer => {
                found.extend(in_layer(one, other));
                continue;
            }
            (Some(one), Some(other)) => {
                let words = format!("{} in yours, {} in the reference", one.title, other.title);
                found.push((Kind::Data, words));
            }
            (Some(one), None) => {
                let words = format!("{} in yours, none in the reference", so_many(one));
                found.push((Kind::Data, words));
            }
            (None, other) => {
                let words = other.map_or(String::new(), so_many);
                found.push((
                    Kind::Data,
                    format!("none in yours, {words} in the reference"),
                ));
            }
        }
        break;
    }
    found
}

/// How much there is of a layer that only one packet has.
fn so_many(layer: &Part) -> String {
    let bytes = layer.facts.iter().map(|fact| match &fact.value {
        Content::Bytes(bytes) => bytes.len(),
        Content::Value(_) | Content::Text(_) => 0,
    });
    match bytes.sum() {
        1 => format!("1 byte of {}", layer.title),
        n => format!("{n} bytes of {}", layer.title),
    }
}

/// The things in which two layers of one kind differ.
fn in_layer(mine: &Part, reference: &Part) -> Vec<(Kind, String)> {
    // If only one of the packets carries another, its title says more.
    let title = match mine.title.len() > reference.title.len() {
        true => &mine.title,
        false => &reference.title,
    };
    let more = mine.facts.iter();
    let more = more.filter(|fact| reference.fact(fact.about).is_none());
    let facts = reference.facts.iter().chain(more);
    let differ = facts.filter_map(|fact| {
        let (one, other) = (mine.fact(fact.about), reference.fact(fact.about));
        (one != other).then(|| (fact.kind, told(title, fact.about, one, other)))
    });
    differ.collect()
}

/// What two packets have of one thing.
fn told(title: &str, about: About, mine: Option<&Fact>, reference: Option<&Fact>) -> String {
    let what = format!("{title} {about}");
    let what = what.trim();
    let content = |fact: Option<&Fact>| match fact.map(|fact| &fact.value) {
        Some(Content::Value(value)) => value.to_string(),
        Some(Content::Text(text)) => text.clone(),
        Some(Content::Bytes(bytes)) => format!("{} bytes", bytes.len()),
        None => "none".to_owned(),
    };
    if let (Some(Content::Bytes(one)), Some(Content::Bytes(other))) = (
        mine.map(|fact| &fact.value),
        reference.map(|fact| &fact.value),
    ) && one.len() == other.len()
        && let Some(at) = (0..one.len()).find(|&at| one[at] != other[at])
    {
        return format!(
            "byte {} of the {what}: {:#04x} in yours, {:#04x} in the reference",
            at + 1,
            one[at],
            other[at]
        );
    }
    let (one, other) = (content(mine), content(reference));
    format!("{what}: {one} in yours, {other} in the reference")
}
