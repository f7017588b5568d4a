//! tshark as a second witness: every field that our parser prints has the
//! value that tshark gives it, on the reference captures and on damaged copies.

mod built;
mod theirs;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use ip_over_udp::capture::{self, LinkType, Packet, Pcap};
use ip_over_udp::packet::dissect;
use lab::book::Book;
use support::{TSHARK, apply, as_user, run, temporary, test_without_lab};

use built::built;
use theirs::theirs;

/// Our name of a field, by layer and field, and tshark's.
const FIELDS: &[(&str, &str, &str)] = &[
    ("Ethernet", "destination", "eth.dst"),
    ("Ethernet", "source", "eth.src"),
    ("Ethernet", "type", "eth.type"),
    ("ARP", "operation", "arp.opcode"),
    ("ARP", "sender hardware address", "arp.src.hw_mac"),
    ("ARP", "sender protocol address", "arp.src.proto_ipv4"),
    ("ARP", "target hardware address", "arp.dst.hw_mac"),
    ("ARP", "target protocol address", "arp.dst.proto_ipv4"),
    ("IPv4", "header length", "ip.hdr_len"),
    ("IPv4", "DSCP", "ip.dsfield.dscp"),
    ("IPv4", "ECN", "ip.dsfield.ecn"),
    ("IPv4", "total length", "ip.len"),
    ("IPv4", "identification", "ip.id"),
    ("IPv4", "fragment offset", "ip.frag_offset"),
    ("IPv4", "time to live", "ip.ttl"),
    ("IPv4", "protocol", "ip.proto"),
    ("IPv4", "checksum", "ip.checksum"),
    ("IPv4", "source address", "ip.src"),
    ("IPv4", "destination address", "ip.dst"),
    ("IPv6", "payload length", "ipv6.plen"),
    ("IPv6", "next header", "ipv6.nxt"),
    ("IPv6", "hop limit", "ipv6.hlim"),
    ("IPv6", "flow label", "ipv6.flow"),
    ("IPv6", "source address", "ipv6.src"),
    ("IPv6", "destination address", "ipv6.dst"),
    ("IPv6 fragment", "fragment offset", "ipv6.fraghdr.offset"),
    ("IPv6 fragment", "identification", "ipv6.fraghdr.ident"),
    ("UDP", "source port", "udp.srcport"),
    ("UDP", "destination port", "udp.dstport"),
    ("UDP", "length", "udp.length"),
    ("UDP", "checksum", "udp.checksum"),
    ("TCP", "source port", "tcp.srcport"),
    ("TCP", "destination port", "tcp.dstport"),
    ("TCP", "sequence number", "tcp.seq_raw"),
    ("TCP", "acknowledgement number", "tcp.ack_raw"),
    ("TCP", "header length", "tcp.hdr_len"),
    ("TCP", "window", "tcp.window_size_value"),
    ("TCP", "checksum", "tcp.checksum"),
    ("TCP", "urgent pointer", "tcp.urgent_pointer"),
    ("ICMP", "type", "icmp.type"),
    ("ICMP", "code", "icmp.code"),
    ("ICMP", "checksum", "icmp.checksum"),
    ("ICMP", "identifier", "icmp.ident"),
    ("ICMP", "sequence number", "icmp.seq"),
    ("ICMPv6", "type", "icmpv6.type"),
    ("ICMPv6", "code", "icmpv6.code"),
    ("ICMPv6", "checksum", "icmpv6.checksum"),
    ("ICMPv6", "identifier", "icmpv6.echo.identifier"),
    ("ICMPv6", "sequence number", "icmpv6.echo.sequence_number"),
];

/// The values of each field of one packet, from the outside in.
type Values = BTreeMap<&'static str, Vec<String>>;

/// tshark counts the reserved bits of TCP as flags; we do not show them.
fn flags(value: &str) -> String {
    let all: u16 = plain(value).parse().unwrap();
    (all & 0xff).to_string()
}

