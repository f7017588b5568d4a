//! tshark as a second witness: every field that our parser prints has the
//! value that tshark gives it, on the reference captures and on damaged copies.

mod built;
mod theirs;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use ip_over_udp::capture::{self, LinkType, Packet, Pcap};
use ip_over_udp::packet::value::TcpOption;
use ip_over_udp::packet::{Field, FieldName, LayerKind, Summary, Value, Verdict, hex_dump};
use lab::book::Book;
use support::{TSHARK, apply, as_user, run, temporary, test_without_lab};

use built::built;
use theirs::theirs;

/// Our name of a field, by layer and field, and tshark's.
const FIELDS: &[(LayerKind, FieldName, &str)] = &[
    (LayerKind::Ethernet, FieldName::Destination, "eth.dst"),
    (LayerKind::Ethernet, FieldName::Source, "eth.src"),
    (LayerKind::Ethernet, FieldName::Type, "eth.type"),
    (LayerKind::Arp, FieldName::Operation, "arp.opcode"),
    (
        LayerKind::Arp,
        FieldName::SenderHardwareAddress,
        "arp.src.hw_mac",
    ),
    (
        LayerKind::Arp,
        FieldName::SenderProtocolAddress,
        "arp.src.proto_ipv4",
    ),
    (
        LayerKind::Arp,
        FieldName::TargetHardwareAddress,
        "arp.dst.hw_mac",
    ),
    (
        LayerKind::Arp,
        FieldName::TargetProtocolAddress,
        "arp.dst.proto_ipv4",
    ),
    (LayerKind::Ipv4, FieldName::HeaderLength, "ip.hdr_len"),
    (LayerKind::Ipv4, FieldName::Dscp, "ip.dsfield.dscp"),
    (LayerKind::Ipv4, FieldName::Ecn, "ip.dsfield.ecn"),
    (LayerKind::Ipv4, FieldName::TotalLength, "ip.len"),
    (LayerKind::Ipv4, FieldName::Identification, "ip.id"),
    (LayerKind::Ipv4, FieldName::FragmentOffset, "ip.frag_offset"),
    (LayerKind::Ipv4, FieldName::TimeToLive, "ip.ttl"),
    (LayerKind::Ipv4, FieldName::Protocol, "ip.proto"),
    (LayerKind::Ipv4, FieldName::Checksum, "ip.checksum"),
    (LayerKind::Ipv4, FieldName::SourceAddress, "ip.src"),
    (LayerKind::Ipv4, FieldName::DestinationAddress, "ip.dst"),
    (LayerKind::Ipv6, FieldName::PayloadLength, "ipv6.plen"),
    (LayerKind::Ipv6, FieldName::NextHeader, "ipv6.nxt"),
    (LayerKind::Ipv6, FieldName::HopLimit, "ipv6.hlim"),
    (LayerKind::Ipv6, FieldName::FlowLabel, "ipv6.flow"),
    (LayerKind::Ipv6, FieldName::SourceAddress, "ipv6.src"),
    (LayerKind::Ipv6, FieldName::DestinationAddress, "ipv6.dst"),
    (
        LayerKind::Ipv6Fragment,
        FieldName::FragmentOffset,
        "ipv6.fraghdr.offset",
    ),
    (
        LayerKind::Ipv6Fragment,
        FieldName::Identification,
        "ipv6.fraghdr.ident",
    ),
    (LayerKind::Udp, FieldName::SourcePort, "udp.srcport"),
    (LayerKind::Udp, FieldName::DestinationPort, "udp.dstport"),
    (LayerKind::Udp, FieldName::Length, "udp.length"),
    (LayerKind::Udp, FieldName::Checksum, "udp.checksum"),
    (LayerKind::Tcp, FieldName::SourcePort, "tcp.srcport"),
    (LayerKind::Tcp, FieldName::DestinationPort, "tcp.dstport"),
    (LayerKind::Tcp, FieldName::SequenceNumber, "tcp.seq_raw"),
    (
        LayerKind::Tcp,
        FieldName::AcknowledgementNumber,
        "tcp.ack_raw",
    ),
    (LayerKind::Tcp, FieldName::DataOffset, "tcp.hdr_len"),
    (LayerKind::Tcp, FieldName::Window, "tcp.window_size_value"),
    (LayerKind::Tcp, FieldName::Checksum, "tcp.checksum"),
    (
        LayerKind::Tcp,
        FieldName::UrgentPointer,
        "tcp.urgent_pointer",
    ),
    (LayerKind::Icmp, FieldName::Type, "icmp.type"),
    (LayerKind::Icmp, FieldName::Code, "icmp.code"),
    (LayerKind::Icmp, FieldName::Checksum, "icmp.checksum"),
    (LayerKind::Icmp, FieldName::Identifier, "icmp.ident"),
    (LayerKind::Icmp, FieldName::SequenceNumber, "icmp.seq"),
    (LayerKind::Icmpv6, FieldName::Type, "icmpv6.type"),
    (LayerKind::Icmpv6, FieldName::Code, "icmpv6.code"),
    (LayerKind::Icmpv6, FieldName::Checksum, "icmpv6.checksum"),
    (
        LayerKind::Icmpv6,
        FieldName::Identifier,
        "icmpv6.echo.identifier",
    ),
    (
        LayerKind::Icmpv6,
        FieldName::SequenceNumber,
        "icmpv6.echo.sequence_number",
    ),
];

