//! One field at every interface that a packet passed: its value in the inner
//! packet and in the one that carries it, as lines that step aside where the
//! value changes.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{Field, Value};
use maud::{Markup, html};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::name::name;
use super::way;
use figures::part::{self, Part, Role};
use figures::{MARGIN, WIDTH};

const USAGE: &str = r#"{{#hops FILE NUMBER "text" "FIELD" caption="…"}}"#;

/// Where the values begin: the names of hosts and interfaces are before that.
const NAMES: usize = 112;
const INTERFACE: usize = 72;
const HEAD: usize = 30;
const ROW: usize = 30;
/// How far a line steps aside, and room for all its steps.
const STEP: usize = 12;
const STEPS: usize = 2;

/// A field of one layer along the way.
struct Track {
    role: Role,
    label: String,
    /// What it says at each interface; `None` where the layer is not there.
    values: Vec<Option<Value>>,
}

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let number =
        arguments.number("the number of the packet among those that crossed the tunnel")?;
    let text = arguments.needed_text("the text that says which packet it is")?;
    let field = arguments.needed_text("the field")?;
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let (first, journey) = way::find(&capture, number, &text)?;
    let packets: Vec<&Packet> = journey.hops().map(|(packet, _)| packet).collect();
    let (title, tracks) = tracks(&packets, &field)?;
    let figure = html! {
        figure .hops {
            (caption.above(html! {
                strong { "The " (title) " at every interface" } ": packet " (number)
                " that crossed the tunnel in " code { (capture.name) }
                span .line { (first.info()) }
            }))
            (drawing(&packets, &tracks, &field))
        }
    };
    Ok(figure.into_string())
}

/// The field in each IP header of the packet, from the outermost to the innermost.
fn tracks(packets: &[&Packet], field: &str) -> anyhow::Result<(Markup, Vec<Track>)> {
    let stops: Vec<Vec<Part>> = packets.iter().map(|packet| part::parts(packet)).collect();
    let mut title = None;
    let mut tracks = Vec::new();
    for role in [Role::OuterIp, Role::InnerIp] {
        let found: Vec<_> = stops.iter().map(|parts| find(parts, role, field)).collect();
        // On a tunnel interface the packet is in none, and its label does not say "inner".
        let all = found.iter().copied().flatten();
        if let Some((part, one)) = all.max_by_key(|(part, _)| part.label.len()) {
            title = title.or(Some(name(part.kind, one.name)));
            let value = |found: &Option<(&Part, &Field)>| found.map(|(_, one)| one.value.clone());
            tracks.push(Track {
                role,
                label: part.label.clone(),
                values: found.iter().map(value).collect(),
            });
        }
    }
    let title = title.with_context(|| {
        let ip = stops.iter().flatten().filter(|part| part.kind.is_ip());
        let mut all: Vec<&str> = Vec::new();
        for one in ip.flat_map(|part| &part.fields) {
            if !all.contains(&one.name.as_str()) {
                all.push(one.name.as_str());
            }
        }
        let all = all.join(", ");
        format!("no IP header of this packet has a field {field:?}: its fields are {all}")
    })?;
    Ok((title, tracks))
}

/// The field of this name in the IP header with this role.
fn find<'a>(parts: &'a [Part], role: Role, name: &str) -> Option<(&'a Part, &'a Field)> {
    let mut ip = parts.iter().filter(|part| part.role == role);
    let part = ip.find(|part| part.kind.is_ip())?;
    let field = part
        .fields
        .iter()
        .find(|field| field.name.as_str() == name)?;
    Some((part, field))
}

fn drawing(packets: &[&Packet], tracks: &[Track], field: &str) -> Markup {
    let height = HEAD + ROW * packets.len();
    let width = (WIDTH - MARGIN - NAMES) / tracks.len().max(1);
    let hosts = packets.chunk_by(|one, other| host(one).0 == host(other).0);
    let mut y = HEAD;
    let hosts: Vec<(usize, &[&Packet])> = hosts
        .map(|host| {
            let top = y;
            y += host.len() * ROW;
            (top, host)
        })
        .collect();
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height + 1) } role="img" {
            title { "The " (field) " at every interface" }
            desc { (story(packets, tracks)) }
            @for (top, packets) in &hosts {
                rect .host x="0.5" y=(top + 1) width=(WIDTH - 1) height=(packets.len() * ROW - 2) rx="6" {}
                text .name x=(MARGIN) y=(top + 20) { (host(packets[0]).0) }
                @for (place, packet) in packets.iter().enumerate() {
                    text .interface x=(INTERFACE) y=(top + place * ROW + 20) { (host(packet).1) }
                }
            }
            @for (place, track) in tracks.iter().enumerate() {
                (track.drawing(NAMES + place * width, width))
            }
        }
    }
}

impl Track {
    /// A line from interface to interface.
    fn drawing(&self, left: usize, width: usize) -> Markup {
        let steps = self.steps();
        let mut line = String::new();
        let mut before = None;
        let mut dots = Vec::new();
        for (place, value) in self.values.iter().enumerate() {
            let Some(value) = value else {
                before = None;
                continue;
            };
            let text = value.to_string();
            let step = steps
                .iter()
                .position(|one| *one == text)
                .unwrap_or(0)
                .min(STEPS);
            let (x, y) = (left + 8 + step * STEP, HEAD + place * ROW + 15);
            line += &match before {
                // Half-way between two interfaces it changes.
                Some(_) => format!("V{}H{x}V{y}", y - ROW / 2),
                None => format!("M{x} {y}"),
            };
            let changed = before.is_some_and(|before: String| before != text);
            before = Some(text.clone());
            dots.push((x, y, text, changed));
        }
        html! {
            rect .layer .(self.role.class()) x=(left) y="4" width=(width - 6) height="18" {}
            text .part x=(left + width / 2 - 3) y="17" { (self.label) }
            path .track .(self.role.class()) d=(line) {}
            @for (x, y, text, changed) in dots {
                circle .(self.role.class()) cx=(x) cy=(y) r="4" {}
                text .value .bold[changed] x=(x + 9) y=(y + 4) { (text) }
            }
        }
    }

    /// The values that there are, the smallest first if they are numbers.
    fn steps(&self) -> Vec<String> {
        let values = self.values.iter().flatten().enumerate();
        let all: BTreeSet<(u32, String)> = values
            .map(|(place, value)| {
                let number = value.number().unwrap_or(place as u32);
                (number, value.to_string())
            })
            .collect();
        let mut steps: Vec<String> = Vec::new();
        for (_, text) in all {
            if !steps.contains(&text) {
                steps.push(text);
            }
        }
        steps
    }
}

/// The name of the host and of its interface.
fn host(packet: &Packet) -> (&str, &str) {
    packet
        .interface
        .split_once('-')
        .unwrap_or(("", &packet.interface))
}

/// The drawing in words.
fn story(packets: &[&Packet], tracks: &[Track]) -> String {
    let told = packets.iter().enumerate().map(|(place, packet)| {
        let values: Vec<String> = tracks
            .iter()
            .filter_map(|track| Some(format!("{} {}", track.label, track.values[place].as_ref()?)))
            .collect();
        let (host, interface) = host(packet);
        format!("{host} {interface}: {}", values.join(", "))
    });
    told.collect::<Vec<_>>().join(". ") + "."
}
