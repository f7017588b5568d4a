//! Packets in a list as Wireshark shows it, but with what is inside a packet in
//! a line of its own, below what carries it.

use std::time::Duration;

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{FieldName, LayerKind, LinkType, Summary, Value, Verdict};
use maud::{Markup, html};

use crate::http::http;
use crate::part::{self, Part, Role};

/// A packet of the list.
pub struct Entry<'a> {
    /// Its number in the capture, from 1.
    pub number: usize,
    pub packet: &'a Packet,
    pub marked: bool,
    /// Where its number leads to.
    pub link: Option<String>,
    /// The name of this place in the page.
    pub id: Option<String>,
}

/// The list as a table. Times count from `start`; with `interfaces` there is a column
/// for them.
pub fn table(entries: &[Entry], start: Duration, interfaces: bool) -> Markup {
    let lists: Vec<Vec<Line>> = entries.iter().map(|entry| lines(entry.packet)).collect();
    let outermost = outermost(entries);
    html! {
        table {
            thead { tr {
                th .no scope="col" { abbr title="number" { "No." } }
                th .time scope="col" { "Time" }
                @if interfaces { th .at scope="col" { "Interface" } }
                th .from scope="col" { "Source" }
                th .to scope="col" { "Destination" }
                th .kind scope="col" { "Protocol" }
                th .size scope="col" { abbr title={ "bytes of the whole " (outermost) } { "Length" } }
                th .info scope="col" { "Info" }
            } }
            @for (entry, lines) in entries.iter().zip(&lists) {
                @let packet = entry.packet;
                @let time = packet.time.saturating_sub(start);
                tbody .mark[entry.marked] id=[entry.id.as_deref()] {
                    @for (depth, line) in lines.iter().enumerate() {
                        tr .inside[depth > 0] {
                            td .no { @if depth == 0 { (number(entry)) } }
                            td .time { @if depth == 0 { (seconds(time)) } }
                            @if interfaces { td .at { @if depth == 0 { (packet.interface) } } }
                            (line.cells())
                        }
                    }
                }
            }
        }
        @if lists.iter().any(|lines| lines.len() > 1) {
            p .note { "Length: the whole " (outermost) " on the first line, the packet inside it below." }
        }
    }
}

fn number(entry: &Entry) -> Markup {
    html! {
        @match &entry.link {
            Some(link) => a href=(link) { (entry.number) },
            None => (entry.number),
        }
    }
}

/// As Wireshark shows a time: `0.000123`.
pub fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

/// What the first line of these packets is about.
fn outermost(entries: &[Entry]) -> &'static str {
    let mut links = entries.iter().map(|entry| entry.packet.link);
    match links.next() {
        Some(LinkType::Ethernet) if links.all(|link| link == LinkType::Ethernet) => "frame",
        Some(LinkType::Raw) if links.all(|link| link == LinkType::Raw) => "packet",
        _ => "frame (or packet, where there is no frame)",
    }
}

/// One packet in a line: the outermost, or one inside.
pub struct Line {
    /// Of the addresses, and of the protocol.
    pub roles: [Role; 2],
    pub source: String,
    pub destination: String,
    pub protocol: Option<LayerKind>,
    /// Bytes, as captured.
    pub length: usize,
    /// Its length by its own header, where not all of it is there.
    pub claimed: Option<usize>,
    pub info: String,
}

impl Line {
    fn cells(&self) -> Markup {
        let [address, protocol] = self.roles.map(Role::class);
        let name = self.protocol.map_or("none", LayerKind::as_str);
        html! {
            td .from { @if !self.source.is_empty() { span .layer .(address) { (self.source) } } }
            td .to { @if !self.destination.is_empty() { span .layer .(address) { (self.destination) } } }
            td .kind { span .layer .(protocol) { (name) } }
            td .size { (self.length) @if let Some(claimed) = self.claimed { " of " (claimed) } }
            td .info { (self.info) }
        }
    }
}

