//! The anatomy of one packet: its bytes, coloured by layer, with every field
//! named.
//!
//! The fields are radio buttons with their bytes as labels: so the keyboard has
//! one stop for the whole packet and arrow keys from field to field, a tap
//! keeps what it shows, and none of it needs a script. The name and the value of
//! a field appear in one line below the bytes, and in the tables below that.
//!
//! A figure of the book shows one packet. In the explorer, a script shows any
//! packet of a capture in the same figure: there the markup of each layer has
//! [slots](Source::Slots) in the place of bytes and values.

use std::ops::Range;

use ip_over_udp::packet::{Field, FieldName};
use maud::{Markup, html};

use crate::explained::Explained;
use crate::part::{Group, Part};

/// So many bytes of no field are told one by one.
const FEW_BYTES: usize = 16;

/// What the figure shows.
pub struct Anatomy<'a> {
    pub source: Source<'a>,
    pub marked: &'a [&'a Field],
    pub explained: &'a Explained,
}

/// Where bytes and values come from.
pub enum Source<'a> {
    /// From this packet.
    Packet(&'a [u8]),
    /// From the packet that a script shows. It fills each slot by the slot's
    /// attribute: `data-hex` and `data-text` with bytes, counted from the beginning
    /// of the layer, `data-value` with the value of a field of the layer, by its
    /// number; `data-size` and `data-last` with the length of the layer and the
    /// offset of its last byte in the packet, for layers of no fixed length.
    Slots,
}

/// The layers side by side.
pub fn layers(items: Markup) -> Markup {
    html! { ol .layers aria-label="Its layers, from the outermost" { (items) } }
}

/// The bytes of the packet, to be explored.
pub fn dump(bytes: Markup) -> Markup {
    html! {
        // Radio buttons need a form, and Enter would send it and load the page anew.
        // `dialog` only closes a dialogue, and there is none.
        form .dump method="dialog" aria-label="The bytes of the packet, field by field" {
            (bytes)
            p .hint aria-hidden="true" { "Point at a byte, or tap it, to see what it is." }
        }
    }
}

/// Three columns: offsets, bytes in hexadecimal, bytes as text.
pub fn bytes(offsets: Range<usize>, hex: Markup, text: Markup) -> Markup {
    html! {
        div .bytes {
            div .offsets aria-hidden="true" {
                // Lines of 16 bytes; the other half is for lines of 8 on a phone.
                @for at in offsets.step_by(8) {
                    span .half[at % 16 == 8] data-offset=(format!("{at:04x}")) {}
                }
            }
            div .hex { (hex) }
            div .text aria-hidden="true" { (text) }
        }
    }
}

