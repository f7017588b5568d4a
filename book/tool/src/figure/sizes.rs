//! A packet growing from the inside to the outside: a row for each layer that is
//! put in front, with the sum so far.

use std::path::Path;

use maud::{Markup, html};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use figures::part::{self, Part};
use figures::{MARGIN, WIDTH};

const USAGE: &str = r#"{{#sizes FILE NUMBER "text" caption="…"}}"#;

const ROW: usize = 46;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let number = arguments.number("the number of the packet")?;
    let text = arguments.needed_text("the text that says which packet it is")?;
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let parts = part::parts(capture.packet_that_says(number, &text)?);
    let sum = |from: usize| parts[from..].iter().map(|part| part.bytes.len()).sum();
    let total: usize = sum(0);
    // From the innermost, which is the last.
    let rows: Vec<Row> = (0..parts.len())
        .rev()
        .map(|from| Row {
            parts: &parts[from..],
            sum: sum(from),
        })
        .collect();
    let terms: Vec<String> = rows.iter().map(|row| row.added().to_string()).collect();
    let terms = terms.join(" + ");
    let scale = (WIDTH - 2 * MARGIN) as f64 / total.max(1) as f64;
    let figure = html! {
        figure .sizes {
            (caption.above(html! {
                strong { "What each layer adds" } " to packet " (number) " of " code { (capture.name) } ": "
                (terms) " = " strong { (total) } " bytes"
            }))
            svg viewBox={ "0 0 " (WIDTH) " " (rows.len() * ROW) } role="img" {
                title { "What each layer adds: " (terms) " = " (total) " bytes" }
                desc { @for row in &rows { (row.label()) ", " (row.sum) " bytes. " } }
                @for (place, row) in rows.iter().enumerate() {
                    (row.draw(place * ROW, total, scale))
                }
            }
        }
    };
    Ok(figure.into_string())
}

/// A layer, and what it was put in front of.
struct Row<'a> {
    parts: &'a [Part],
    sum: usize,
}

impl Row<'_> {
    fn added(&self) -> usize {
        self.parts[0].bytes.len()
    }

    fn label(&self) -> String {
        let part = &self.parts[0];
        let added = match self.parts.len() {
            1 => part.label.clone(),
            _ => format!("+ {} {}", part.bytes.len(), part.label),
        };
        match part.kind.is_ip() {
            true => added + ": an IP packet",
            false => added,
        }
    }

    fn draw(&self, y: usize, total: usize, scale: f64) -> Markup {
        let start = self.parts[0].bytes.start;
        let before = (total - self.sum) as f64 * scale;
        html! {
            text x=(MARGIN) y=(y + 13) { (self.label()) }
            text .bytes x=(WIDTH - MARGIN) y=(y + 13) { (self.sum) " bytes" }
            @for part in self.parts {
                @let width = part.bytes.len() as f64 * scale;
                @let x = MARGIN as f64 + before + (part.bytes.start - start) as f64 * scale;
                rect .layer .(part.role.class()) x=(format!("{x:.1}")) y=(y + 19) width=(format!("{width:.1}")) height="20" {}
                @if width > 14.0 {
                    text .part x=(format!("{:.1}", x + width / 2.0)) y=(y + 33) { (part.bytes.len()) }
                }
            }
        }
    }
}
