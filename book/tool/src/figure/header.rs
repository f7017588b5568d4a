//! One header of a packet as its RFC draws it: rows of 32 bits, each field a
//! cell as wide as it is, with this packet's value in it and a link to its
//! explanation.
//!
//! A list that the stylesheet lays out as a grid, and not a table: on a phone
//! the same list becomes rows of 16 bits.

use std::path::Path;

use ip_over_udp::packet::LayerKind;
use maud::{Markup, html};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::cell::{self, Cell, ROW};
use super::find;
use super::name::explained;
use figures::part::{self, Part};

const USAGE: &str = r#"{{#header FILE NUMBER "text" LAYER caption="…"}}"#;

/// Bits in a row on a phone.
const HALF: usize = ROW / 2;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let number = arguments.number("the number of the packet")?;
    let text = arguments.needed_text("the text that says which packet it is")?;
    let layer = arguments.word("the layer")?;
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let packet = capture.packet_that_says(number, &text)?;
    let parts = part::parts(packet);
    let part = find::part(&parts, &layer)?;
    let header = &packet.data[part.bytes.clone()];
    let cells = cell::cells(part, header)?;
    // Addresses of 48 bits fit into no row of 32.
    let halves = part.kind == LayerKind::Ethernet;
    let figure = html! {
        figure .bits .halves[halves] {
            (caption.above(html! {
                "The " span .layer .(part.role.class()) { (part.label) } " header of "
                strong { "packet " (number) } " of " code { (capture.name) } ", "
                (header.len()) " bytes"
            }))
            div .ruler aria-hidden="true" {
                @for bit in 0..ROW { span data-bit=(bit) {} }
            }
            ol .cells .(part.role.class()) role="list" {
                @for cell in &cells { (drawn(part, cell)) }
            }
        }
    };
    Ok(figure.into_string())
}

fn drawn(part: &Part, cell: &Cell) -> Markup {
    let (start, width) = (cell.bits.start, cell.bits.len());
    // A field across the middle of a row has its first bits above its name where a
    // row has only 16.
    let before = match start % HALF > 0 && start % HALF + width > HALF {
        true => HALF - start % HALF,
        false => 0,
    };
    // Where it begins, and the byte there, if a row does.
    let half = start + before;
    let byte = half.is_multiple_of(HALF).then_some(half / 8);
    let mut style = format!(
        "--wide:{};--narrow:{}",
        width.min(ROW),
        (width - before).min(HALF)
    );
    if width > HALF && before == 0 {
        style += &format!(";--rows:{};--halves:{}", width.div_ceil(ROW), width / HALF);
    }
    html! {
        @if before > 0 {
            li .before aria-hidden="true" style={ "--narrow:" (before) } {}
        }
        li .cell .bit[width == 1] .half[half % ROW == HALF] style=(style) data-byte=[byte] {
            a href=(explained(part.kind, cell.term)) { (name(cell)) }
            " " span .value { (cell.value) }
            @if let Some(raw) = &cell.raw { " " code aria-hidden="true" { (raw) } }
            span .place { ", " (cell.place()) }
        }
    }
}

/// The name of a cell, shortened where it is too long for the cell.
fn name(cell: &Cell) -> Markup {
    let short = match (cell.name, cell.bits.len()) {
        ("reserved", 1) => "R",
        ("no operation", _) => "no-op",
        (name, _) => return html! { (name) },
    };
    html! { abbr title=(cell.name) { (short) } }
}
