//! The packet that was cut, and below it its pieces, each under the bytes that it
//! has.

use maud::{Markup, html};

use super::scale::{Scale, label, name_width};
use crate::figure::piece::Piece;
use figures::part::Part;
use figures::{MARGIN, WIDTH};

const ROW: usize = 44;
/// Data of more bytes than this has a gap in its bar.
const MANY: usize = 200;

/// What the packet carried begins at byte `carried`.
pub fn draw(pieces: &[Piece], parts: &[&Part], carried: usize) -> Markup {
    let start = parts.first().map_or(0, |part| part.bytes.start);
    let end = parts.last().map_or(start, |part| part.bytes.end);
    let length = end - start;
    let cuts: Vec<usize> = pieces.iter().map(|piece| carried + piece.offset).collect();
    let (left, right) = (MARGIN as f64, (WIDTH - MARGIN) as f64);
    let scale = Scale::new(parts, &cuts, left, right);
    let height = ROW * (pieces.len() + 1);
    let bar = |y: usize, from: usize, to: usize| {
        html! {
            @for part in parts {
                @let (from, to) = (part.bytes.start.max(from), part.bytes.end.min(to));
                @if from < to { (rect(part, to - from, y, scale.x(from), scale.x(to))) }
            }
        }
    };
    // The header that only the first piece has.
    let next = parts.iter().find(|part| part.bytes.start == carried);
    let next = next.filter(|part| !part.fields.is_empty());
    let told: Vec<String> = pieces.iter().map(told).collect();
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" {
            title { "A packet of " (length) " bytes and its fragments" }
            desc { (told.join(". ")) "." }
            (title(0, "before it was cut", length))
            (bar(20, start, end))
            @for (place, piece) in pieces.iter().enumerate() {
                @let y = ROW * (place + 1);
                @let from = carried + piece.offset;
                @let x = scale.x(from);
                (title(y, &format!("packet {}", piece.number), piece.header + piece.length))
                // The header of a piece is before its bytes.
                @if let Some(ip) = parts.first() {
                    @let width = if piece.offset == 0 { x - left } else { name_width(ip, piece.header) };
                    @if let Some(next) = next.filter(|_| piece.offset > 0) {
                        @let text = format!("no {} header here", next.kind);
                        @if text.len() as f64 * 6.0 < x - width - left {
                            text .quiet.end x=(unit(x - width - 8.0)) y=(y + 33) { (text) }
                        }
                    }
                    (rect(ip, piece.header, y + 20, x - width, x))
                }
                (bar(y + 20, from, from + piece.length))
                @if piece.offset > 0 { path .cut d={ "M" (unit(x)) " 38V" (y + 20) } {} }
            }
        }
    }
}

/// A piece in words.
fn told(piece: &Piece) -> String {
    let (number, header, range) = (piece.number, piece.header, piece.range());
    format!(
        "Packet {number}: a header of {header} bytes and bytes {range} of what the packet carries"
    )
}

/// What is above a bar, where no line from above passes.
fn title(y: usize, what: &str, bytes: usize) -> Markup {
    html! {
        text x=(MARGIN) y=(y + 14) { tspan .name { (what) } ", " (bytes) " bytes" }
    }
}

fn rect(part: &Part, bytes: usize, y: usize, from: f64, to: f64) -> Markup {
    let width = to - from;
    let middle = from + width / 2.0;
    let is_data = part.fields.is_empty();
    html! {
        rect .layer .(part.role.class()) x=(unit(from)) y=(y) width=(unit(width)) height="18" {}
        @if is_data && bytes > MANY && width > 60.0 {
            path .gap d={ "M" (unit(to - 15.0)) " " (y - 1) "l3 6l-4 8l3 6" } {}
        }
        // A letter is about six units wide.
        @if width > 5.5 * label(part, bytes).len() as f64 {
            text .part x=(unit(middle)) y=(y + 13) { (label(part, bytes)) }
        }
    }
}

fn unit(number: f64) -> String {
    format!("{number:.1}")
}
