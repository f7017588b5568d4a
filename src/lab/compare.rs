//! The reader's capture beside the reference: are they the same, and if not,
//! what is the first difference?
//!
//! No two runs give the same bytes. Before two packets are compared, what may
//! differ is left out: times, hardware addresses, identifications of IP and
//! ICMP, ports that the kernel chose, sequence numbers, windows, timestamps and
//! selective acknowledgements of TCP, flow labels, link-local addresses, the
//! time in the first 16 bytes of a ping, and the date in an HTTP answer. Of a
//! checksum, only whether it is right is compared; of a fragment, which bytes it
//! has. IPv6 multicast reports come at random times: they are passed over.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::capture::{self, LinkType, Packet, Pcap, PcapNg};
use crate::packet::{Layer, dissect};

/// The first difference between two captures of one chapter.
#[derive(Debug)]
pub struct Difference {
    /// The interface at which it is, as in `left-eth0`.
    pub interface: String,
    /// What differs, in words.
    pub words: String,
    /// The number of the packet in each capture, from 1, where there is one.
    pub mine: Option<usize>,
    /// The same, in the reference.
    pub reference: Option<usize>,
}

/// Compares the captures in two folders, interface by interface.
///
/// # Errors
/// One of the folders has no captures, or one that cannot be read.
pub fn compare(mine: &Path, reference: &Path) -> anyhow::Result<Option<Difference>> {
    let (mine, reference) = (interfaces(mine)?, interfaces(reference)?);
    for (interface, reference) in &reference {
        let nothing = Vec::new();
        let mine = mine.get(interface).unwrap_or(&nothing);
        if let Some(difference) = compare_interface(interface, mine, reference) {
            return Ok(Some(difference));
        }
    }
    let extra = mine.iter().find(|(name, _)| !reference.contains_key(*name));
    Ok(extra.map(|(interface, packets)| Difference {
        interface: interface.clone(),
        words: format!(
            "there are {} packets where the reference has none",
            packets.len()
        ),
        mine: Some(1),
        reference: None,
    }))
}

/// Makes these captures the reference, if they differ from it. Says whether
/// they did.
pub fn bless(mine: &Path, reference: &Path) -> anyhow::Result<bool> {
    if reference.join("all.pcapng").exists() && compare(mine, reference)?.is_none() {
        return Ok(false);
    }
    let packets = capture::read(&mine.join("all.pcapng"))?;
    let packets: Vec<_> = packets.iter().filter(|it| !is_report(it)).collect();
    if reference.exists() {
        for file in fs::read_dir(reference)? {
            let file = file?.path();
            if file
                .extension()
                .is_some_and(|it| it == "pcap" || it == "pcapng")
            {
                fs::remove_file(file)?;
            }
        }
    }
    let mut all = PcapNg::create(reference, "all.pcapng")?;
    let mut files: BTreeMap<(&str, LinkType), (Pcap, u32)> = BTreeMap::new();
    for packet in packets {
        let key = (packet.interface.as_str(), packet.link);
        let (pcap, number) = match files.entry(key) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(slot) => {
                let pcap = Pcap::create(reference, &packet.interface, packet.link)?;
                slot.insert((pcap, all.interface(&packet.interface, packet.link)?))
            }
        };
        pcap.write(packet.time, packet.length, &packet.data)?;
        let direction = packet.direction.context("a packet without a direction")?;
        all.write(*number, direction, packet.time, packet.length, &packet.data)?;
    }
    Ok(true)
}

