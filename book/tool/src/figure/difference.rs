//! Two or three packets below each other, byte by byte, with those bytes marked
//! that differ; and which fields these are.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail};
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{Field, Value};
use maud::{Markup, html};

use super::arguments::{self, Arguments};
use super::caption::Caption;
use super::capture::Capture;
use super::name::name;
use figures::part::{self, Part};

const USAGE: &str = r#"{{#difference FILE NUMBER,NUMBER "text | text" caption="…"}}"#;

/// So many bytes of each packet stand side by side on a phone, and twice as many
/// on a wider page.
const LINE: usize = 8;
/// Packets with more bytes than this are folded behind the first [`SHOWN`].
const LONG: usize = 256;
const SHOWN: usize = 160;

/// A value that is longer may be broken anywhere: an IPv6 address, for example.
const WORD: usize = 16;

struct Column<'a> {
    number: usize,
    packet: &'a Packet,
    parts: Vec<Part>,
}

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let list = arguments.word("the list of packets")?;
    let text = arguments.needed_text("the text that says which packets they are")?;
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let columns = columns(&capture, &list, &text)?;
    let differing = differing(&columns);
    let longest = differing.len();
    let count = differing.iter().filter(|&&differs| differs).count();
    let numbers: Vec<String> = columns.iter().map(|one| one.number.to_string()).collect();
    let (last, others) = numbers.split_last().context("no packets")?;
    let numbers = format!("{} and {last}", others.join(", "));
    let shown = if longest > LONG { SHOWN } else { longest };
    let figure = html! {
        figure .difference {
            (caption.above(html! {
                strong { "Packets " (numbers) } " of " code { (capture.name) }
                " below each other: " (count) " of " (longest) " bytes differ"
            }))
            ol .layers aria-label="Their layers, from the outermost" {
                @for part in columns.iter().take(1).flat_map(|one| &one.parts) {
                    li .layer .(part.role.class()) style={ "flex-grow:" (part.bytes.len()) } {
                        (part.label) " " small { (part.bytes.len()) }
                    }
                }
            }
            div .dumps role="img" aria-label={ "The bytes of packets " (numbers) " below each other. The table lists which differ." } {
                (lines(&columns, &differing, 0..shown))
            }
            @if shown < longest {
                details .more {
                    summary { (longest - shown) " more bytes" }
                    div .dumps aria-hidden="true" { (lines(&columns, &differing, shown..longest)) }
                }
            }
            (table(&columns, &differing))
        }
    };
    Ok(figure.into_string())
}

/// The packets of these numbers. The text is about all of them, or there is one
/// for each.
fn columns<'a>(capture: &'a Capture, list: &str, text: &str) -> anyhow::Result<Vec<Column<'a>>> {
    let numbers: Vec<usize> = list
        .split(',')
        .map(|number| arguments::number(number.trim(), "a packet to compare"))
        .collect::<anyhow::Result<_>>()?;
    if !(2..=3).contains(&numbers.len()) {
        bail!("two or three packets are compared, not {}", numbers.len());
    }
    let texts: Vec<&str> = text.split('|').map(str::trim).collect();
    if texts.len() != 1 && texts.len() != numbers.len() {
        bail!(
            "there are {} packets and {} texts: write one text for all, or one for each",
            numbers.len(),
            texts.len()
        );
    }
    let columns = numbers.into_iter().zip(texts.into_iter().cycle());
    columns
        .map(|(number, text)| {
            let packet = capture.packet_that_says(number, text)?;
            let parts = part::parts(packet);
            Ok(Column {
                number,
                packet,
                parts,
            })
        })
        .collect()
}

/// For each byte of the longest packet, whether it is not the same in all.
fn differing(columns: &[Column]) -> Vec<bool> {
    let lengths = columns.iter().map(|one| one.packet.data.len());
    let byte = |one: &Column, at| one.packet.data.get(at).copied();
    let differs = |at| {
        columns
            .windows(2)
            .any(|pair| byte(&pair[0], at) != byte(&pair[1], at))
    };
    (0..lengths.max().unwrap_or(0)).map(differs).collect()
}

/// The lines of this range: the same bytes of all packets below each other.
fn lines(columns: &[Column], differing: &[bool], range: Range<usize>) -> Markup {
    html! {
        @for start in range.clone().step_by(LINE) {
            div .line {
                span .offset { (format!("{start:04x}")) }
                @for one in columns {
                    div .row {
                        span .which { (one.number) }
                        (one.bytes(differing, start..(start + LINE).min(range.end)))
                    }
                }
            }
        }
    }
}

