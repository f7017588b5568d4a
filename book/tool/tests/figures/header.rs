//! The header figure says what is in the packet, for every header of every
//! capture, and all that it names is explained.

use std::collections::HashSet;
use std::fs;
use std::sync::LazyLock;

use book_tool::figure;
use ip_over_udp::capture::{self, Packet};
use ip_over_udp::packet::{Field, FieldName, Layer, LayerKind, Value};
use scraper::{ElementRef, Html, Selector};

use crate::captures::{capture_files, made, tree};
use crate::errors::fails_in;
use crate::read::texts;

const DRAWN: [LayerKind; 7] = [
    LayerKind::Ethernet,
    LayerKind::Ipv4,
    LayerKind::Ipv6,
    LayerKind::Udp,
    LayerKind::Tcp,
    LayerKind::Icmp,
    LayerKind::Icmpv6,
];

/// A cell as a reader sees it.
struct Cell {
    name: String,
    value: String,
    raw: String,
    place: String,
    link: String,
}

fn cells(html: &str) -> Vec<Cell> {
    let html = Html::parse_fragment(html);
    let select = |text| Selector::parse(text).unwrap();
    let text = |of: ElementRef, what| -> String {
        let what = select(what);
        of.select(&what)
            .next()
            .map_or(String::new(), |e| e.text().collect())
    };
    let link = |of: ElementRef| {
        let link = of.select(&select("a")).next().unwrap();
        let full = link.select(&select("abbr")).next();
        let name = full.and_then(|abbr| abbr.attr("title"));
        let name = name.map_or(link.text().collect(), str::to_owned);
        (name, link.attr("href").unwrap().to_owned())
    };
    let drawn = select("ol > li:not(.before)");
    html.select(&drawn)
        .map(|cell| {
            let (name, link) = link(cell);
            Cell {
                name,
                value: text(cell, ".value"),
                raw: text(cell, "code"),
                place: text(cell, ".place"),
                link,
            }
        })
        .collect()
}

/// A header of a packet, and its cells.
struct Header {
    packet: Packet,
    layer: Layer,
    cells: Vec<Cell>,
}

/// All headers of all captures that can be drawn.
static HEADERS: LazyLock<Vec<Header>> = LazyLock::new(|| {
    let (mut headers, mut seen) = (Vec::new(), HashSet::new());
    for file in capture_files() {
        let name = file.strip_prefix(tree()).unwrap().display().to_string();
        for (packet, number) in capture::read(&file).unwrap().into_iter().zip(1..) {
            // Most are the same at both ends of a cable.
            let new = seen.insert(packet.data.clone());
            if packet.data.len() != packet.length as usize || !new {
                continue;
            }
            let info = packet.info();
            let layers = packet.dissect().layers;
            for (at, layer) in layers.iter().enumerate() {
                if !DRAWN.contains(&layer.kind) {
                    continue;
                }
                let before = layers[..at].iter().filter(|one| one.kind == layer.kind);
                let which = before.count() + 1;
                let arguments = format!("{name} {number} \"{info}\" {}[{which}]", layer.kind);
                let html = figure::header(tree(), &arguments).unwrap();
                headers.push(Header {
                    packet: packet.clone(),
                    layer: layer.clone(),
                    cells: cells(&html),
                });
            }
        }
    }
    assert!(headers.len() > 1000, "{} headers", headers.len());
    headers
});

#[test]
fn values_are_those_of_the_dissection() {
    for Header {
        packet,
        layer,
        cells,
    } in HEADERS.iter()
    {
        let widths = cells.iter().map(|cell| width(&cell.place));
        assert_eq!(widths.sum::<usize>(), 8 * layer.bytes.len());
        for field in &layer.fields {
            match &field.value {
                Value::IpFlags(flags) => {
                    assert_eq!(value(cells, "DF"), bit(flags.dont_fragment));
                    assert_eq!(value(cells, "MF"), bit(flags.more_fragments));
                }
                Value::TcpFlags(flags) => {
                    let set: Vec<&str> = cells
                        .iter()
                        .filter(|cell| cell.place.starts_with(", bit ") && cell.value == "1")
                        .map(|cell| cell.name.as_str())
                        .collect();
                    let shown = flags.to_string();
                    let mut named: Vec<&str> = shown.split(' ').collect();
                    named.sort_by_key(|name| cells.iter().position(|cell| cell.name == *name));
                    assert_eq!(set, named);
                }
                Value::TcpOptions(options) => {
                    let words: Vec<String> = options.iter().map(|o| o.to_string()).collect();
                    let drawn = [
                        ("mss ", "maximum segment size"),
                        ("sack permitted", "SACK permitted"),
                        ("timestamps ", "timestamp value"),
                        ("window scale ", "window scale"),
                    ];
                    for option in &words {
                        let (word, name) =
                            drawn.iter().find(|(w, _)| option.starts_with(w)).unwrap();
                        let number = option[word.len()..].split(' ').next().unwrap();
                        let number = if number.is_empty() { "yes" } else { number };
                        assert_eq!(value(cells, name), number);
                    }
                }
                shown => {
                    let name = match (layer.kind, field.name) {
                        (LayerKind::Tcp, FieldName::HeaderLength) => "data offset",
                        (_, name) => name.as_str(),
                    };
                    assert_eq!(value(cells, name), shown.to_string());
                    same_bytes(
                        packet,
                        field,
                        cells.iter().find(|c| c.name == name).unwrap(),
                    );
                }
            }
        }
    }
}

