//! The anatomy of one packet: its bytes, coloured by layer, with every field
//! named.
//!
//! The fields are radio buttons with their bytes as labels: so the keyboard has
//! one stop for the whole packet and arrow keys from field to field, a tap
//! keeps what it shows, and none of it needs a script. The name and the value of
//! a field appear in one line below the bytes, and in the tables below that.

use std::ops::Range;
use std::path::Path;

use ip_over_udp::packet::{Field, FieldName};
use maud::{Markup, html};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::name::name;
use super::part::{self, Group, Part};

const USAGE: &str =
    r#"{{#packet FILE NUMBER "text" only="LAYER, …" highlight="LAYER.FIELD, …" caption="…"}}"#;

/// A packet with more bytes than this is folded behind the first [`SHOWN`].
const LONG: usize = 256;
/// How many bytes of a long packet are not folded; whole lines of 16.
const SHOWN: usize = 160;
/// With no more fields than this, all tables are open.
const FEW_FIELDS: usize = 12;

struct Anatomy<'a> {
    data: &'a [u8],
    parts: &'a [Part],
    marked: Vec<&'a Field>,
}

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let number = arguments.number("the number of the packet")?;
    let text = arguments.needed_text("the text that says which packet it is")?;
    let (only, highlight) = (arguments.option("only"), arguments.option("highlight"));
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let packet = capture.packet_that_says(number, &text)?;
    let parts = part::parts(packet);
    let marked = names(highlight.as_deref());
    let marked: Vec<&Field> = marked
        .map(|name| part::find_field(&parts, name))
        .collect::<anyhow::Result<_>>()?;
    let only_these: Vec<Range<usize>> = names(only.as_deref())
        .map(|name| Ok(part::find(&parts, name)?.bytes.clone()))
        .collect::<anyhow::Result<_>>()?;
    let fields: usize = parts.iter().map(|part| part.fields.len()).sum();
    let is_open = |part: &Part| match only {
        Some(_) => only_these.contains(&part.bytes),
        None => fields <= FEW_FIELDS || part.fields.iter().any(|field| marked.contains(&field)),
    };

    let anatomy = Anatomy {
        data: &packet.data,
        parts: &parts,
        marked: marked.clone(),
    };
    let length = packet.data.len();
    // A layer that the chapter asks for is not folded away.
    let wanted = only_these.iter().any(|bytes| bytes.end > SHOWN);
    let shown = if length > LONG && !wanted {
        SHOWN
    } else {
        length
    };
    let figure = html! {
        figure .packet {
            (caption.above(html! {
                strong { "Packet " (number) } " of " code { (capture.name) } ", " (length) " bytes"
                span .line { (packet.info()) }
            }))
            ol .layers aria-label="Its layers, from the outermost" {
                @for part in &parts {
                    li .layer .(part.role.class()) style={ "flex-grow:" (part.bytes.len()) } {
                        (part.label) " " small { (part.bytes.len()) }
                    }
                }
            }
            // Radio buttons need a form, and Enter would send it and load the page anew.
            // `dialog` only closes a dialogue, and there is none.
            form .dump method="dialog" aria-label="The bytes of the packet, field by field" {
                (anatomy.bytes(0..shown))
                @if shown < length {
                    details .more {
                        summary { (length - shown) " more bytes" }
                        (anatomy.bytes(shown..length))
                    }
                }
                p .hint aria-hidden="true" { "Point at a byte, or tap it, to see what it is." }
            }
            @for part in &parts {
                (anatomy.table(part, is_open(part)))
            }
        }
    };
    Ok(figure.into_string())
}

/// The names in a list with commas.
fn names(list: Option<&str>) -> impl Iterator<Item = &str> {
    let names = list.unwrap_or("").split(',').map(str::trim);
    names.filter(|name| !name.is_empty())
}