/// The packets of a folder by interface, without those that come at random.
fn interfaces(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<Packet>>> {
    let mut interfaces = BTreeMap::new();
    if folder.exists() {
        for file in fs::read_dir(folder)? {
            let file = file?.path();
            if file.extension().is_none_or(|ending| ending != "pcap") {
                continue;
            }
            let mut packets = capture::read(&file)?;
            packets.retain(|packet| !is_report(packet));
            if !packets.is_empty() {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                interfaces.insert(name.into_owned(), packets);
            }
        }
    }
    if interfaces.is_empty() {
        bail!("there are no captures in {}", folder.display());
    }
    Ok(interfaces)
}

fn is_report(packet: &Packet) -> bool {
    packet
        .describe()
        .contains("ICMPv6 multicast listener report")
}

fn compare_interface(interface: &str, mine: &[Packet], reference: &[Packet]) -> Option<Difference> {
    let facts = |packets: &[Packet]| packets.iter().map(facts).collect::<Vec<_>>();
    let (ours, theirs) = (facts(mine), facts(reference));
    let same = ours
        .iter()
        .zip(&theirs)
        .take_while(|(one, other)| one == other);
    let at = same.count();
    let (found, expected) = (mine.get(at), reference.get(at));
    let told = |packet: &Packet| packet.describe();
    let words = match (found, expected) {
        (None, None) => return None,
        (Some(found), None) => format!("an extra packet at the end: {}", told(found)),
        (None, Some(expected)) => format!("a packet is missing at the end: {}", told(expected)),
        // If the rest goes on alike, one packet was left out or put in.
        (Some(_), Some(expected)) if goes_on(&ours[at..], &theirs[at + 1..]) => {
            format!("a packet is missing: {}", told(expected))
        }
        (Some(found), Some(_)) if goes_on(&ours[at + 1..], &theirs[at..]) => {
            format!("an extra packet: {}", told(found))
        }
        (Some(found), Some(expected)) => format!(
            "{}\n  yours:     {}\n  reference: {}",
            first_fact(&ours[at], &theirs[at]),
            told(found),
            told(expected)
        ),
    };
    Some(Difference {
        interface: interface.to_owned(),
        words,
        mine: found.map(|_| at + 1),
        reference: expected.map(|_| at + 1),
    })
}

/// Whether two rows of packets begin alike: the next three, or all there are.
fn goes_on(one: &[Facts], other: &[Facts]) -> bool {
    let next = one.len().min(other.len()).min(3);
    next > 0 && one[..next] == other[..next] || one.is_empty() && other.is_empty()
}

/// What two runs have in common: a name and a value for each thing.
type Facts = Vec<(String, Vec<u8>)>;

fn facts(packet: &Packet) -> Facts {
    let mut facts = vec![("length".to_owned(), packet.length.to_string().into_bytes())];
    let layers = dissect(packet.link, &packet.data).layers;
    let mut before: Option<&Layer> = None;
    for layer in &layers {
        if layer.fields.is_empty() {
            let bytes = &packet.data[layer.bytes.clone()];
            facts.push((layer.name.to_owned(), data(before, layer, bytes)));
        }
        for field in &layer.fields {
            if let Some(value) = value(layer.name, field.name, &field.value) {
                facts.push((format!("{} {}", layer.name, field.name), value.into_bytes()));
            }
        }
        before = Some(layer);
    }
    facts
}

/// What is compared of a field, `None` for nothing.
fn value(layer: &str, field: &str, value: &str) -> Option<String> {
    let value = match (layer, field) {
        ("Ethernet", "destination" | "source") => return None,
        (_, "identification" | "identifier" | "flow label") => return None,
        ("TCP", "sequence number" | "acknowledgement number" | "window") => return None,
        // The upper part is what kernels choose from (ip_local_port_range).
        (_, "source port" | "destination port") => match value.parse::<u16>() {
            Ok(32_768..) => "chosen by the kernel",
            _ => value,
        },
        (_, "checksum") => value.split(", ").nth(1).unwrap_or("cannot be judged"),
        ("TCP", "options") => {
            let names = value
                .split(", ")
                .map(|option| match option.split_once(' ') {
                    Some((name @ ("timestamps" | "sack"), rest)) if rest != "permitted" => name,
                    _ => option,
                });
            return Some(names.collect::<Vec<_>>().join(", "));
        }
        (_, "source address" | "destination address") if value.starts_with("fe80::") => {
            "link-local"
        }
        _ => value,
    };
    Some(value.to_owned())
}

/// What is compared of bytes that no header claims.
fn data(before: Option<&Layer>, layer: &Layer, bytes: &[u8]) -> Vec<u8> {
    let of = before.map_or("", |layer| layer.name);
    let echo = before.is_some_and(|it| it.fields.iter().any(|field| field.name == "identifier"));
    match of {
        // In pieces, the headers inside cannot be found.
        _ if layer.name == "fragment" => bytes.len().to_string().into_bytes(),
        // `ping` writes the time of sending there.
        "ICMP" | "ICMPv6" if echo => bytes.get(16..).unwrap_or(&[]).to_vec(),
        "TCP" => without_date(bytes),
        _ => bytes.to_vec(),
    }
}

/// An HTTP answer with dots in the place of its date.
fn without_date(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let name = b"\r\nDate: ";
    if let Some(at) = bytes.windows(name.len()).position(|it| it == name) {
        let date = &mut bytes[at + name.len()..];
        let length = date
            .iter()
            .position(|&byte| byte == b'\r')
            .unwrap_or(date.len());
        date[..length].fill(b'.');
    }
    bytes
}

/// The first thing in which two packets differ, in words.
fn first_fact(mine: &Facts, reference: &Facts) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // A length differs because something else does; say that first.
    for ((name, mine), (other, reference)) in mine.iter().zip(reference).skip(1) {
        if name != other {
            return format!("{name} in yours, {other} in the reference");
        }
        if mine == reference {
            continue;
        }
        if !matches!(name.as_str(), "data" | "trailer" | "padding" | "cut off") {
            return format!(
                "{name}: {} in yours, {} in the reference",
                text(mine),
                text(reference)
            );
        }
        let at = mine
            .iter()
            .zip(reference)
            .take_while(|(one, two)| one == two)
            .count();
        return match (mine.get(at), reference.get(at)) {
            (Some(mine), Some(reference)) => format!(
                "byte {} of the {name}: {mine:#04x} in yours, {reference:#04x} in the reference",
                at + 1
            ),
            _ => format!(
                "length of the {name}: {} bytes in yours, {} in the reference",
                mine.len(),
                reference.len()
            ),
        };
    }
    match mine.len() == reference.len() {
        true => {
            let (mine, reference) = (text(&mine[0].1), text(&reference[0].1));
            format!("length: {mine} bytes in yours, {reference} in the reference")
        }
        false => "one of them goes on where the other ends".to_owned(),
    }
}
