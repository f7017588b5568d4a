//! The whole page: one file, which loads nothing and runs nothing but its own
//! script.
//!
//! What is in a packet may be anybody's text. All of it is escaped, by maud in
//! markup and here in JSON; and if some were not, the page's content security
//! policy names the one script and the one style sheet that count, by their hashes.

use ip_over_udp::capture::{Direction, Packet};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::data::{self, CHUNK, Rows};
use super::flow::{self, Fate, Group};
use super::json::Object;
use super::map::{Count, map, shown};
use super::shape::Shapes;
use super::strings::Strings;
use super::talk::Talks;
use super::{Explorer, hashes, plain, words};
use crate::ladder::{Times, ladder};
use crate::way::{Way, split};
use crate::{anatomy, conversation, count};

/// By this, in its first lines, a file is known to be such a page.
pub const MADE_BY: &str = "cargo lab view";

pub const SCRIPT: &str = include_str!("explorer.js");
/// The book's look, and what the explorer adds.
pub const STYLES: [&str; 2] = [
    include_str!("../../../../book/theme/book.css"),
    include_str!("explorer.css"),
];

/// The lab's interfaces, from left to right; others come behind them.
const ORDER: [&str; 6] = [
    "left-tun0",
    "left-eth0",
    "internet-left",
    "internet-right",
    "right-eth0",
    "right-tun0",
];

pub fn page(explorer: &Explorer) -> String {
    let body = Body::of(explorer);
    let connect = match explorer.live {
        true => "'self'",
        false => "'none'",
    };
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}' '{}'; connect-src {connect}; \
         base-uri 'none'; form-action 'none'",
        hashes::SCRIPT,
        hashes::STYLES[0],
        hashes::STYLES[1],
    );
    let book = explorer.book.as_ref();
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(MADE_BY);
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (explorer.title) }
                @for style in STYLES { style { (PreEscaped(style)) } }
            }
            body .explorer data-book=[book.map(|_| "")] data-live=[explorer.live.then_some("")] {
                main { (body.markup(explorer)) }
                (templates())
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

struct Body {
    interfaces: Vec<String>,
    counts: Vec<Count>,
    data: String,
    chunks: Vec<String>,
    shapes: Shapes,
    ladders: Vec<String>,
    is_short: bool,
}

impl Body {
    fn of(explorer: &Explorer) -> Body {
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

    fn markup(&self, explorer: &Explorer) -> Markup {
        let beside_it = explorer.beside.iter();
        let differs = beside_it
            .flat_map(|beside| &beside.differences)
            .next()
            .is_some();
        html! {
            header {
                @if let Some(book) = &explorer.book {
                    p .back { a href=(book.chapter.0) { (book.chapter.1) } }
                }
                h1 { (explorer.title) }
                @if explorer.live { p #live role="status" { "A lab is running. New packets appear as they pass." } }
                @for note in &explorer.notes { p .note { (note) } }
                @if self.is_short {
                    p .note { "This capture is large: of each packet, the page has the headers and the first "
                        (data::SHORT) " bytes of data." }
                }
                (beside(explorer))
            }
            @if explorer.packets.is_empty() {
                p { "There are no packets in this capture." }
            } @else {
                figure .map { (map(&self.counts)) }
            }
            form #choice hidden {
                @for side in ["Left list", "Right list"] {
                    label { (side) " " select {} }
                }
                label .wide { "Filter " input #filter type="search" autocomplete="off" spellcheck="false"
                    placeholder="icmp 192.168.0.2" aria-describedby="error count"; }
                output #count {}
                @if differs {
                    button #next type="button" { "Next difference" }
                }
                p #error role="alert" {}
            }
            section #lists hidden aria-label="Two lists" {
                div .head aria-hidden="true" {
                    @for _ in 0..2 {
                        div .side {
                            @for (class, title) in COLUMNS { span class=(class) { (title) } }
                        }
                    }
                }
                div #view tabindex="0" role="grid" aria-label="Packets, line by line: arrow keys choose one" { div #rows role="rowgroup" {} }
                p .keys { kbd { "↑" } " " kbd { "↓" } " next packet, " kbd { "←" } " " kbd { "→" } " other list, "
                    kbd { "/" } " filter"
                    @if differs { ", " kbd { "n" } " next difference" }
                }
                @for side in 0..2 { pre .tshark { code id={ "tshark-" (side) } {} } }
            }
            section #packet hidden aria-label="The chosen packet" {}
            (plain::lists(explorer.packets, &self.interfaces))
            @for layer in self.shapes.layers() { (layer) }
            @for (number, ladder) in self.ladders.iter().enumerate() {
                template id={ "ladder-" (number) } { (PreEscaped(ladder)) }
            }
            script #data type="application/json" { (PreEscaped(&self.data)) }
            @for (number, chunk) in self.chunks.iter().enumerate() {
                script id={ "chunk-" (number) } type="application/json" { (PreEscaped(chunk)) }
            }
        }
    }
}

/// In a sentence, what differs from the reference.
fn beside(explorer: &Explorer) -> Markup {
    let Some(beside) = &explorer.beside else {
        return html! {};
    };
    let found = beside.differences.len() + beside.elsewhere.len();
    html! {
        p .note {
            @match found {
                0 => "Every packet is as in the reference captures.",
                _ => { (count::count(found, "difference")) " from the reference captures." }
            }
        }
        @for words in &beside.elsewhere { p .note { (words) } }
    }
}

/// The columns of a list, as Wireshark calls them.
const COLUMNS: [(&str, &str); 7] = [
    ("no", "No."),
    ("time", "Time"),
    ("from", "Source"),
    ("to", "Destination"),
    ("kind", "Protocol"),
    ("size", "Length"),
    ("info", "Info"),
];

/// What is the same for every capture.
fn templates() -> Markup {
    let cells = html! {
        @for (class, _) in COLUMNS {
            span class=(class) {
                @match class {
                    // Coloured as narrow as the words are.
                    "from" | "to" | "kind" => span data-slot=(class) {},
                    _ => span .words data-slot=(class) {},
                }
            }
        }
    };
    html! {
        template #pair {
            div .pair role="row" { @for _ in 0..2 { div .side role="gridcell" { (cells) } } }
        }
        template #chosen {
            h2 data-slot="title" {}
            p .line data-slot="info" {}
            p .lost data-if="fate" { span data-slot="fate" {} }
            p .differs data-if="differs" { "Not as in the reference: " span data-slot="differs" {} }
            figure .packet {
                (anatomy::layers(html! {}))
                (anatomy::dump(anatomy::bytes(0..0, html! {}, html! {})))
                p .note data-if="cut" { span data-slot="cut" {} }
                div .tables {}
            }
            figure .journey {
                figcaption { strong { "Its journey" } ": the packet at every interface, with the bytes that are added and removed. " span data-slot="way" {} }
            }
            figure .conversation {
                figcaption { strong { "Its conversation" } ". " span data-slot="messages" {} }
            }
            div .same {
                p { "The same in a terminal: this packet, its journey, its conversation." }
                @for slot in ["tshark", "tshark-way", "tshark-talk"] {
                    pre .tshark data-if=(slot) { code data-slot=(slot) {} }
                }
            }
        }
        (conversation::drawing::slots())
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