impl Anatomy<'_> {
    /// A layer in the list of layers.
    pub fn item(&self, part: &Part) -> Markup {
        let grow = match self.source {
            Source::Packet(_) => Some(format!("flex-grow:{}", part.bytes.len())),
            Source::Slots => None,
        };
        html! {
            li .layer .(part.role.class()) style=[grow] { (part.label) " " small { (self.size(part)) } }
        }
    }

    /// The bytes of one group: a radio button that looks like them.
    pub fn label(&self, part: &Part, group: &Group, within: Range<usize>) -> Markup {
        let mark = group.fields.iter().any(|field| self.marked.contains(field));
        let is_first_mark = group
            .fields
            .iter()
            .any(|field| Some(field) == self.marked.first());
        html! {
            label .field .mark[mark] {
                @match self.source {
                    Source::Packet(data) => {
                        @let name = format!("{}: {}", part.label, values(group, data));
                        input type="radio" name="field" aria-label=(name) checked[is_first_mark];
                        span .layer .(part.role.class()) { (hex(&data[within])) " " }
                        span .says .(part.role.class()) {
                            span .place { (part.label) ", " (words(&group.bytes)) }
                            " " (values(group, data))
                        }
                    },
                    // Its name is what `says` says.
                    Source::Slots => {
                        input type="radio" name="field";
                        span .layer .(part.role.class()) data-hex=(slot(part, group)) {}
                        span .says .(part.role.class()) {
                            span .place { (part.label) ", " (self.place(part, group)) }
                            " " (self.values(part, group))
                        }
                    },
                }
            }
        }
    }

    /// The bytes of one group as text.
    pub fn text(&self, part: &Part, group: &Group, within: Range<usize>) -> Markup {
        // In an attribute, where the search of the book does not look.
        html! {
            @match self.source {
                Source::Packet(data) => span .layer .(part.role.class()) data-text=(characters(&data[within])) {},
                Source::Slots => span .layer .(part.role.class()) data-text=(slot(part, group)) {},
            }
        }
    }

    /// The fields of a layer, to be unfolded.
    pub fn table(&self, part: &Part, open: bool) -> Markup {
        let head = html! {
            span .layer .(part.role.class()) { (part.label) }
            " " (self.place(part, &Group { bytes: part.bytes.clone(), fields: Vec::new() }))
            @if let Some((from, to)) = ends(part) {
                span .ends { (self.value(part, from)) " > " (self.value(part, to)) }
            }
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
                                td { (self.code(part, field)) }
                                th scope="row" {
                                    (self.explained.name(part.kind, field.name))
                                }
                                td { (self.value(part, field)) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether the end of a layer depends on the packet.
    fn is_open_ended(&self, part: &Part) -> bool {
        matches!(self.source, Source::Slots) && part.fields.is_empty()
    }

    fn size(&self, part: &Part) -> Markup {
        match self.is_open_ended(part) {
            true => html! { span data-size="" {} },
            false => html! { (part.bytes.len()) },
        }
    }

    fn place(&self, part: &Part, group: &Group) -> Markup {
        match self.is_open_ended(part) {
            true => html! { "bytes " (group.bytes.start) " to " span data-last="" {} },
            false => html! { (words(&group.bytes)) },
        }
    }

    fn code(&self, part: &Part, field: &Field) -> Markup {
        match self.source {
            Source::Packet(data) => html! { code { (hex(&data[field.bytes.clone()])) } },
            Source::Slots => html! { code data-hex=(relative(part, &field.bytes)) {} },
        }
    }

    fn value(&self, part: &Part, field: &Field) -> Markup {
        match self.source {
            Source::Packet(_) => html! { (field.value) },
            Source::Slots => {
                let number = part.fields.iter().position(|other| other == field);
                html! { span data-value=(number.unwrap_or_default()) {} }
            }
        }
    }

    /// What the fields of a group are, each with a slot.
    fn values(&self, part: &Part, group: &Group) -> Markup {
        html! {
            @for (place, field) in group.fields.iter().enumerate() {
                @if place > 0 { " · " }
                (field.name) " " (self.value(part, field))
            }
            @if group.fields.is_empty() {
                (self.size(part)) " bytes, of which no header says more"
            }
        }
    }
}

/// What the fields of a group are, in words; or a few bytes themselves, if no
/// header says what they are.
fn values(group: &Group, data: &[u8]) -> String {
    let fields = group.fields.iter();
    let values: Vec<String> = fields
        .map(|field| format!("{} {}", field.name, field.value))
        .collect();
    match (values.is_empty(), &data[group.bytes.clone()]) {
        (false, _) => values.join(" · "),
        (true, few) if few.len() <= FEW_BYTES => {
            format!("{}, as text {}", hex(few), characters(few))
        }
        (true, many) => format!("{} bytes, of which no header says more", many.len()),
    }
}

/// The bytes of a group as a slot has them: `4 6`, and without an end where that
/// is the end of the packet.
fn slot(part: &Part, group: &Group) -> String {
    match part.fields.is_empty() {
        true => "0".to_owned(),
        false => relative(part, &group.bytes),
    }
}

fn relative(part: &Part, bytes: &Range<usize>) -> String {
    let start = part.bytes.start;
    format!("{} {}", bytes.start - start, bytes.end - start)
}

/// From where to where a layer goes, if its header says it.
fn ends(part: &Part) -> Option<(&Field, &Field)> {
    let pairs = [
        (FieldName::Source, FieldName::Destination),
        (FieldName::SourceAddress, FieldName::DestinationAddress),
        (FieldName::SourcePort, FieldName::DestinationPort),
    ];
    let mut pairs = pairs.into_iter();
    pairs.find_map(|(from, to)| Some((part.field(from)?, part.field(to)?)))
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
