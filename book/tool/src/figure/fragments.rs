//! The fragments of one packet: each as a bar where it belongs in the packet that
//! was cut, and the numbers in its header that say so.

use std::path::Path;

use anyhow::bail;
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{FieldName, LayerKind};
use maud::{Markup, html};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::{Capture, numbers, says};
use super::name::name;
use super::piece::{Piece, whole};
use super::range::{self, bounds};
use figures::part::{self, Part};

mod drawing;
mod scale;

const USAGE: &str = r#"{{#fragments FILE FIRST..LAST "text" caption="…"}}"#;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let range = arguments.word("the range of packets")?;
    let text = arguments.needed_text("the text that says which packet was cut")?;
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let (first, last) = bounds(&range, capture.packets.len())?;
    let packets: Vec<(usize, &Packet)> = (first..=last)
        .map(|number| Ok((number, capture.packet(number)?)))
        .collect::<anyhow::Result<_>>()?;
    if !packets.iter().any(|(_, packet)| says(packet, &text)) {
        let all = numbers(capture.packets.iter(), &text);
        bail!(
            "none of the packets {range} of {} contains {text:?}; {all}",
            capture.name
        );
    }
    let pieces: Vec<Piece> = packets
        .into_iter()
        .map(|(number, packet)| Piece::of(number, packet))
        .collect::<anyhow::Result<_>>()?;
    let whole = whole(&pieces)?;
    let parts: Vec<Part> = part::parts(&whole.packet);
    // Ethernet's header is around each piece, not in what was cut.
    let parts: Vec<&Part> = parts
        .iter()
        .filter(|part| part.kind != LayerKind::Ethernet)
        .collect();
    let figure = html! {
        figure .fragments {
            (caption.above(html! {
                strong { "One packet in " (pieces.len()) " fragments" } ". "
                (range::title(first, last)) " of " code { (capture.name) } ", each drawn where it belongs, with its headers enlarged"
            }))
            (drawing::draw(&pieces, &parts, whole.carried))
            ul .layers {
                @for part in &parts {
                    li .layer .(part.role.class()) { (part.label) " " small { (part.bytes.len()) } }
                }
            }
            (table(&pieces, &parts))
        }
    };
    Ok(figure.into_string())
}

/// What the header of each piece says, and the one of a packet inside: it may not
/// allow to cut, and travels in pieces all the same.
fn table(pieces: &[Piece], parts: &[&Part]) -> Markup {
    let mut ip = parts.iter().filter(|part| part.kind == LayerKind::Ipv4);
    let inner = ip.find(|part| part.label.starts_with("inner"));
    let number = |part: &Part, name| part.field(name)?.value.number();
    let (kind, more) = match pieces.first() {
        Some(piece) if piece.kind == LayerKind::Ipv6Fragment => {
            (piece.kind, FieldName::MoreFragments)
        }
        _ => (LayerKind::Ipv4, FieldName::Flags),
    };
    html! {
        table {
            thead { tr {
                th scope="col" { "packet" }
                th scope="col" { (name(kind, FieldName::Identification)) }
                th scope="col" { (name(kind, more)) }
                th scope="col" { (name(kind, FieldName::FragmentOffset)) " in units of 8 bytes" }
                th scope="col" { "header + carried" }
            } }
            tbody {
                @for piece in pieces {
                    tr {
                        th scope="row" { (piece.number) }
                        td { code { (piece.identification) } }
                        td {
                            @if piece.more { "MF" } @else { "none" }
                            " " small { @if piece.more { "more follow" } @else { "the last" } }
                        }
                        td { (piece.offset / 8) " × 8 = " (piece.offset) }
                        td { (piece.header) " + " (piece.length) " = " (piece.header + piece.length) }
                    }
                }
                @if let Some(inner) = inner {
                    @let field = |name| inner.field(name).map(|field| field.value.to_string());
                    @let offset = number(inner, FieldName::FragmentOffset).unwrap_or(0);
                    @let total = number(inner, FieldName::TotalLength).unwrap_or(0);
                    @let header = inner.bytes.len();
                    tr {
                        th scope="row" { span .layer .(inner.role.class()) { (inner.label) } }
                        td { code { (field(FieldName::Identification).unwrap_or_default()) } }
                        td { (field(FieldName::Flags).unwrap_or_default()) }
                        td { @if number(inner, FieldName::FragmentOffset) == Some(0) { "not a fragment" } @else { (offset / 8) " × 8 = " (offset) } }
                        td { (header) " + " (u64::from(total).saturating_sub(header as u64)) " = " (total) }
                    }
                }
            }
        }
    }
}
