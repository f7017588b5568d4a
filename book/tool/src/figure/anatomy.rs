//! The anatomy of one packet, with long packets folded.

use std::ops::Range;
use std::path::Path;

use figures::anatomy::{Anatomy, Source, bytes, dump, layers};
use figures::explained::Explained;
use figures::part::{self, Group, Part};
use ip_over_udp::packet::Field;
use maud::{Markup, html};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::find;
use crate::explorer;

const USAGE: &str =
    r#"{{#packet FILE NUMBER "text" only="LAYER, …" highlight="LAYER.FIELD, …" caption="…"}}"#;

/// A packet with more bytes than this is folded behind the first [`SHOWN`].
const LONG: usize = 256;
/// How many bytes of a long packet are not folded; whole lines of 16.
const SHOWN: usize = 160;
/// With no more fields than this, all tables are open.
const FEW_FIELDS: usize = 12;

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
        .map(|name| find::field(&parts, name))
        .collect::<anyhow::Result<_>>()?;
    let only_these: Vec<Range<usize>> = names(only.as_deref())
        .map(|name| Ok(find::part(&parts, name)?.bytes.clone()))
        .collect::<anyhow::Result<_>>()?;
    let fields: usize = parts.iter().map(|part| part.fields.len()).sum();
    let is_open = |part: &Part| match only {
        Some(_) => only_these.contains(&part.bytes),
        None => fields <= FEW_FIELDS || part.fields.iter().any(|field| marked.contains(&field)),
    };

    let anatomy = Anatomy {
        source: Source::Packet(&packet.data),
        marked: &marked,
        explained: &Explained::in_the_book(),
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
                strong {
                    @match explorer::link(tree, &capture, number) {
                        Some(place) => a href=(place) { "Packet " (number) },
                        None => { "Packet " (number) }
                    }
                }
                " of " code { (capture.name) } ", " (length) " bytes"
                span .line { (packet.info()) }
            }))
            (layers(html! { @for part in &parts { (anatomy.item(part)) } }))
            (dump(html! {
                (within(&anatomy, &parts, 0..shown))
                @if shown < length {
                    details .more {
                        summary { (length - shown) " more bytes" }
                        (within(&anatomy, &parts, shown..length))
                    }
                }
            }))
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

/// The bytes in this range, in hexadecimal and as text.
fn within(anatomy: &Anatomy, parts: &[Part], range: Range<usize>) -> Markup {
    let groups: Vec<(&Part, Group)> = parts
        .iter()
        .flat_map(|part| part.groups().into_iter().map(move |group| (part, group)))
        .filter(|(_, group)| group.bytes.start < range.end && range.start < group.bytes.end)
        .collect();
    let within = |group: &Group| group.bytes.start.max(range.start)..group.bytes.end.min(range.end);
    bytes(
        range.clone(),
        html! { @for (part, group) in &groups { (anatomy.label(part, group, within(group))) } },
        html! { @for (part, group) in &groups { (anatomy.text(part, group, within(group))) } },
    )
}
