//! Which packet that crossed the tunnel a directive means.

use std::path::Path;

use anyhow::{Context, bail};
use figures::way::Way;
use ip_over_udp::capture::Packet;
use lab::journey::{Journey, crossings};

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::{Capture, numbers, says};

/// The way that a directive asks for.
pub(super) struct Asked {
    pub caption: Caption,
    /// The capture.
    pub name: String,
    pub way: Way,
}

impl Asked {
    /// The way that `FILE NUMBER "text"` means.
    pub fn parse(usage: &'static str, tree: &Path, arguments: &str) -> anyhow::Result<Asked> {
        let mut arguments = Arguments::parse(usage, arguments)?;
        let capture = Capture::open(tree, &arguments.word("the capture")?)?;
        let number =
            arguments.number("the number of the packet among those that crossed the tunnel")?;
        let text = arguments.needed_text("the text that says which packet it is")?;
        let caption = Caption::of(&mut arguments);
        arguments.end()?;

        let (_, journey) = find(&capture, number, &text)?;
        Ok(Asked {
            way: Way::of(&journey).context("the packet was nowhere")?,
            name: capture.name,
            caption,
        })
    }
}

/// The packet of this number among those that crossed the tunnel, which is what
/// the text says, and its journey.
pub(super) fn find<'a>(
    capture: &'a Capture,
    number: usize,
    text: &str,
) -> anyhow::Result<(&'a Packet, Journey<'a>)> {
    let name = &capture.name;
    let all: Vec<&Packet> = crossings(&capture.packets).collect();
    if all.is_empty() {
        bail!("{name} has no packet that crossed a tunnel, from left-tun0 to right-tun0 or back");
    }
    let first = *all.get(number - 1).with_context(|| {
        format!(
            "{name} has no packet {number} that crossed the tunnel: the last is {}",
            all.len()
        )
    })?;
    if !says(first, text) {
        bail!(
            "packet {number} that crossed the tunnel in {name} does not contain {text:?}; it is:\n    {}\n{}",
            first.info(),
            numbers(all.into_iter(), text)
        );
    }
    let journey = Journey::of(&capture.packets, first).with_context(|| {
        format!("packet {number} of {name} is not in one piece at every interface: it was lost, or went in fragments")
    })?;
    Ok((first, journey))
}