/// Numbers without their units and bases, addresses as they are.
fn plain(value: &str) -> String {
    let value = value.split([' ', ',']).next().unwrap_or("");
    if let Ok(v6) = value.parse::<Ipv6Addr>() {
        return v6.to_string(); // tshark has another way to shorten some
    }
    let number = match value.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => value.parse().ok(),
    };
    number.map_or(value.to_owned(), |number| number.to_string())
}

fn ours(packet: &Packet) -> Values {
    let mut values = Values::new();
    for layer in dissect(packet.link, &packet.data).layers {
        for field in &layer.fields {
            let theirs = FIELDS
                .iter()
                .find(|it| it.0 == layer.name && it.1 == field.name);
            if let Some((.., name)) = theirs {
                let mut value = plain(&field.value);
                if field.name == "fragment offset" {
                    // tshark shows it as it stands there, in units of 8 bytes.
                    value = (value.parse::<usize>().unwrap() / 8).to_string();
                }
                values.entry(name).or_default().push(value);
            }
            if (layer.name, field.name) == ("TCP", "flags") {
                let bits = TCP_FLAGS.iter().zip(0..);
                let bits = bits.filter(|(flag, _)| field.value.split(' ').any(|it| it == **flag));
                let bits: u32 = bits.map(|(_, bit)| 1 << bit).sum();
                values
                    .entry("tcp.flags")
                    .or_default()
                    .push(bits.to_string());
            }
            if (layer.name, field.name) == ("IPv4", "flags") {
                for (name, flag) in [("ip.flags.df", "DF"), ("ip.flags.mf", "MF")] {
                    let set = u8::from(field.value.contains(flag)).to_string();
                    values.entry(name).or_default().push(set);
                }
            }
            if (layer.name, field.name) == ("TCP", "options") {
                for (name, option) in [
                    ("tcp.options.mss_val", "mss "),
                    ("tcp.options.wscale.shift", "window scale "),
                    ("tcp.options.timestamp.tsval", "timestamps "),
                ] {
                    let found = field
                        .value
                        .split(", ")
                        .filter_map(|it| it.strip_prefix(option));
                    for value in found {
                        values.entry(name).or_default().push(plain(value));
                    }
                }
            }
            if field.name == "checksum" {
                let status = match field.value.split(", ").nth(1) {
                    Some("right") => "1",
                    Some(_) => "0",
                    None => "?",
                };
                let name = match layer.name {
                    "IPv4" => "ip.checksum.status",
                    "UDP" => "udp.checksum.status",
                    "TCP" => "tcp.checksum.status",
                    "ICMP" => "icmp.checksum.status",
                    _ => "icmpv6.checksum.status",
                };
                values.entry(name).or_default().push(status.to_owned());
            }
        }
    }
    values
}

/// From the lowest bit of the byte to the highest.
const TCP_FLAGS: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

/// What we print in another form than tshark.
const OTHERS: [&str; 11] = [
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
                packet.describe(),
                ip_over_udp::packet::hex_dump(&packet.data[..packet.data.len().min(96)])
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
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|it| it.extension().is_some_and(|e| e == "pcap"))
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
        let sound: Vec<_> = packets.iter().filter(|it| it.link == link).collect();
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
            let line = packet.describe();
            let doubts = [
                "cut off",
                "impossible",
                "not an IP",
                "behind it",
                " where ",
                "cannot",
            ];
            if malformed || doubts.iter().any(|it| line.contains(it)) {
                refused += 1;
                continue;
            }
            match agree("damaged", packet, &ours(packet), &theirs) {
                Ok(values) => compared += values,
                Err(why) => panic!("{why}"),
            }
        }
    }
    assert!(
        compared > 50_000,
        "{compared} values compared, {refused} packets refused"
    );
    fs::remove_dir_all(folder).unwrap();
}
