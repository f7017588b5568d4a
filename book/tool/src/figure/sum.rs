//! The sum of an Internet checksum (RFC 1071), word by word: what is added, in
//! which order, and what each word is.

use std::ops::Range;

use anyhow::{Context, bail};
use ip_over_udp::packet::{FieldName, LayerKind, Value, Verdict};

use figures::part::{Part, Role};

/// What a checksum covers, and what its field says.
pub(super) struct Sum {
    pub kind: LayerKind,
    pub label: String,
    pub rows: Vec<Row>,
    /// What is in the field.
    pub carried: u16,
    pub verdict: Verdict,
}

/// Words that are shown together.
pub(super) struct Row {
    pub what: What,
    pub role: Role,
    pub words: Vec<u16>,
    /// The last word is one byte, filled up with zeros.
    pub odd: bool,
}

/// What the words of a row are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A field of the IP header in the pseudo-header.
    Pseudo(LayerKind, FieldName),
    /// The length of the message in the pseudo-header, which no IP field holds.
    PseudoLength,
    /// Fields of the header.
    Fields(Vec<FieldName>),
    /// The checksum itself, which counts as zero.
    Itself,
    /// What the header carries.
    Carried(String),
}

impl Row {
    pub fn sum(&self) -> u32 {
        self.words.iter().copied().map(u32::from).sum()
    }
}

/// The sums on the way to a number of 16 bits: each is the one before with what
/// was carried out of its lower 16 bits added.
pub(super) fn carries(sum: u32) -> Vec<u32> {
    let carried = |&sum: &u32| (sum > 0xffff).then(|| (sum & 0xffff) + (sum >> 16));
    std::iter::successors(Some(sum), carried).collect()
}

/// A sum with all its carries.
pub(super) fn carried(sum: u32) -> u32 {
    carries(sum).last().copied().unwrap_or(sum)
}

impl Sum {
    /// What the checksum of the part at this place covers.
    pub fn of(data: &[u8], parts: &[Part], place: usize) -> anyhow::Result<Sum> {
        let part = parts.get(place).context("there is no such layer")?;
        let label = &part.label;
        let field = part.field(FieldName::Checksum);
        let (carried, verdict) = match field.map(|field| &field.value) {
            Some(Value::Checksum(_, Verdict::Absent)) => {
                bail!("this {label} has no checksum: the field is 0, as RFC 768 allows")
            }
            Some(Value::Checksum(_, Verdict::Unknown)) => bail!(
                "the checksum of {label} cannot be worked out: it covers more than is in this packet"
            ),
            Some(Value::Checksum(carried, verdict)) => (*carried, *verdict),
            _ => bail!("{label} has no checksum; IPv4, ICMP, ICMPv6, UDP and TCP have one"),
        };
        let ip = parts[..place].iter().rposition(|part| part.kind.is_ip());
        let ip = ip.map(|place| &parts[place]);
        let start = part.bytes.start;
        let end = match part.kind {
            LayerKind::Ipv4 => Some(part.bytes.end),
            LayerKind::Udp => number(part, FieldName::Length).map(|length| start + length),
            _ => ip.and_then(end),
        };
        let covered = end.map(|end| start..end);
        let covered = covered.filter(|covered| {
            covered.start <= part.bytes.end
                && part.bytes.end <= covered.end
                && covered.end <= data.len()
        });
        let covered = covered.with_context(|| format!("where {label} ends is not known"))?;

        let mut rows = Vec::new();
        if let (Some(protocol), Some(ip)) = (protocol(part.kind), ip) {
            rows.extend(pseudo_header(data, ip, protocol, covered.len())?);
        }
        rows.extend(header(data, part));
        rows.extend(payload(
            data,
            &parts[place + 1..],
            part.bytes.end..covered.end,
        ));
        Ok(Sum {
            kind: part.kind,
            label: label.clone(),
            rows,
            carried,
            verdict,
        })
    }

    /// All words added up, without a carry.
    pub fn total(&self) -> u32 {
        self.rows.iter().map(Row::sum).sum()
    }

