//! A packet in parts: its layers with a role and a label each, so that the same
//! layer has the same colour in every figure.

use std::ops::Range;

use ip_over_udp::capture::{LinkType, Packet};
use ip_over_udp::packet::{Field, FieldName, LayerKind};

/// What a layer is there for. Each has a colour in `book/theme/book.css`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
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
pub struct Part {
    pub role: Role,
    pub kind: LayerKind,
    /// Its name, with `outer` or `inner` where a packet is inside another, and
    /// `quoted` in an ICMP error.
    pub label: String,
    pub bytes: Range<usize>,
    pub fields: Vec<Field>,
}

/// The parts of a packet from the first to the last byte, without gaps.
pub fn parts(packet: &Packet) -> Vec<Part> {
    let layers = packet.dissect().layers;
    // An ICMP error has a second IP header too, but that one is only quoted.
    let tunnelled = layers
        .windows(2)
        .any(|pair| pair[0].kind == LayerKind::Udp && pair[1].kind.is_ip());
    // A packet on a tunnel interface is an inner one, which another will carry.
    let mut depth = usize::from(packet.link == LinkType::Raw);
    let (mut quoted, mut end) = (false, 0);
    let mut parts: Vec<Part> = Vec::new();
    for layer in layers {
        fill(&mut parts, end..layer.bytes.start);
        depth += usize::from(layer.kind.is_ip());
        let role = match layer.kind {
            LayerKind::Ethernet
            | LayerKind::LinuxCooked
            | LayerKind::LinuxCookedV2
            | LayerKind::Loopback => Role::Ethernet,
            LayerKind::Ipv4
            | LayerKind::Ipv6
            | LayerKind::Ipv6HopByHop
            | LayerKind::Ipv6Routing
            | LayerKind::Ipv6Destination
            | LayerKind::Ipv6Fragment => match depth > 1 {
                true => Role::InnerIp,
                false => Role::OuterIp,
            },
            LayerKind::Udp if depth <= 1 => Role::Udp,
            LayerKind::Udp
            | LayerKind::Tcp
            | LayerKind::Icmp
            | LayerKind::Icmpv6
            | LayerKind::Arp => Role::Transport,
            LayerKind::Data
            | LayerKind::Fragment
            | LayerKind::Padding
            | LayerKind::Trailer
            | LayerKind::CutOff => Role::Data,
        };
        let place = match role {
            Role::Ethernet | Role::Data => "",
            Role::InnerIp | Role::Transport if quoted && tunnelled && depth > 1 => "quoted inner ",
            _ if quoted => "quoted ",
            _ if !tunnelled => "",
            Role::OuterIp => "outer ",
            Role::InnerIp | Role::Transport if depth > 1 => "inner ",
            _ => "",
        };
        // What an ICMP message quotes is a packet of the same depth as its own.
        if layer.kind.is_icmp() {
            quoted = true;
            depth -= 1;
        }
        end = layer.bytes.end;
        parts.push(Part {
            role,
            kind: layer.kind,
            label: format!("{place}{}", layer.kind),
            bytes: layer.bytes,
            fields: layer.fields,
        });
    }
    fill(&mut parts, end..packet.data.len());
    parts
}

/// Bytes that no layer claims.
fn fill(parts: &mut Vec<Part>, bytes: Range<usize>) {
    if !bytes.is_empty() {
        parts.push(Part {
            role: Role::Data,
            kind: LayerKind::Data,
            label: LayerKind::Data.to_string(),
            bytes,
            fields: Vec::new(),
        });
    }
}

/// Bytes that are shown together: those of one field, or of several that share
/// a byte.
pub struct Group<'a> {
    pub bytes: Range<usize>,
    /// Empty for bytes that no field claims.
    pub fields: Vec<&'a Field>,
}

impl Part {
    /// The field of this name.
    pub fn field(&self, name: FieldName) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

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
