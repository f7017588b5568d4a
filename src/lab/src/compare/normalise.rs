//! A packet without what no two runs share: see [`super`] for what that is.

use std::ops::Range;

use super::chosen::{Chosen, Value};
use super::title::{is_ip, titles};
use ip_over_udp::capture::{Direction, Packet};
use ip_over_udp::packet::{Field, Layer, dissect};

/// A packet, ready to be compared.
pub struct Normal {
    /// What must be the same.
    pub layers: Vec<Part>,
    /// What may be another value, and must be that value throughout.
    pub chosen: Vec<Chosen>,
    /// How many bytes were captured.
    pub size: usize,
}

/// What must be the same of one header, or of the data behind it.
#[derive(Hash, PartialEq, Eq)]
pub struct Part {
    /// Which layer it is; empty for what the capture says of the packet.
    pub layer: &'static str,
    /// The same, with where it is: "inner IPv4", "TCP data".
    pub title: String,
    pub facts: Vec<Fact>,
}

/// One thing that must be the same.
#[derive(Hash, PartialEq, Eq)]
pub struct Fact {
    /// Of the field; empty for the bytes of data.
    pub name: &'static str,
    pub kind: Kind,
    pub value: Content,
}

/// What a fact tells. A wrong checksum mostly follows from something else, and
/// so does a length.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum Kind {
    /// What comes next, on which all the rest depends.
    Protocol,
    Field,
    Length,
    Data,
    /// Of a header, all that is in no field.
    Bits,
    Checksum,
}

impl Part {
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.name == name)
    }
}

#[derive(Hash, PartialEq, Eq)]
pub enum Content {
    Text(String),
    /// With zeros in the place of what is not compared here.
    Bytes(Vec<u8>),
}

/// Takes a packet apart into what is compared.
pub fn normalise(packet: &Packet) -> Normal {
    let layers = dissect(packet.link, &packet.data).layers;
    let mut normal = Normal {
        layers: vec![of_the_capture(packet)],
        chosen: Vec::new(),
        size: packet.data.len(),
    };
    let mut ip = None;
    for (at, title) in titles(&layers).into_iter().enumerate() {
        let layer = &layers[at];
        if is_ip(layer) {
            ip = Some(layer);
        }
        let mut reader = Reader {
            before: at.checked_sub(1).map(|before| &layers[before]),
            layer,
            ip,
            bytes: packet.data[layer.bytes.clone()].to_vec(),
            chosen: &mut normal.chosen,
            part: Part {
                layer: layer.name,
                title,
                facts: Vec::new(),
            },
        };
        match layer.fields.is_empty() {
            true => reader.data(),
            false => reader.header(),
        }
        normal.layers.push(reader.part);
    }
    normal
}

/// What the capture says of a packet.
fn of_the_capture(packet: &Packet) -> Part {
    let fact = |name, kind, text: String| Fact {
        name,
        kind,
        value: Content::Text(text),
    };
    let (length, captured) = (packet.length as usize, packet.data.len());
    let length = match length == captured {
        true => format!("{length} bytes"),
        false => format!("{length} bytes, {captured} of them captured"),
    };
    let mut facts = vec![
        fact("length on the wire", Kind::Length, length),
        fact("link type", Kind::Field, format!("{:?}", packet.link)),
    ];
    if let Some(direction) = packet.direction {
        let direction = match direction {
            Direction::In => "incoming",
            Direction::Out => "outgoing",
        };
        facts.push(fact("direction", Kind::Field, direction.to_owned()));
    }
    Part {
        layer: "",
        title: String::new(),
        facts,
    }
}

/// Goes through one layer.
struct Reader<'a> {
    before: Option<&'a Layer>,
    layer: &'a Layer,
    /// The IP header that this layer belongs to.
    ip: Option<&'a Layer>,
    /// The bytes of this layer, without those that are not compared, or that
    /// are compared in another way.
    bytes: Vec<u8>,
    chosen: &'a mut Vec<Chosen>,
    part: Part,
}