/// What is small in a cell is in the packet at the place of this field.
fn same_bytes(packet: &Packet, field: &Field, cell: &Cell) {
    let bytes = &packet.data[field.bytes.clone()];
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if cell.raw.is_empty() || cell.raw == hex.join(" ") {
        return;
    }
    let unit = match field.name {
        FieldName::HeaderLength => 4,
        FieldName::FragmentOffset => 8,
        _ => 1,
    };
    let bits = u32::from_str_radix(&cell.raw, 2).unwrap();
    assert_eq!(Some(bits * unit), field.value.number(), "{}", cell.name);
}

fn value<'a>(cells: &'a [Cell], name: &str) -> &'a str {
    let cell = cells.iter().find(|cell| cell.name == name);
    &cell.unwrap_or_else(|| panic!("no cell {name}")).value
}

fn bit(set: bool) -> &'static str {
    if set { "1" } else { "0" }
}

/// How many bits a cell has, by its place in words.
fn width(place: &str) -> usize {
    let words: Vec<&str> = place.trim_start_matches(", ").split(' ').collect();
    let number = |word: &str| word.parse::<usize>().unwrap();
    match words.as_slice() {
        ["bit", ..] => 1,
        [bits, "bits", ..] => number(bits),
        ["byte", _] => 8,
        ["bytes", first, "to", last] => 8 * (number(last) + 1 - number(first)),
        _ => panic!("{place}"),
    }
}

/// Also those of packets that no page shows yet.
#[test]
fn every_field_of_every_capture_is_explained() {
    let page = fs::read_to_string(tree().join("book/src/headers.md")).unwrap();
    let explained = |link: &str| {
        let id = link.strip_prefix("headers.html#").unwrap();
        let term = page
            .lines()
            .position(|line| line.contains(&format!("id=\"{id}\"")));
        let term = term.unwrap_or_else(|| panic!("headers.md does not explain {id}"));
        let explanation = page.lines().nth(term + 1).unwrap();
        assert!(explanation.starts_with(": "), "{id}: {explanation}");
    };
    let cells = HEADERS.iter().flat_map(|header| &header.cells);
    cells.for_each(|cell| explained(&cell.link));
}

#[test]
fn every_field_of_every_capture_is_in_the_glossary() {
    let glossary = fs::read_to_string(tree().join("book/src/glossary.md")).unwrap();
    let lines: Vec<&str> = glossary.lines().collect();
    let terms = lines.windows(2).filter(|pair| pair[1].starts_with(": "));
    let terms: HashSet<String> = terms
        .flat_map(|pair| pair[0].split(", ").map(str::to_lowercase))
        .collect();
    for Header { layer, cells, .. } in HEADERS.iter() {
        let fields = layer.fields.iter().map(|field| field.name.as_str());
        for name in fields.chain(cells.iter().map(|cell| cell.name.as_str())) {
            assert!(terms.contains(&name.to_lowercase()), "no term {name}");
        }
    }
}

#[test]
fn anatomy_links_to_explanations() {
    let html = figure::packet(tree(), r#"captures/ch06/left-eth0.pcap 1 "echo""#).unwrap();
    let all = texts(&html, "tbody th");
    let links = texts(&html, r#"tbody th a[href^="headers.html#"]"#);
    assert!(all.len() > 30);
    assert_eq!(links, all);
    let second = r#"tbody a[href="headers.html#ipv4-time-to-live"]"#;
    assert_eq!(texts(&html, second).len(), 2);
}

/// A SYN of another system: its options begin where ours never do.
#[test]
fn other_options_are_one_cell() {
    let packet = [
        0x45, 0, 0, 48, 0, 0, 0, 0, 64, 6, 0, 0, 192, 168, 0, 1, 192, 168, 0, 2, // IPv4
        0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0x70, 2, 0, 4, 0, 0, 0, 0, // TCP
        3, 3, 7, 2, 4, 5, 0xb4, 1, // its options
    ];
    let folder = made(ip_over_udp::capture::LinkType::Raw, &[&packet]);
    let html = figure::header(folder.path(), r#"one.pcap 1 "TCP" TCP"#).unwrap();
    let cells = cells(&html);
    assert_eq!(value(&cells, "options"), "window scale 7, mss 1460");
    assert_eq!(cells.last().unwrap().place, ", bytes 20 to 27");
}

#[test]
fn wrong_arguments() {
    for (arguments, words) in [
        ("", "the number of the packet is missing"),
        (r#"1 "echo request""#, "the layer is missing"),
        ("1 UDP", "the text"),
        (
            r#"2 "echo request" UDP"#,
            "does not contain \"echo request\"; it is",
        ),
        (
            r#"1 "echo request" TCP"#,
            "no layer TCP: its layers are Ethernet, IPv4",
        ),
        (r#"1 "echo request" IPv4[3]"#, "no layer IPv4[3]"),
        (
            r#"1 "echo request" data"#,
            "the headers that can be drawn are Ethernet",
        ),
        (r#"1 "echo request" UDP TCP"#, r#""TCP" is not understood"#),
    ] {
        let arguments = format!("captures/ch06/left-eth0.pcap {arguments}");
        fails_in(tree(), figure::header, &arguments, &[words]);
    }
}
