//! A list of packets as Wireshark shows it, but with what is inside a packet in
//! a line of its own, below what carries it.

use std::path::Path;

use anyhow::bail;
use ip_over_udp::capture::Packet;
use maud::{Markup, html};

use super::arguments::{self, Arguments};
use super::capture::{Capture, http, numbers, says};
use super::part::{self, Part, Role};

const USAGE: &str = r#"{{#packets FILE FIRST..LAST "text" mark=NUMBER}}"#;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let range = arguments.word("the range of packets")?;
    let (text, mark) = (arguments.text(), arguments.option("mark"));
    arguments.end()?;

    let (first, last) = bounds(&range, capture.packets.len())?;
    let packets: Vec<&Packet> = (first..=last)
        .map(|number| capture.packet(number))
        .collect::<anyhow::Result<_>>()?;
    if let Some(text) = text
        && !packets.iter().any(|packet| says(packet, &text))
    {
        let all = numbers(capture.packets.iter(), &text);
        bail!(
            "none of the packets {range} of {} is {text:?}; {all}",
            capture.name
        );
    }
    let marked: Vec<usize> = match &mark {
        Some(list) => list
            .split(',')
            .map(|word| arguments::number(word.trim(), "a marked packet"))
            .collect::<anyhow::Result<_>>()?,
        None => Vec::new(),
    };
    if let Some(outside) = marked
        .iter()
        .find(|number| !(first..=last).contains(number))
    {
        bail!("packet {outside} is marked, but the list is {range}");
    }

    let start = packets
        .first()
        .map(|packet| packet.time)
        .unwrap_or_default();
    let interfaces = packets.iter().any(|packet| !packet.interface.is_empty());
    let figure = html! {
        figure .packets {
            figcaption {
                @if first == last { strong { "Packet " (first) } }
                @else { strong { "Packets " (first) " to " (last) } }
                " of " code { (capture.name) }
            }
            table {
                thead { tr {
                    th .no scope="col" { abbr title="number" { "No." } }
                    th .time scope="col" { "Time" }
                    @if interfaces { th .at scope="col" { "Interface" } }
                    th .from scope="col" { "Source" }
                    th .to scope="col" { "Destination" }
                    th .kind scope="col" { "Protocol" }
                    th .size scope="col" { "Length" }
                    th .info scope="col" { "Info" }
                } }
                @for (number, packet) in (first..).zip(packets) {
                    @let time = packet.time.saturating_sub(start);
                    tbody .mark[marked.contains(&number)] {
                        @for (depth, line) in lines(packet).iter().enumerate() {
                            tr .inside[depth > 0] {
                                td .no { @if depth == 0 { (number) } }
                                td .time { @if depth == 0 { (format!("{:.6}", time.as_secs_f64())) } }
                                @if interfaces { td .at { @if depth == 0 { (packet.interface) } } }
                                (line.cells())
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(figure.into_string())
}

/// The first and the last packet of `3`, `1..8` or `5..`.
fn bounds(range: &str, count: usize) -> anyhow::Result<(usize, usize)> {
    let what = "a packet in a list";
    let (first, last) = match range.split_once("..") {
        None => (range, range),
        Some((first, last)) => (first, last),
    };
    let first = arguments::number(first, what)?;
    let last = match last {
        "" => count,
        last => arguments::number(last, what)?,
    };
    match first > last {
        true => {
            bail!("the list {range} has no packet: it ends before it begins; there are {count}")
        }
        false => Ok((first, last)),
    }
}

/// One packet in a line: the outermost, or one inside.
struct Line {
    /// Of the addresses, and of the protocol.
    roles: [Role; 2],
    source: String,
    destination: String,
    protocol: &'static str,
    length: usize,
    info: String,
}

impl Line {
    fn cells(&self) -> Markup {
        let [address, protocol] = self.roles.map(Role::class);
        html! {
            td .from { @if !self.source.is_empty() { span .layer .(address) { (self.source) } } }
            td .to { @if !self.destination.is_empty() { span .layer .(address) { (self.destination) } } }
            td .kind { span .layer .(protocol) { (self.protocol) } }
            td .size { (self.length) }
            td .info { (self.info) }
        }
    }
}

fn lines(packet: &Packet) -> Vec<Line> {
    let parts = part::parts(packet);
    let starts: Vec<usize> = (0..parts.len())
        .filter(|&at| part::is_ip(parts[at].name))
        .collect();
    if starts.is_empty() {
        return vec![other(packet, &parts)];
    }
    let ends = starts.iter().skip(1).copied().chain([parts.len()]);
    let mut words = levels(&packet.describe()).into_iter();
    let mut lines: Vec<Line> = Vec::new();
    let mut in_fragment = false;
    for (start, end) in starts.iter().copied().zip(ends) {
        let ip = &parts[start];
        let value = |name: &str| {
            let mut fields = ip.fields.iter();
            fields
                .find(|field| field.name == name)
                .map_or(String::new(), |field| field.value.clone())
        };
        let (source, destination) = (value("source address"), value("destination address"));
        // A fragment other than the first has no header after IP's.
        let carried = parts[start + 1..end]
            .iter()
            .find(|part| !part.fields.is_empty());
        let top = carried.unwrap_or(ip);
        let (text, length) = words.next().unwrap_or_default();
        let info = text
            .strip_prefix(&format!("{source} > {destination} "))
            .unwrap_or(&text);
        let info = info.strip_prefix(&format!("{} ", top.name)).unwrap_or(info);
        lines.push(Line {
            roles: [ip.role, top.role],
            source,
            destination,
            protocol: top.name,
            length,
            info: match top.name {
                "TCP" => tcp(info, top, http(packet)),
                // The first fragment has only the beginning of the packet inside.
                _ if in_fragment => format!("{info} (cut)"),
                _ => info.to_owned(),
            },
        });
        in_fragment |= text.contains("fragment, ");
    }
    lines
}

/// A packet without IP in one line.
fn other(packet: &Packet, parts: &[Part]) -> Line {
    let value = |name: &str| {
        let mut fields = parts.iter().flat_map(|part| &part.fields);
        fields
            .find(|field| field.name == name)
            .map_or(String::new(), |field| field.value.clone())
    };
    let role = parts.first().map_or(Role::Data, |part| part.role);
    let info = packet.describe();
    Line {
        roles: [role, parts.last().map_or(role, |part| part.role)],
        source: value("source"),
        destination: value("destination"),
        protocol: parts.last().map_or("none", |part| part.name),
        length: packet.data.len(),
        info: levels(&info)
            .into_iter()
            .next()
            .map_or(info, |(text, _)| text),
    }
}

/// A description in one piece for each packet inside: `A [B (2 bytes)] (3 bytes)`
/// is A of 3 bytes and B of 2.
fn levels(line: &str) -> Vec<(String, usize)> {
    let (around, inside) = match (line.find(" ["), line.rfind(']')) {
        (Some(from), Some(to)) if from < to => {
            let around = format!("{}{}", &line[..from], &line[to + 1..]);
            (around, Some(&line[from + 2..to]))
        }
        _ => (line.to_owned(), None),
    };
    let counted = around.strip_suffix(" bytes)").and_then(|rest| {
        let (text, length) = rest.rsplit_once(" (")?;
        Some((text.to_owned(), length.parse().ok()?))
    });
    let mut levels = vec![counted.unwrap_or((around, 0))];
    levels.extend(inside.into_iter().flat_map(self::levels));
    levels
}

/// The info of a TCP segment: ports, flags and length. Sequence numbers and
/// windows are in the anatomy.
fn tcp(info: &str, header: &Part, http: Option<String>) -> String {
    let ports_and_flags = info.split(", seq ").next().unwrap_or(info);
    let wrong = header
        .fields
        .iter()
        .any(|field| field.value.ends_with(", wrong"));
    let wrong = if wrong { ", wrong checksum" } else { "" };
    let data = info
        .rsplit(", ")
        .find(|part| part.ends_with(" bytes of data"));
    match (http, data) {
        (Some(http), _) => format!("{ports_and_flags}{wrong}, {http}"),
        (None, Some(data)) => format!("{ports_and_flags}{wrong}, {data}"),
        (None, None) => format!("{ports_and_flags}{wrong}"),
    }
}