impl Column<'_> {
    /// These bytes, in runs of one layer that all differ or all do not.
    fn bytes(&self, differing: &[bool], range: Range<usize>) -> Markup {
        let end = range.end.min(self.packet.data.len());
        let range: Vec<usize> = (range.start..end).collect();
        let part = |at: usize| self.parts.iter().find(|part| part.bytes.contains(&at));
        let class = |at| part(at).map_or("", |part| part.role.class());
        let look = |at: usize| (class(at), differing[at]);
        let runs = range.chunk_by(|&one, &other| look(one) == look(other));
        html! {
            span .hex {
                @for run in runs {
                    @let bytes: Vec<String> = run.iter().map(|&at| format!("{:02x}", self.packet.data[at])).collect();
                    @let (class, differs) = look(run[0]);
                    span .layer .(class) .differs[differs] { (bytes.join(" ")) }
                    " "
                }
            }
        }
    }

    /// The field at this place of the same layer.
    fn field(&self, layer: usize, part: &Part, field: &Field) -> Option<&Field> {
        let other = self
            .parts
            .get(layer)
            .filter(|other| other.kind == part.kind);
        other?.field(field.name)
    }
}

/// One line of the table: bytes that differ, and what they are.
struct Difference {
    bytes: Range<usize>,
    layer: usize,
    name: Option<Markup>,
    values: Vec<String>,
}

/// The fields that differ, and bytes that belong to no field.
fn table(columns: &[Column], differing: &[bool]) -> Markup {
    let parts = columns.first().map_or(&[][..], |one| &one.parts);
    let longest = columns.iter().max_by_key(|one| one.packet.data.len());
    let all = fields(columns, differing);
    html! {
        table {
            thead { tr {
                th scope="col" { "bytes" }
                th scope="col" { "field" }
                @for one in columns { th scope="col" { "packet " (one.number) } }
            } }
            tbody {
                @for difference in &all {
                    @let part = parts.get(difference.layer).or(longest.and_then(|one| one.parts.get(difference.layer)));
                    tr {
                        td { (span(&difference.bytes)) }
                        th scope="row" {
                            @if let Some(part) = part { span .layer .(part.role.class()) { (part.label) } " " }
                            @if let Some(name) = &difference.name { (name) }
                        }
                        @for value in &difference.values { td .long[value.len() > WORD] { (value) } }
                    }
                }
                @if all.is_empty() { tr { td colspan=(columns.len() + 2) { "No byte differs." } } }
            }
        }
    }
}

fn fields(columns: &[Column], differing: &[bool]) -> Vec<Difference> {
    // The longest one has a byte at every place.
    let Some(longest) = columns.iter().max_by_key(|one| one.packet.data.len()) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (layer, part) in longest.parts.iter().enumerate() {
        for group in part.groups() {
            let at: Vec<usize> = group.bytes.clone().filter(|&at| differing[at]).collect();
            if at.is_empty() {
                continue;
            }
            let row = |field: &&Field| Difference {
                bytes: field.bytes.clone(),
                layer,
                name: Some(name(part.kind, field.name)),
                values: columns
                    .iter()
                    .map(|one| one.field(layer, part, field))
                    .map(|field| field.map_or("none".to_owned(), |field| field.value.to_string()))
                    .collect(),
            };
            // Of fields that share a byte, those that differ.
            let changed = group.fields.iter().filter(|field| {
                columns.iter().any(|one| {
                    let other = one.field(layer, part, field);
                    other.map(|other| plain(&other.value)) != Some(plain(&field.value))
                })
            });
            let changed: Vec<Difference> = changed.map(row).collect();
            match (changed.is_empty(), group.fields.is_empty()) {
                (false, _) => all.extend(changed),
                // The values do not tell: an option that is not understood, for example.
                (true, false) => all.extend(group.fields.iter().map(row)),
                (true, true) => all.push(Difference {
                    bytes: at[0]..at[at.len() - 1] + 1,
                    layer,
                    name: None,
                    values: columns
                        .iter()
                        .map(|one| {
                            let there = at.iter().filter(|&&at| at < one.packet.data.len());
                            match there.count() {
                                0 => "none".to_owned(),
                                1 => format!("{:02x}", one.packet.data[at[0]]),
                                count => format!("{count} of {} bytes", group.bytes.len()),
                            }
                        })
                        .collect(),
                }),
            }
        }
    }
    all
}

/// A value without the judgement of it, which other bytes change too.
fn plain(value: &Value) -> String {
    match value {
        Value::Checksum(number, _) => number.to_string(),
        value => value.to_string(),
    }
}

/// `22`, or `26–29`.
fn span(bytes: &Range<usize>) -> String {
    match bytes.len() {
        1 => bytes.start.to_string(),
        _ => format!("{}–{}", bytes.start, bytes.end - 1),
    }
}