/// The values of each field of one packet, from the outside in.
type Values = BTreeMap<&'static str, Vec<String>>;

/// What tshark says, without its ways of writing it: numbers in decimal, and
/// addresses as the standard library shortens them.
fn plain(value: &str) -> String {
    if let Ok(v6) = value.parse::<Ipv6Addr>() {
        return v6.to_string();
    }
    let number = match value.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => value.parse().ok(),
    };
    number.map_or(value.to_owned(), |number| number.to_string())
}

/// tshark counts the reserved bits of TCP as flags; we do not show them.
fn flags(value: &str) -> String {
    let all: u16 = plain(value).parse().unwrap();
    (all & 0xff).to_string()
}

fn ours(packet: &Packet) -> Values {
    let mut values = Values::new();
    let mut quoted = false;
    for layer in packet.dissect().layers {
        quoted |= layer.kind.is_icmp();
        for field in &layer.fields {
            let mut add = |name, value: String| values.entry(name).or_default().push(value);
            let known = FIELDS
                .iter()
                .find(|known| (known.0, known.1) == (layer.kind, field.name));
            if let Some((.., name)) = known {
                // It gives a quoted segment no number of its own beside the raw one.
                let name = match *name {
                    "tcp.seq_raw" if quoted => "tcp.seq",
                    name => name,
                };
                add(name, as_tshark(field));
            }
            match &field.value {
                Value::TcpFlags(flags) => add("tcp.flags", flags.0.to_string()),
                Value::IpFlags(flags) => {
                    add("ip.flags.df", u8::from(flags.dont_fragment).to_string());
                    add("ip.flags.mf", u8::from(flags.more_fragments).to_string());
                }
                Value::TcpOptions(options) => {
                    for option in options {
                        match option {
                            TcpOption::MaximumSegmentSize(size) => {
                                add("tcp.options.mss_val", size.to_string());
                            }
                            TcpOption::WindowScale(shift) => {
                                add("tcp.options.wscale.shift", shift.to_string());
                            }
                            TcpOption::Timestamps(now, _) => {
                                add("tcp.options.timestamp.tsval", now.to_string());
                            }
                            _ => (),
                        }
                    }
                }
                Value::Checksum(_, verdict) => add(status(layer.kind), judged(*verdict)),
                _ => (),
            }
        }
    }
    values
}

/// A value as [`plain`] leaves it of what tshark says.
fn as_tshark(field: &Field) -> String {
    match (&field.value, field.value.number()) {
        // tshark shows it as it stands there, in units of 8 bytes.
        (_, Some(offset)) if field.name == FieldName::FragmentOffset => (offset / 8).to_string(),
        (_, Some(number)) => number.to_string(),
        (value, None) => value.to_string(),
    }
}

/// Where tshark says what it thinks of a checksum.
fn status(kind: LayerKind) -> &'static str {
    match kind {
        LayerKind::Ipv4 => "ip.checksum.status",
        LayerKind::Udp => "udp.checksum.status",
        LayerKind::Tcp => "tcp.checksum.status",
        LayerKind::Icmp => "icmp.checksum.status",
        _ => "icmpv6.checksum.status",
    }
}

/// A verdict as tshark counts it: 0 for wrong, 1 for right.
fn judged(verdict: Verdict) -> String {
    let status = match verdict {
        Verdict::Wrong => "0",
        Verdict::Right => "1",
        Verdict::Absent | Verdict::Unknown => "?",
    };
    status.to_owned()
}

/// What we print in another form than tshark.
const OTHERS: [&str; 12] = [
    "tcp.seq",
    "tcp.flags",
    "ip.flags.df",
    "ip.flags.mf",
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.options.timestamp.tsval",
    "ip.checksum.status",
    "udp.checksum.status",
    "tcp.checksum.status",
    "icmp.checksum.status",
    "icmpv6.checksum.status",
];

