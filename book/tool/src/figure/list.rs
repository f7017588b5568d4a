//! A list of packets.

use std::path::Path;

use figures::list::{Entry, table};
use maud::html;

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::range::{self, Range};
use crate::explorer;

const USAGE: &str = r#"{{#packets FILE FIRST..LAST "text" mark=NUMBER caption="…"}}"#;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let range = range::word(&mut arguments)?;
    let (text, mark) = (arguments.text(), arguments.option("mark"));
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let range = Range::find(&capture, &range, text.as_deref(), mark.as_deref())?;
    let start = range.packets.first().map(|packet| packet.time);
    let entries: Vec<Entry> = range
        .numbered()
        .map(|(number, packet)| Entry {
            number,
            packet,
            marked: range.marked.contains(&number),
            link: explorer::link(tree, &capture, number),
            id: None,
        })
        .collect();
    let interfaces = range
        .packets
        .iter()
        .any(|packet| !packet.interface.is_empty());
    let figure = html! {
        figure .packets {
            (caption.above(html! { strong { (range::title(range.first, range.last)) } " of " code { (capture.name) } }))
            (table(&entries, start.unwrap_or_default(), interfaces))
        }
    };
    Ok(figure.into_string())
}