/// A packet, and those inside it, each in a line.
pub fn lines(packet: &Packet) -> Vec<Line> {
    let parts = part::parts(packet);
    let packets = packet.dissect().packets;
    let starts: Vec<usize> = (0..parts.len())
        .filter(|&at| parts[at].kind.is_ip())
        .collect();
    if starts.is_empty() {
        return packets
            .first()
            .map(|packet| other(packet, &parts))
            .into_iter()
            .collect();
    }
    let ends = starts.iter().skip(1).copied().chain([parts.len()]);
    let mut lines: Vec<Line> = Vec::new();
    let mut in_fragment = false;
    for ((start, end), summary) in starts.iter().copied().zip(ends).zip(&packets) {
        let (ip, carried) = (&parts[start], &parts[start + 1..end]);
        // A fragment other than the first has no header after IP's.
        let top = carried.iter().position(|part| !part.fields.is_empty());
        let (top, data) = match top {
            Some(at) => (&carried[at], carried.get(at + 1)),
            None => (ip, carried.first()),
        };
        let info = match top.kind {
            LayerKind::Tcp => tcp(summary, top, data, http(packet)),
            // In a first fragment there is only the beginning of it.
            kind if in_fragment => format!("{} (cut)", whole(summary, Some(kind))),
            kind => whole(summary, Some(kind)),
        };
        let info = match data_in_all(top, packet) {
            Some((there, all)) => info.replacen(
                &format!("{there} bytes of data"),
                &format!("{there} of {all} bytes of data"),
                1,
            ),
            None => info,
        };
        let claimed = ip.field(FieldName::TotalLength);
        let claimed = claimed.and_then(|field| field.value.number()?.try_into().ok());
        lines.push(Line {
            roles: [ip.role, top.role],
            source: shown(ip, FieldName::SourceAddress),
            destination: shown(ip, FieldName::DestinationAddress),
            protocol: Some(top.kind),
            length: summary.length,
            claimed: claimed.filter(|&claimed| !lines.is_empty() && claimed > summary.length),
            info,
        });
        in_fragment |= summary.fragment.is_some();
    }
    lines
}

/// A packet without IP in one line.
fn other(packet: &Summary, parts: &[Part]) -> Line {
    let value = |name| {
        let part = parts.iter().find(|part| part.field(name).is_some());
        part.map_or(String::new(), |part| shown(part, name))
    };
    let role = parts.first().map_or(Role::Data, |part| part.role);
    Line {
        roles: [role, parts.last().map_or(role, |part| part.role)],
        source: value(FieldName::Source),
        destination: value(FieldName::Destination),
        protocol: parts.last().map(|part| part.kind),
        length: packet.length,
        claimed: None,
        info: whole(packet, None),
    }
}

/// How many bytes of a datagram's data are in this packet, and how many it has in
/// all, if they are not the same.
fn data_in_all(udp: &Part, packet: &Packet) -> Option<(usize, usize)> {
    let length: usize = match udp.kind {
        LayerKind::Udp => udp
            .field(FieldName::Length)?
            .value
            .number()?
            .try_into()
            .ok()?,
        _ => return None,
    };
    let all = length.checked_sub(udp.bytes.len())?;
    let there = packet.data.len() - udp.bytes.end;
    (there < all).then_some((there, all))
}

/// The info, and whether the packet ends where it says.
fn whole(packet: &Summary, known: Option<LayerKind>) -> String {
    let ending = packet.ending.map(|ending| ending.to_string());
    packet.info(known) + &ending.unwrap_or_default()
}

/// What a field says, empty if there is none of this name.
fn shown(part: &Part, name: FieldName) -> String {
    let field = part.field(name);
    field.map_or(String::new(), |field| field.value.to_string())
}

/// What a list says of a segment: numbers that only two ends understand are left
/// to the anatomy.
fn tcp(packet: &Summary, header: &Part, data: Option<&Part>, http: Option<String>) -> String {
    let mut info = packet.preface();
    if !info.is_empty() {
        info += "TCP ";
    }
    let value = |name| shown(header, name);
    let (from, to) = (
        value(FieldName::SourcePort),
        value(FieldName::DestinationPort),
    );
    info += &format!("{from} > {to} {}", value(FieldName::Flags));
    let checksum = header.field(FieldName::Checksum);
    if let Some(Value::Checksum(_, Verdict::Wrong)) = checksum.map(|field| &field.value) {
        info += ", wrong checksum";
    }
    let data = data.filter(|part| part.kind == LayerKind::Data);
    let length = data.map_or(0, |part| part.bytes.len());
    let carried = http.or((length > 0).then(|| format!("{length} bytes of data")));
    carried.map_or(info.clone(), |carried| info + ", " + &carried)
}
