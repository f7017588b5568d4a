//! The lengths of the layers, added up before the reader's eyes.

use std::path::Path;

use maud::html;

use super::arguments::Arguments;
use super::capture::Capture;
use super::part;

const USAGE: &str = r#"{{#sizes FILE NUMBER "text"}}"#;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let number = arguments.number("the number of the packet")?;
    let text = arguments.needed_text("the text that says which packet it is")?;
    arguments.end()?;

    let parts = part::parts(capture.packet_that_says(number, &text)?);
    let inwards = parts.iter().rev();
    let sums = inwards.clone().scan(0, |sum, part| {
        *sum += part.bytes.len();
        Some(*sum)
    });
    let terms: Vec<String> = inwards
        .clone()
        .map(|part| part.bytes.len().to_string())
        .collect();
    let total: usize = parts.iter().map(|part| part.bytes.len()).sum();
    let figure = html! {
        figure .sizes {
            table {
                thead { tr { th scope="col" { "layer" } th scope="col" { "bytes" } th scope="col" { "sum" } } }
                tbody {
                    @for (place, (part, sum)) in inwards.zip(sums).enumerate() {
                        tr {
                            th scope="row" { span class={ "layer " (part.role.class()) } { (part.label) } }
                            td { @if place > 0 { "+ " } (part.bytes.len()) }
                            td { (sum) @if part.kind.is_ip() { " " small { "an IP packet" } } }
                        }
                    }
                }
            }
            figcaption {
                (terms.join(" + ")) " = " strong { (total) } " bytes: packet " (number) " of "
                code { (capture.name) }
            }
        }
    };
    Ok(figure.into_string())
}
