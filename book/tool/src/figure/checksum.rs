//! A checksum worked out: every word that is added, the sum, its carry and its
//! complement, beside what the packet carries. The reader can add it up on paper.

use std::path::Path;

use anyhow::Context;
use ip_over_udp::packet::Verdict;
use maud::{Markup, html};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::find;
use super::name::{name, names};
use super::sum::{Row, Sum, What, carried, carries};
use figures::part;

const USAGE: &str = r#"{{#checksum FILE NUMBER "text" LAYER caption="…"}}"#;

/// A row with more words than this is folded.
const LONG: usize = 64;

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
    let place = parts.iter().position(|other| std::ptr::eq(other, part));
    let sum = Sum::of(&packet.data, &parts, place.context("no such layer")?)?;
    let (pseudo, rows): (Vec<&Row>, Vec<&Row>) = sum
        .rows
        .iter()
        .partition(|row| matches!(row.what, What::Pseudo(..) | What::PseudoLength));
    let figure = html! {
        figure .checksum {
            (caption.above(html! {
                strong { "The checksum of " (sum.label) } " in packet " (number) " of "
                code { (capture.name) } ": " (sum.count()) " numbers of 16 bits, in hexadecimal"
            }))
            table {
                thead { tr { th scope="col" { "what is added" } th scope="col" { "number or sum" } } }
                @if !pseudo.is_empty() {
                    tbody {
                        tr .head { th colspan="2" scope="rowgroup" { "pseudo-header, which is added but not sent" } }
                        @for row in pseudo { (line(&sum, row)) }
                    }
                }
                tbody {
                    tr .head { th colspan="2" scope="rowgroup" { (sum.label) " in the packet" } }
                    @for row in rows { (line(&sum, row)) }
                }
                (made(&sum))
                (verified(&sum))
            }
        }
    };
    Ok(figure.into_string())
}

/// One row: a word, or several with their sum.
fn line(sum: &Sum, row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" {
                span .layer .(row.role.class()) {
                    @match &row.what {
                        What::Pseudo(ip, field) => (name(*ip, *field)),
                        What::PseudoLength => { "length of " (sum.label) },
                        What::Fields(fields) if fields.is_empty() => "no field",
                        What::Fields(fields) => (names(sum.kind, fields)),
                        What::Itself => { "checksum" },
                        What::Carried(label) => (label),
                    }
                }
                @if row.what == What::Itself { " counts as zero" }
                @if row.words.len() > 1 { " " (words(row)) }
                @if row.odd { " " small { "The last byte is the upper half of a number." } }
                @if row.words.len() > 1 && carried(row.sum()) == 0xffff {
                    " " small { "With its carry this is ffff, which counts as nothing." }
                }
            }
            td { (hex(row.sum())) }
        }
    }
}

fn words(row: &Row) -> Markup {
    let words: Vec<String> = row.words.iter().map(|&word| hex(word.into())).collect();
    // An address is two numbers, which can be shown as a sum.
    let between = if words.len() == 2 { " + " } else { " " };
    let list = html! { code { (words.join(between)) } };
    match words.len() > LONG {
        true => html! { details .more { summary { (words.len()) " numbers" } (list) } },
        false => list,
    }
}

/// How the sender makes the checksum.
fn made(sum: &Sum) -> Markup {
    let steps = carries(sum.total());
    let made = 0xffff - carried(sum.total());
    let is_sent_otherwise = made == 0 && sum.kind == ip_over_udp::packet::LayerKind::Udp;
    html! {
        tbody .result {
            tr .sum { th scope="row" { "sum" } td { (hex(steps[0])) } }
            (carry(&steps))
            tr .made {
                th scope="row" {
                    "every bit flipped: " strong { "the checksum" }
                    @if is_sent_otherwise { " " small { "Sent as ffff: in UDP, 0 means that there is none." } }
                }
                td { (hex(made)) }
            }
            tr .carried .wrong[sum.verdict == Verdict::Wrong] {
                th scope="row" { "in the packet: " strong { (sum.verdict) } }
                td { (hex(sum.carried.into())) }
            }
        }
    }
}

/// How the receiver verifies it.
fn verified(sum: &Sum) -> Markup {
    let before = carried(sum.total());
    let steps = carries(before + u32::from(sum.carried));
    let result = 0xffff - carried(steps[0]);
    html! {
        tbody .result {
            tr .head { th colspan="2" scope="rowgroup" { "To verify it, the same with the checksum that is in the packet" } }
            tr {
                th scope="row" { code { (hex(before)) " + " (hex(sum.carried.into())) } }
                td { (hex(steps[0])) }
            }
            (carry(&steps))
            tr .verified .wrong[result != 0] {
                th scope="row" {
                    "every bit flipped: " strong { @if result == 0 { "0, so it is correct" } @else { "not 0, so it is wrong" } }
                }
                td { (hex(result)) }
            }
        }
    }
}

/// What is carried out of the lower 16 bits and added to them.
fn carry(steps: &[u32]) -> Markup {
    html! {
        @for pair in steps.windows(2) {
            tr .carry {
                th scope="row" {
                    "the carry added back: "
                    code { (hex(pair[0] & 0xffff)) " + " (format!("{:x}", pair[0] >> 16)) }
                }
                td { (hex(pair[1])) }
            }
        }
    }
}

fn hex(number: u32) -> String {
    format!("{number:04x}")
}
