//! One value of a packet, for a sentence.

use std::path::Path;

use super::arguments::Arguments;
use super::capture::Capture;
use super::find;
use figures::part;

const USAGE: &str = r#"{{#value FILE NUMBER "text" FIELD}}"#;

pub(super) fn find(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let number = arguments.number("the number of the packet")?;
    let text = arguments.needed_text("the text that says which packet it is")?;
    let field = match arguments.rest() {
        rest if rest.is_empty() => arguments.word("the field")?,
        rest => rest,
    };
    arguments.end()?;

    let packet = capture.packet_that_says(number, &text)?;
    let parts = part::parts(packet);
    if field == "length" {
        return Ok(packet.length.to_string());
    }
    if let Some(layer) = field.strip_suffix(".size") {
        return Ok(find::part(&parts, layer)?.bytes.len().to_string());
    }
    Ok(find::field(&parts, &field)?.value.to_string())
}
