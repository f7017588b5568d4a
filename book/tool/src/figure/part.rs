//! A packet in parts: its layers with a role and a label each, so that the same
//! layer has the same colour in every figure.

use std::ops::Range;

use anyhow::{Context, bail};
use ip_over_udp::capture::{LinkType, Packet};
use ip_over_udp::packet::{Field, dissect};

/// What a layer is there for. Each has a colour in `book/theme/book.css`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Ethernet,
    OuterIp,
    Udp,
    InnerIp,
    Transport,
    Data,
}

impl Role {
    /// Its class in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Role::Ethernet => "eth",
            Role::OuterIp => "oip",
            Role::Udp => "udp",
            Role::InnerIp => "iip",
            Role::Transport => "tcp",
            Role::Data => "data",
        }
    }
}

/// A layer, or bytes that belong to none.
pub(super) struct Part {
    pub role: Role,
    /// As [`ip_over_udp::packet::Layer::name`].
    pub name: &'static str,
    /// The name, with `outer` or `inner` where a packet is inside another, and
    /// `quoted` in an ICMP error.
    pub label: String,
    pub bytes: Range<usize>,
    pub fields: Vec<Field>,
}

/// The parts of a packet from the first to the last byte, without gaps.
pub(super) fn parts(packet: &Packet) -> Vec<Part> {
    let layers = dissect(packet.link, &packet.data).layers;
    // An ICMP error has a second IP header too, but that one is only quoted.
    let tunnelled = layers.windows(2).any(|pair| {
        !pair[0].name.starts_with("ICMP") && is_ip(pair[1].name) && pair[0].name == "UDP"
    });
    // A packet on a tunnel interface is an inner one, which another will carry.
    let mut depth = usize::from(packet.link == LinkType::Raw);
    let (mut quoted, mut end) = (false, 0);
    let mut parts: Vec<Part> = Vec::new();
    for layer in layers {
        fill(&mut parts, end..layer.bytes.start);
        depth += usize::from(is_ip(layer.name));
        let role = match layer.name {
            "Ethernet" => Role::Ethernet,
            name if name.starts_with("IPv") && depth > 1 => Role::InnerIp,
            name if name.starts_with("IPv") => Role::OuterIp,
            "UDP" if depth <= 1 => Role::Udp,
            "UDP" | "TCP" | "ICMP" | "ICMPv6" | "ARP" => Role::Transport,
            _ => Role::Data,
        };
        let place = match role {
            Role::Ethernet | Role::Data => "",
            _ if quoted => "quoted ",
            _ if !tunnelled => "",
            Role::OuterIp => "outer ",
            Role::InnerIp | Role::Transport if depth > 1 => "inner ",
            _ => "",
        };
        quoted |= layer.name.starts_with("ICMP");
        end = layer.bytes.end;
        parts.push(Part {
            role,
            name: layer.name,
            label: format!("{place}{}", layer.name),
            bytes: layer.bytes,
            fields: layer.fields,
        });
    }
    fill(&mut parts, end..packet.data.len());
    parts
}

pub(super) fn is_ip(name: &str) -> bool {
    matches!(name, "IPv4" | "IPv6")
}

/// Bytes that no layer claims.
fn fill(parts: &mut Vec<Part>, bytes: Range<usize>) {
    if !bytes.is_empty() {
        parts.push(Part {
            role: Role::Data,
            name: "data",
            label: "data".to_owned(),
            bytes,
            fields: Vec::new(),
        });
    }
}

/// Bytes that are shown together: those of one field, or of several that share
/// a byte.
pub(super) struct Group<'a> {
    pub bytes: Range<usize>,
    /// Empty for bytes that no field claims.
    pub fields: Vec<&'a Field>,
}

impl Part {
    /// The bytes of this part from its first to its last, by fields.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut fields: Vec<&Field> = self.fields.iter().collect();
        fields.sort_by_key(|field| field.bytes.start);
        let mut groups: Vec<Group> = Vec::new();
        let mut end = self.bytes.start;
        let gap = |from, to| {
            (from < to).then_some(Group {
                bytes: from..to,
                fields: vec![],
            })
        };
        for field in fields {
            match groups.last_mut() {
                Some(group) if field.bytes.start < end => {
                    group.fields.push(field);
                    group.bytes.end = group.bytes.end.max(field.bytes.end);
                }
                _ => {
                    groups.extend(gap(end, field.bytes.start));
                    groups.push(Group {
                        bytes: field.bytes.clone(),
                        fields: vec![field],
                    });
                }
            }
            end = end.max(field.bytes.end);
        }
        groups.extend(gap(end, self.bytes.end));
        groups
    }
}

/// The part that a name means: `UDP` the UDP header, `IPv4` the first IPv4
/// header, `IPv4[2]` the second.
pub(super) fn find<'a>(parts: &'a [Part], name: &str) -> anyhow::Result<&'a Part> {
    let (layer, which) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((layer, which)) => (layer, which.parse().unwrap_or(0)),
        None => (name, 1usize),
    };
    let mut of_name = parts.iter().filter(|part| part.name == layer);
    of_name.nth(which.wrapping_sub(1)).with_context(|| {
        let all: Vec<&str> = parts.iter().map(|part| part.name).collect();
        format!(
            "this packet has no layer {name}: its layers are {}",
            all.join(", ")
        )
    })
}

/// The field that a name means: `UDP.length`, `IPv4[2].time to live`, or
/// `time to live` if only one layer has it.
pub(super) fn find_field<'a>(parts: &'a [Part], name: &str) -> anyhow::Result<&'a Field> {
    if let Some((layer, name)) = name.split_once('.') {
        let part = find(parts, layer)?;
        let mut fields = part.fields.iter();
        return fields.find(|field| field.name == name).with_context(|| {
            let all: Vec<&str> = part.fields.iter().map(|field| field.name).collect();
            format!(
                "{layer} has no field {name:?}: its fields are {}",
                all.join(", ")
            )
        });
    }
    let of_name = parts.iter().filter_map(|part| {
        let mut fields = part.fields.iter();
        Some((part, fields.find(|field| field.name == name)?))
    });
    match of_name.collect::<Vec<_>>().as_slice() {
        [(_, field)] => Ok(field),
        [] => bail!("no layer of this packet has a field {name:?}"),
        several => {
            let layers: Vec<&str> = several
                .iter()
                .map(|(part, _)| part.label.as_str())
                .collect();
            bail!(
                "{name:?} is in {}: write the layer before it, as UDP.{name}, or IPv4[2].{name} for the second IPv4",
                layers.join(" and in ")
            )
        }
    }
}