impl Anatomy<'_> {
    /// The bytes in this range, in hexadecimal and as text.
    fn bytes(&self, range: Range<usize>) -> Markup {
        let groups: Vec<(&Part, Group)> = self
            .parts
            .iter()
            .flat_map(|part| part.groups().into_iter().map(move |group| (part, group)))
            .filter(|(_, group)| group.bytes.start < range.end && range.start < group.bytes.end)
            .collect();
        let within =
            |group: &Group| group.bytes.start.max(range.start)..group.bytes.end.min(range.end);
        html! {
            div .bytes {
                div .offsets aria-hidden="true" {
                    // Lines of 16 bytes; the other half is for lines of 8 on a phone.
                    @for at in range.clone().step_by(8) {
                        span .half[at % 16 == 8] data-offset=(format!("{at:04x}")) {}
                    }
                }
                div .hex {
                    @for (part, group) in &groups { (self.label(part, group, within(group))) }
                }
                div .text aria-hidden="true" {
                    @for (part, group) in &groups {
                        // In an attribute, where the search of the book does not look.
                        span .layer .(part.role.class()) data-text=(characters(&self.data[within(group)])) {}
                    }
                }
            }
        }
    }

    /// The bytes of one group: a radio button that looks like them.
    fn label(&self, part: &Part, group: &Group, within: Range<usize>) -> Markup {
        let mark = group.fields.iter().any(|field| self.marked.contains(field));
        let is_first_mark = group
            .fields
            .iter()
            .any(|field| Some(field) == self.marked.first());
        let name = format!("{}: {}", part.label, values(group));
        html! {
            label .field .mark[mark] {
                input type="radio" name="field" aria-label=(name) checked[is_first_mark];
                span .layer .(part.role.class()) {
                    (hex(&self.data[within])) " "
                }
                span .says .(part.role.class()) {
                    span .place { (part.label) ", " (words(&group.bytes)) }
                    " " (values(group))
                }
            }
        }
    }

    /// The fields of a layer, to be unfolded.
    fn table(&self, part: &Part, open: bool) -> Markup {
        let head = html! {
            span .layer .(part.role.class()) { (part.label) }
            " " (words(&part.bytes))
            @if let Some(ends) = ends(part) { span .ends { (ends) } }
        };
        if part.fields.is_empty() {
            return html! { p .rest { (head) } };
        }
        html! {
            details .fields open[open] {
                summary { (head) }
                table {
                    thead { tr { th scope="col" { "bytes" } th scope="col" { "in hex" } th scope="col" { "field" } th scope="col" { "value" } } }
                    tbody {
                        @for field in &part.fields {
                            tr .mark[self.marked.contains(&field)] {
                                td { (span(&field.bytes)) }
                                td { code { (hex(&self.data[field.bytes.clone()])) } }
                                th scope="row" {
                                    (name(part.kind, field.name))
                                }
                                td { (field.value) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the fields of a group are, in words.
fn values(group: &Group) -> String {
    let fields = group.fields.iter();
    let values: Vec<String> = fields
        .map(|field| format!("{} {}", field.name, field.value))
        .collect();
    match values.is_empty() {
        true => format!("{} bytes without fields", group.bytes.len()),
        false => values.join(" · "),
    }
}

/// From where to where a layer goes, if its header says it.
fn ends(part: &Part) -> Option<String> {
    let pairs = [
        (FieldName::Source, FieldName::Destination),
        (FieldName::SourceAddress, FieldName::DestinationAddress),
        (FieldName::SourcePort, FieldName::DestinationPort),
    ];
    pairs.into_iter().find_map(|(source, destination)| {
        let (from, to) = (part.field(source)?, part.field(destination)?);
        Some(format!("{} > {}", from.value, to.value))
    })
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// The bytes as text, with a dot for what cannot be printed.
fn characters(bytes: &[u8]) -> String {
    let printable = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    };
    bytes.iter().map(printable).collect()
}

/// `22`, or `26–29`.
fn span(bytes: &Range<usize>) -> String {
    match bytes.len() {
        1 => bytes.start.to_string(),
        _ => format!("{}–{}", bytes.start, bytes.end - 1),
    }
}

fn words(bytes: &Range<usize>) -> String {
    match bytes.len() {
        1 => format!("byte {}", bytes.start),
        _ => format!("bytes {} to {}", bytes.start, bytes.end - 1),
    }
}