/// Compares the values of one packet; a checksum that we do not judge tshark
/// may call what it likes. Returns how many values were compared.
fn agree(what: &str, packet: &Packet, ours: &Values, theirs: &Values) -> Result<usize, String> {
    let mut compared = 0;
    for (name, ours) in ours {
        let nothing = Vec::new();
        let theirs = theirs.get(name).unwrap_or(&nothing);
        let same = ours.len() == theirs.len()
            && ours
                .iter()
                .zip(theirs)
                .all(|(ours, theirs)| ours == theirs || ours == "?");
        if !same {
            return Err(format!(
                "{what}: {name} is {ours:?}, tshark says {theirs:?}\n{}\n{}",
                packet.info(),
                hex_dump(&packet.data[..packet.data.len().min(96)])
            ));
        }
        compared += ours.len();
    }
    Ok(compared)
}

/// The folder with the reference captures of a chapter.
fn reference(chapter: &str) -> PathBuf {
    Book::at(None, None).unwrap().reference(chapter)
}

#[apply(test_without_lab)]
#[needs(TSHARK)]
fn reference_captures() {
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    for chapter in ["00", "01", "02", "03", "04", "05", "06"] {
        for file in pcaps(&reference(chapter)) {
            // In chapter 4 the payloads are text, and no packets.
            let theirs = theirs(&file, chapter != "04");
            let packets = capture::read(&file).unwrap();
            assert_eq!(packets.len(), theirs.len());
            for (number, (packet, (theirs, malformed))) in packets.iter().zip(&theirs).enumerate() {
                let what = format!("{}, packet {}", file.display(), number + 1);
                assert!(!malformed, "{what}");
                let ours = ours(packet);
                agree(&what, packet, &ours, theirs).unwrap_or_else(|err| panic!("{err}"));
                for (name, values) in ours {
                    *compared.entry(name.to_owned()).or_default() += values.len();
                }
            }
        }
    }
    let total: usize = compared.values().sum();
    assert!(total > 4000, "only {total} values compared: {compared:?}");
    if std::env::var_os("SHOW").is_some() {
        for (name, count) in compared {
            println!("{name:<32}{count:>6} values agree");
        }
        println!("{:<32}{total:>6}", "all");
    }
}

fn pcaps(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "pcap"))
        .collect();
    files.sort();
    files
}

#[apply(test_without_lab)]
#[needs(TSHARK)]
fn damaged_packets() {
    let folder = temporary("oracle");
    // Ten times each: they are few, and the references are many.
    let mut packets: Vec<Packet> = (0..10).flat_map(|_| built()).collect();
    for chapter in ["01", "02", "03", "05", "06"] {
        for file in pcaps(&reference(chapter)) {
            packets.extend(capture::read(&file).unwrap());
        }
    }
    let mut seed = 0x2026_1122_u64;
    let mut random = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % limit
    };
    let (mut compared, mut refused) = (0, 0);
    for link in [LinkType::Raw, LinkType::Ethernet] {
        let sound: Vec<_> = packets
            .iter()
            .filter(|packet| packet.link == link)
            .collect();
        let damaged: Vec<Packet> = (0..4000)
            .map(|number| {
                let mut packet = sound[random(sound.len())].clone();
                // The first few are what they were.
                for _ in 0..(number / 100).min(1 + random(2)) {
                    // Mostly in the headers.
                    let at = random(packet.data.len().min(100));
                    packet.data[at] ^= 1 << random(8);
                }
                packet
            })
            .collect();
        let file = folder.join(format!("{link:?}.pcap"));
        let mut pcap = Pcap::create(&folder, &format!("{link:?}"), link).unwrap();
        for packet in &damaged {
            pcap.write(packet.time, packet.length, &packet.data)
                .unwrap();
        }
        run(as_user("test").arg("-r").arg(&file)).code(0);
        for (packet, (theirs, malformed)) in damaged.iter().zip(theirs(&file, true)) {
            let doubtful = |packet: &Summary| packet.malformed || packet.ending.is_some();
            if malformed || packet.dissect().packets.iter().any(doubtful) {
                refused += 1;
                continue;
            }
            match agree("damaged", packet, &ours(packet), &theirs) {
                Ok(values) => compared += values,
                Err(err) => panic!("{err}"),
            }
        }
    }
    assert!(
        compared > 50_000,
        "{compared} values compared, {refused} packets refused"
    );
    fs::remove_dir_all(folder).unwrap();
}