    pub fn count(&self) -> usize {
        self.rows.iter().map(|row| row.words.len()).sum()
    }
}

fn number(part: &Part, name: FieldName) -> Option<usize> {
    usize::try_from(part.field(name)?.value.number()?).ok()
}

/// Where an IP packet ends.
fn end(ip: &Part) -> Option<usize> {
    let length = match ip.kind {
        LayerKind::Ipv4 => number(ip, FieldName::TotalLength)?,
        _ => 40 + number(ip, FieldName::PayloadLength)?,
    };
    Some(ip.bytes.start + length)
}

/// The protocol number in the pseudo-header, of those protocols that have one.
fn protocol(kind: LayerKind) -> Option<u16> {
    match kind {
        LayerKind::Udp => Some(17),
        LayerKind::Tcp => Some(6),
        LayerKind::Icmpv6 => Some(58),
        _ => None,
    }
}

fn pseudo_header(data: &[u8], ip: &Part, protocol: u16, length: usize) -> anyhow::Result<Vec<Row>> {
    let length = u32::try_from(length)?;
    let length = [(length >> 16) as u16, length as u16];
    let address = |name| {
        let field = ip.field(name).context("an IP header without addresses")?;
        anyhow::Ok((What::Pseudo(ip.kind, name), words(data, &field.bytes).0))
    };
    let (next, length) = match ip.kind {
        LayerKind::Ipv4 => (FieldName::Protocol, length[1..].to_vec()),
        _ => (FieldName::NextHeader, length.to_vec()),
    };
    let rows = [
        address(FieldName::SourceAddress)?,
        address(FieldName::DestinationAddress)?,
        (What::Pseudo(ip.kind, next), vec![protocol]),
        (What::PseudoLength, length),
    ];
    let row = |(what, words)| Row {
        what,
        role: ip.role,
        words,
        odd: false,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The words of a header, those of one long field together.
fn header(data: &[u8], part: &Part) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for at in part.bytes.clone().step_by(2) {
        let word = at..(at + 2).min(part.bytes.end);
        let here = part
            .fields
            .iter()
            .filter(|field| field.bytes.start < word.end && word.start < field.bytes.end);
        let fields: Vec<FieldName> = here.map(|field| field.name).collect();
        let itself = fields.contains(&FieldName::Checksum);
        let what = match itself {
            true => What::Itself,
            false => What::Fields(fields),
        };
        let (mut words, odd) = words(data, &word);
        if itself {
            words = vec![0];
        }
        match rows.last_mut() {
            Some(row) if row.what == what => row.words.extend(words),
            _ => rows.push(Row {
                what,
                role: part.role,
                words,
                odd,
            }),
        }
    }
    rows
}

/// What the header carries, in runs: each IP header is one, and each message with
/// its data, because those are what has a checksum of its own.
fn payload(data: &[u8], parts: &[Part], range: Range<usize>) -> Vec<Row> {
    let mut runs: Vec<(Vec<&Part>, Range<usize>)> = Vec::new();
    for part in parts.iter().filter(|part| part.bytes.start < range.end) {
        let bytes = part.bytes.start..part.bytes.end.min(range.end);
        match runs.last_mut() {
            Some((run, all)) if !part.kind.is_ip() && !run[0].kind.is_ip() => {
                run.push(part);
                all.end = bytes.end;
            }
            _ => runs.push((vec![part], bytes)),
        }
    }
    let row = |(run, bytes): (Vec<&Part>, Range<usize>)| {
        let labels: Vec<&str> = run.iter().map(|part| part.label.as_str()).collect();
        let (words, odd) = words(data, &bytes);
        Row {
            what: What::Carried(labels.join(" and ")),
            role: run[0].role,
            words,
            odd,
        }
    };
    runs.into_iter().map(row).collect()
}

/// The bytes as words of 16 bits, and whether the last was filled up.
fn words(data: &[u8], range: &Range<usize>) -> (Vec<u16>, bool) {
    let bytes = data.get(range.clone()).unwrap_or_default();
    let word = |pair: &[u8]| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
    (bytes.chunks(2).map(word).collect(), bytes.len() % 2 == 1)
}
