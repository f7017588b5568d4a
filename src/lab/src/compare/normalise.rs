//! A packet without what no two runs share: see [`super`] for what that is.

use std::net::IpAddr;
use std::ops::Range;

use super::blank;
use super::chosen::{Choice, Chosen};
use super::fact::{About, Content, Fact, Kind, Normal, Part};
use super::title::titles;
use ip_over_udp::capture::{Direction, Packet};
use ip_over_udp::packet::flags::{IpFlags, TcpFlags};
use ip_over_udp::packet::value::TcpOption;
use ip_over_udp::packet::{Field, FieldName, Layer, LayerKind, Value};

/// Takes a packet apart into what is compared.
pub fn normalise(packet: &Packet) -> Normal {
    let layers = packet.dissect().layers;
    let mut normal = Normal {
        layers: vec![of_the_capture(packet)],
        chosen: Vec::new(),
        size: packet.data.len(),
    };
    let mut ip = None;
    for (at, title) in titles(&layers).into_iter().enumerate() {
        let layer = &layers[at];
        if layer.kind.is_ip() {
            ip = Some(layer);
        }
        let mut reader = Reader {
            before: at.checked_sub(1).map(|before| &layers[before]),
            layer,
            ip,
            bytes: packet.data[layer.bytes.clone()].to_vec(),
            chosen: &mut normal.chosen,
            part: Part {
                layer: Some(layer.kind),
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
    let fact = |about, kind, text: String| Fact {
        about,
        kind,
        value: Content::Text(text),
    };
    let (length, captured) = (packet.length as usize, packet.data.len());
    let length = match length == captured {
        true => format!("{length} bytes"),
        false => format!("{length} bytes, {captured} of them captured"),
    };
    let mut facts = vec![
        fact(About::LengthOnTheWire, Kind::Length, length),
        fact(About::LinkType, Kind::Field, format!("{:?}", packet.link)),
    ];
    if let Some(direction) = packet.direction {
        let direction = match direction {
            Direction::In => "incoming",
            Direction::Out => "outgoing",
        };
        facts.push(fact(About::Direction, Kind::Field, direction.to_owned()));
    }
    Part {
        layer: None,
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

impl Reader<'_> {
    /// A header, field by field, and what no field has of it.
    fn header(&mut self) {
        for field in &self.layer.fields {
            self.field(field);
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.fact(About::Header, Kind::Bits, Content::Bytes(bytes));
    }

    fn field(&mut self, field: &Field) {
        use FieldName::*;
        match (self.layer.kind, field.name, &field.value) {
            (LayerKind::Tcp, Window, _) | (_, FlowLabel, _) => self.blank(field),
            (_, Identification, _) if !self.is_fragment() => self.blank(field),
            (_, Identification, _) => {
                let (source, destination) = self.addresses();
                let protocol = shown(self.ip, Protocol);
                let scope = format!("identification {source} {destination} {protocol}");
                self.choose(field, scope);
            }
            (_, Identifier, _) => self.choose(field, format!("identifier {}", self.both_ways())),
            (_, _, Value::Mac(_)) => self.choose(field, "hardware address".to_owned()),
            (_, SourceAddress | DestinationAddress, Value::Ip(IpAddr::V6(address)))
                if address.is_unicast_link_local() =>
            {
                self.choose(field, "link-local address".to_owned());
                self.text(field, Kind::Field, "link-local".to_owned());
            }
            // The upper part is what kernels choose from (ip_local_port_range).
            (protocol, SourcePort | DestinationPort, &Value::Number(32_768..)) => {
                let (source, destination) = self.addresses();
                let host = match field.name {
                    SourcePort => source,
                    _ => destination,
                };
                self.choose(field, format!("{protocol} port {host}"));
                self.text(field, Kind::Field, "chosen by the kernel".to_owned());
            }
            (LayerKind::Tcp, SequenceNumber, &Value::Number(number)) => {
                self.count(field, number, &self.ends());
            }
            (LayerKind::Tcp, AcknowledgementNumber, &Value::Number(number)) if self.is_ack() => {
                let [from, to] = self.ends();
                self.count(field, number, &[to, from]);
            }
            (_, Options, Value::TcpOptions(options)) => {
                let options: Vec<String> = options.iter().map(without_numbers).collect();
                self.text(field, Kind::Field, options.join(", "));
                blank::options(&mut self.bytes[20..]);
            }
            (_, _, Value::Checksum(_, verdict)) => {
                self.text(field, Kind::Checksum, verdict.to_string());
                self.blank(field);
            }
            // The byte that it is in has other bits too.
            (_, HeaderLength | DataOffset, _) => self.value(field, Kind::Length),
            (_, Length | TotalLength | PayloadLength, _) => {
                self.value(field, Kind::Length);
                self.blank(field);
            }
            (_, Protocol | NextHeader | Type, _) => self.value(field, Kind::Protocol),
            _ => self.value(field, Kind::Field),
        }
    }

    /// Bytes that no header claims.
    fn data(&mut self) {
        const TIME: usize = 16;
        let ping = self
            .before
            .is_some_and(|layer| layer.field(FieldName::Identifier).is_some());
        if self.layer.kind == LayerKind::Data && ping && self.bytes.len() >= TIME {
            // `ping` writes the time of sending there, and the reply repeats it.
            let time = self.bytes[..TIME].iter();
            let time = time.map(|byte| format!("{byte:02x}")).collect();
            self.chosen.push(Chosen {
                name: format!("the first {TIME} bytes of the {}", self.part.title),
                scope: format!("time {}", self.both_ways()),
                choice: Choice::Picked(time),
            });
            self.bytes[..TIME].fill(0);
        } else if self
            .before
            .is_some_and(|layer| layer.kind == LayerKind::Tcp)
        {
            blank::date(&mut self.bytes);
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.fact(About::Data, Kind::Data, Content::Bytes(bytes));
    }

    fn fact(&mut self, about: About, kind: Kind, value: Content) {
        self.part.facts.push(Fact { about, kind, value });
    }

    /// The value must be the same.
    fn value(&mut self, field: &Field, kind: Kind) {
        let value = Content::Value(field.value.clone());
        self.fact(About::Field(field.name), kind, value);
    }

    /// This must be the same of the value.
    fn text(&mut self, field: &Field, kind: Kind, text: String) {
        self.fact(About::Field(field.name), kind, Content::Text(text));
    }

    /// Notes a value that is picked at random.
    fn choose(&mut self, field: &Field, scope: String) {
        self.note(field, scope, Choice::Picked(field.value.to_string()));
    }

    /// Notes a number that counts the bytes from one end to another.
    fn count(&mut self, field: &Field, number: u32, [from, to]: &[String; 2]) {
        let scope = format!("sequence {from} {to}");
        self.note(field, scope, Choice::Counted(number));
    }

    fn note(&mut self, field: &Field, scope: String, choice: Choice) {
        let name = format!("{} {}", self.part.title, field.name);
        self.chosen.push(Chosen {
            name,
            scope,
            choice,
        });
        self.blank(field);
    }

    fn blank(&mut self, field: &Field) {
        let Range { start, end } = field.bytes;
        let from = self.layer.bytes.start;
        self.bytes[start - from..end - from].fill(0);
    }

    fn addresses(&self) -> (String, String) {
        (
            shown(self.ip, FieldName::SourceAddress),
            shown(self.ip, FieldName::DestinationAddress),
        )
    }

    /// The addresses in an order that does not depend on who sends.
    fn both_ways(&self) -> String {
        let (one, other) = self.addresses();
        format!("{} {}", (&one).min(&other), (&one).max(&other))
    }

    /// Address and port of the sender and of the receiver.
    fn ends(&self) -> [String; 2] {
        let (source, destination) = self.addresses();
        let port = |name| shown(Some(self.layer), name);
        [
            format!("{source} {}", port(FieldName::SourcePort)),
            format!("{destination} {}", port(FieldName::DestinationPort)),
        ]
    }

    fn is_ack(&self) -> bool {
        match self.layer.value(FieldName::Flags) {
            Some(Value::TcpFlags(flags)) => flags.contains(TcpFlags::ACK),
            _ => false,
        }
    }

    fn is_fragment(&self) -> bool {
        let more = match self.layer.value(FieldName::Flags) {
            Some(&Value::IpFlags(IpFlags { more_fragments, .. })) => more_fragments,
            _ => false,
        };
        let offset = self.layer.number(FieldName::FragmentOffset);
        self.layer.kind == LayerKind::Ipv6Fragment || more || offset != Some(0)
    }
}

/// The value of a field as a reader sees it, empty if there is none.
fn shown(layer: Option<&Layer>, name: FieldName) -> String {
    let value = layer.and_then(|layer| layer.value(name));
    value.map_or(String::new(), Value::to_string)
}

/// What is compared of an option of TCP.
fn without_numbers(option: &TcpOption) -> String {
    match option {
        TcpOption::Timestamps(..) => "timestamps".to_owned(),
        TcpOption::Sack(_) => "sack".to_owned(),
        option => option.to_string(),
    }
}
