//! The fragments of one packet: each as a bar where it belongs in the packet that
//! was cut, and the numbers in its header that say so.

use std::path::Path;

use anyhow::bail;
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{FieldName, LayerKind};
use maud::{Markup, html};

use super::arguments::Arguments;
use super::capture::{Capture, numbers, says};
use super::name::name;
use super::part::{self, Part};
use super::piece::{Piece, whole};
use super::range::bounds;

const USAGE: &str = r#"{{#fragments FILE FIRST..LAST "text"}}"#;

/// Units of the drawing. 340 of them are about the width of a phone.
const WIDTH: usize = 340;
const MARGIN: usize = 12;
const ROW: usize = 44;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let range = arguments.word("the range of packets")?;
    let text = arguments.needed_text("the text that says which packet was cut")?;
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
            figcaption {
                strong { "One packet in " (pieces.len()) " fragments" } ", packets " (first) " to " (last)
                " of " code { (capture.name) } ", each drawn where it belongs"
            }
            (drawing(&pieces, &parts, whole.carried))
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

/// The packet that was cut, and its pieces below it on the same scale.
///
/// What it carried begins at byte `carried`.
fn drawing(pieces: &[Piece], parts: &[&Part], carried: usize) -> Markup {
    let start = parts.first().map_or(0, |part| part.bytes.start);
    let end = parts.last().map_or(start, |part| part.bytes.end);
    let length = end - start;
    let scale = (WIDTH - 2 * MARGIN) as f64 / length.max(1) as f64;
    let x = |byte: usize| MARGIN as f64 + (byte - start) as f64 * scale;
    let height = ROW * (pieces.len() + 1);
    let bar = |y: usize, from: usize, to: usize| {
        html! {
            @for part in parts {
                @let (from, to) = (part.bytes.start.max(from), part.bytes.end.min(to));
                @if from < to { (rect(part, y, x(from), x(to))) }
            }
        }
    };
    let told: Vec<String> = pieces
        .iter()
        .map(|piece| {
            format!(
                "Packet {}: a header of {} bytes and bytes {} of what the packet carries",
                piece.number,
                piece.header,
                piece.range()
            )
        })
        .collect();
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" {
            title { "A packet of " (length) " bytes and its fragments" }
            desc { (told.join(". ")) "." }
            (title(0, "before it was cut", length))
            (bar(20, start, end))
            @for (place, piece) in pieces.iter().enumerate() {
                @let y = ROW * (place + 1);
                @let from = carried + piece.offset;
                @if piece.offset > 0 {
                    path .cut d={ "M" (format!("{:.1}", x(from))) " 38V" (y + 20) } {}
                }
                (title(y, &format!("packet {}", piece.number), piece.header + piece.length))
                // The header of a piece is before its bytes.
                @if let Some(ip) = parts.first() {
                    (rect(ip, y + 20, x(from) - piece.header as f64 * scale, x(from)))
                }
                (bar(y + 20, from, from + piece.length))
            }
        }
    }
}

/// What is above a bar, where no line from above passes.
fn title(y: usize, what: &str, bytes: usize) -> Markup {
    html! {
        text x=(MARGIN) y=(y + 14) { tspan .name { (what) } ", " (bytes) " bytes" }
    }
}

fn rect(part: &Part, y: usize, from: f64, to: f64) -> Markup {
    let width = to - from;
    let label = part.kind.as_str();
    html! {
        rect .layer .(part.role.class()) x=(format!("{from:.1}")) y=(y) width=(format!("{width:.1}")) height="18" {}
        // A letter is about six units wide.
        @if width > 6.0 * label.len() as f64 + 6.0 {
            text .part x=(format!("{:.1}", from + width / 2.0)) y=(y + 13) { (label) }
        }
    }
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
                        td { (offset / 8) " × 8 = " (offset) }
                        td { (header) " + " (u64::from(total).saturating_sub(header as u64)) " = " (total) }
                    }
                }
            }
        }
    }
}
