//! What a filter can find a packet by.

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::flags::TcpFlags;
use ip_over_udp::packet::{Dissection, FieldName, LayerKind, Value};

/// The addresses, protocols, ports and flags of a packet and of those inside it,
/// in words, in the order in which they come: `IPv4 198.51.100.2 203.0.113.2 UDP :9876`.
pub fn words(packet: &Packet) -> String {
    let Dissection { packets, layers } = packet.dissect();
    let mut words: Vec<String> = Vec::new();
    let mut add = |word: String| {
        if !words.contains(&word) {
            words.push(word);
        }
    };
    for layer in &layers {
        if !layer.fields.is_empty() {
            add(layer.kind.as_str().replace(' ', "-"));
        }
        if layer.kind.is_ip() {
            add("ip".to_owned());
        }
        let message = layer.number(FieldName::Type);
        if let Some(message) = message.and_then(|number| message_of(layer.kind, number)) {
            add(message.to_owned());
        }
        for field in &layer.fields {
            match (&field.value, field.name) {
                (Value::Ip(address), _) => add(address.to_string()),
                (Value::Mac(address), _) => add(address.to_string()),
                (value, FieldName::SourcePort | FieldName::DestinationPort) => {
                    add(format!(":{value}"));
                }
                (Value::TcpFlags(flags), _) => {
                    for flag in flags_of(*flags) {
                        add(flag);
                    }
                }
                (Value::IpFlags(flags), _) => {
                    for (set, name) in [(flags.dont_fragment, "DF"), (flags.more_fragments, "MF")] {
                        if set {
                            add(name.to_owned());
                        }
                    }
                }
                _ => (),
            }
        }
    }
    for packet in &packets {
        if packet.fragment.is_some() {
            add(LayerKind::Fragment.as_str().to_owned());
        }
    }
    words.join(" ")
}

/// What a message of ICMP or ICMPv6 is, by its type alone (RFC 792, RFC 4443).
fn message_of(kind: LayerKind, number: u32) -> Option<&'static str> {
    match (kind, number) {
        (LayerKind::Icmp, 8) | (LayerKind::Icmpv6, 128) => Some("echo-request"),
        (LayerKind::Icmp, 0) | (LayerKind::Icmpv6, 129) => Some("echo-reply"),
        (LayerKind::Icmp, 3) | (LayerKind::Icmpv6, 1) => Some("destination-unreachable"),
        (LayerKind::Icmp, 11) | (LayerKind::Icmpv6, 3) => Some("time-exceeded"),
        (LayerKind::Icmpv6, 2) => Some("packet-too-big"),
        _ => None,
    }
}

fn flags_of(flags: TcpFlags) -> impl Iterator<Item = String> {
    let flags = (flags.0 != 0).then(|| flags.to_string());
    let words = flags.into_iter().flat_map(|flags| {
        let words: Vec<String> = flags.split(' ').map(str::to_owned).collect();
        words
    });
    words.collect::<Vec<_>>().into_iter()
}

/// The words that a filter knows, but for addresses and ports, each with the
/// display filter of Wireshark that means the same.
pub const VOCABULARY: [(&str, &str); 25] = [
    ("ethernet", "eth"),
    ("arp", "arp"),
    ("ip", "ip || ipv6"),
    ("ipv4", "ip"),
    ("ipv6", "ipv6"),
    ("udp", "udp"),
    ("tcp", "tcp"),
    ("icmp", "icmp"),
    ("icmpv6", "icmpv6"),
    (
        "fragment",
        "ip.flags.mf == 1 || ip.frag_offset > 0 || ipv6.fraghdr",
    ),
    ("df", "ip.flags.df == 1"),
    ("mf", "ip.flags.mf == 1"),
    ("syn", "tcp.flags.syn == 1"),
    ("ack", "tcp.flags.ack == 1"),
    ("fin", "tcp.flags.fin == 1"),
    ("rst", "tcp.flags.reset == 1"),
    ("psh", "tcp.flags.push == 1"),
    ("urg", "tcp.flags.urg == 1"),
    ("ece", "tcp.flags.ece == 1"),
    ("cwr", "tcp.flags.cwr == 1"),
    ("echo-request", "icmp.type == 8 || icmpv6.type == 128"),
    ("echo-reply", "icmp.type == 0 || icmpv6.type == 129"),
    (
        "destination-unreachable",
        "icmp.type == 3 || icmpv6.type == 1",
    ),
    ("packet-too-big", "icmpv6.type == 2"),
    ("time-exceeded", "icmp.type == 11 || icmpv6.type == 3"),
];