impl<'a> Reader<'a> {
    /// A header, field by field, and what no field has of it.
    fn header(&mut self) {
        for field in &self.layer.fields {
            self.field(field);
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.fact("header", Kind::Bits, Content::Bytes(bytes));
    }

    fn field(&mut self, field: &Field) {
        let value = field.value.as_str();
        let (source, destination) = self.addresses();
        let (from, to) = (self.value("source port"), self.value("destination port"));
        match (self.layer.name, field.name) {
            ("TCP", "window") | (_, "flow label") => self.blank(field),
            (_, "identification") if !self.is_fragment() => self.blank(field),
            (_, "identification") => {
                let protocol = self.of_ip("protocol");
                let scope = format!("identification {source} {destination} {protocol}");
                self.choose(field, scope);
            }
            (_, "identifier") => {
                self.choose(field, format!("identifier {}", self.both_ways()));
            }
            ("Ethernet", "source" | "destination")
            | (_, "sender hardware address" | "target hardware address") => {
                self.choose(field, "hardware address".to_owned());
            }
            (_, "source address" | "destination address") if value.starts_with("fe80::") => {
                self.choose(field, "link-local address".to_owned());
                self.text(field, Kind::Field, "link-local");
            }
            // The upper part is what kernels choose from (ip_local_port_range).
            (protocol, "source port" | "destination port")
                if value.parse::<u16>().is_ok_and(|port| port >= 32_768) =>
            {
                let host = match field.name {
                    "source port" => source,
                    _ => destination,
                };
                self.choose(field, format!("{protocol} port {host}"));
                self.text(field, Kind::Field, "chosen by the kernel");
            }
            ("TCP", "sequence number") => self.count(field, [source, from, destination, to]),
            ("TCP", "acknowledgement number") if self.value("flags").contains("ACK") => {
                self.count(field, [destination, to, source, from]);
            }
            ("TCP", "options") => {
                let names = value.split(", ").map(name_of_option);
                self.text(field, Kind::Field, &names.collect::<Vec<_>>().join(", "));
                blank_options(&mut self.bytes[20..]);
            }
            (protocol, "checksum") => {
                let verdict = match (protocol, value.split_once(", ")) {
                    (_, Some((_, verdict))) => verdict,
                    ("UDP", None) if value == "0x0000" => "none",
                    _ => "cannot be judged",
                };
                self.text(field, Kind::Checksum, verdict);
                self.blank(field);
            }
            // The byte that it is in has other bits too.
            (_, "header length") => self.text(field, Kind::Length, value),
            (_, "length" | "total length" | "payload length") => {
                self.text(field, Kind::Length, value);
                self.blank(field);
            }
            (_, "protocol" | "next header" | "type") => self.text(field, Kind::Protocol, value),
            _ => self.text(field, Kind::Field, value),
        }
    }

    /// Bytes that no header claims.
    fn data(&mut self) {
        const TIME: usize = 16;
        let before = self.before.map_or("", |layer| layer.name);
        let ping = self
            .before
            .is_some_and(|it| !value(it, "identifier").is_empty());
        if self.layer.name == "data" && ping && self.bytes.len() >= TIME {
            // `ping` writes the time of sending there, and the reply repeats it.
            let time = self.bytes[..TIME].iter();
            let value = time.map(|byte| format!("{byte:02x}")).collect();
            self.chosen.push(Chosen {
                name: format!("the first {TIME} bytes of the {}", self.part.title),
                scope: format!("time {}", self.both_ways()),
                value: Value::Picked(value),
            });
            self.bytes[..TIME].fill(0);
        } else if before == "TCP" {
            blank_date(&mut self.bytes);
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.fact("", Kind::Data, Content::Bytes(bytes));
    }

    fn fact(&mut self, name: &'static str, kind: Kind, value: Content) {
        self.part.facts.push(Fact { name, kind, value });
    }

    fn text(&mut self, field: &Field, kind: Kind, value: &str) {
        self.fact(field.name, kind, Content::Text(value.to_owned()));
    }

    /// Notes a value that is picked at random.
    fn choose(&mut self, field: &Field, scope: String) {
        self.note(field, scope, Value::Picked(field.value.clone()));
    }

    /// Notes a number that counts the bytes of one direction.
    fn count(&mut self, field: &Field, direction: [&str; 4]) {
        let scope = format!("sequence {}", direction.join(" "));
        let number = field.value.parse().unwrap_or_default();
        self.note(field, scope, Value::Counted(number));
    }

    fn note(&mut self, field: &Field, scope: String, value: Value) {
        let name = format!("{} {}", self.part.title, field.name);
        self.chosen.push(Chosen { name, scope, value });
        self.blank(field);
    }

    fn blank(&mut self, field: &Field) {
        let Range { start, end } = field.bytes;
        let from = self.layer.bytes.start;
        self.bytes[start - from..end - from].fill(0);
    }

    fn value(&self, name: &str) -> &'a str {
        value(self.layer, name)
    }

    fn of_ip(&self, name: &str) -> &'a str {
        self.ip.map_or("", |ip| value(ip, name))
    }

    fn addresses(&self) -> (&'a str, &'a str) {
        (
            self.of_ip("source address"),
            self.of_ip("destination address"),
        )
    }

    /// The addresses in an order that does not depend on who sends.
    fn both_ways(&self) -> String {
        let (one, other) = self.addresses();
        format!("{} {}", one.min(other), one.max(other))
    }

    fn is_fragment(&self) -> bool {
        self.layer.name == "IPv6 fragment"
            || self.value("flags").contains("MF")
            || self.value("fragment offset") != "0 bytes"
    }
}

/// The value of a field, empty if there is none.
fn value<'a>(layer: &'a Layer, name: &str) -> &'a str {
    let mut fields = layer.fields.iter();
    let field = fields.find(|field| field.name == name);
    field.map_or("", |field| &field.value)
}

/// What is compared of an option of TCP, as it is described.
fn name_of_option(option: &str) -> &str {
    match option.split_once(' ') {
        Some((name @ ("timestamps" | "sack"), rest)) if rest != "permitted" => name,
        _ => option,
    }
}

/// Blanks the values of timestamps and selective acknowledgements (RFC 9293,
/// section 3.2: a kind and, but for kinds 0 and 1, a length that counts both).
fn blank_options(mut options: &mut [u8]) {
    while let [kind, rest @ ..] = options {
        let length = match (*kind, rest.first()) {
            (1, _) => 1,
            (2.., Some(&length @ 2..)) => usize::from(length),
            _ => return, // the end, or nothing that can be read
        };
        let Some((option, after)) = options.split_at_mut_checked(length) else {
            return;
        };
        if matches!(option[0], 5 | 8) {
            option[2..].fill(0);
        }
        options = after;
    }
}

/// Blanks the date of an HTTP answer.
fn blank_date(bytes: &mut [u8]) {
    let name = b"\r\nDate: ";
    if let Some(at) = bytes.windows(name.len()).position(|it| it == name) {
        let date = &mut bytes[at + name.len()..];
        let end = date.iter().position(|&byte| byte == b'\r');
        let end = end.unwrap_or(date.len());
        date[..end].fill(b'.');
    }
}
