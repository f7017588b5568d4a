//! A TCP connection as arrows between client and server.

use std::path::Path;

use anyhow::{Context, bail};
use figures::conversation::message::{Content, Message};
use figures::conversation::{Conversation, ends};
use figures::track::{Track, follow};
use maud::html;

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;
use super::range::{self, Range};
use crate::html::count;

const USAGE: &str = r#"{{#conversation FILE FIRST..LAST "text" mark=NUMBER caption="…"}}"#;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let range = range::word(&mut arguments)?;
    let text = arguments.needed_text("the text that one of the packets must contain")?;
    let (mark, caption) = (arguments.option("mark"), Caption::of(&mut arguments));
    arguments.end()?;

    let name = &capture.name;
    let range = Range::find(&capture, &range, Some(&text), mark.as_deref())?;
    let tracks = follow(range.numbered());
    let conversation = find(&capture, &tracks, &range)?;
    let what = range::title(range.first, range.last);
    let messages = &conversation.messages;
    let wrapped = messages.iter().any(|said| said.outside.is_some());
    let figure = html! {
        figure .conversation {
            (caption.above(html! {
                strong { (what) } " of " code { (name) } ": a TCP connection in " (count(messages.len(), "segment"))
                @if messages.iter().any(|said| said.numbers.len() > 1) {
                    ", each captured at several interfaces, with the time of the first"
                }
                ". "
                "Sequence and acknowledgement numbers count from its beginning. Under each arrow: bytes of the IP packet"
                @if wrapped { ", and of the frame with the datagram around it" }
                "."
            }))
            (conversation.drawing(&format!("{what} of {name}: a TCP connection as arrows between client and server")))
        }
    };
    Ok(figure.into_string())
}

/// The one connection to which all of these packets belong.
fn find(capture: &Capture, tracks: &[Track], range: &Range) -> anyhow::Result<Conversation> {
    let name = &capture.name;
    let mut found: Vec<(&Track, Message)> = Vec::new();
    for track in tracks {
        match Message::of(track) {
            Some(
                message @ Message {
                    content: Content::Segment(_),
                    ..
                },
            ) => found.push((track, message)),
            _ => {
                let first = track.first();
                let all = capture.packets.iter().zip(1..);
                let tcp = all.filter(|(packet, _)| packet.info().contains(" TCP "));
                let tcp: Vec<String> = tcp.map(|(_, number)| number.to_string()).collect();
                bail!(
                    "packet {} of {name} is not a segment of TCP; it is:\n    {}\nthe segments of TCP: {}",
                    first.number,
                    first.packet.info(),
                    if tcp.is_empty() {
                        "none".to_owned()
                    } else {
                        tcp.join(", ")
                    }
                );
            }
        }
    }
    let messages = found.iter().map(|(_, message)| message);
    let (client, server) = ends(messages).context("there is no packet")?;
    for (track, message) in &found {
        let (from, to) = message.ends;
        if message.ends != (client, server) && message.ends != (server, client) {
            bail!(
                "packet {} of {name} belongs to the connection {from} > {to}, not to {client} > {server}: show one connection",
                track.first().number
            );
        }
    }
    Ok(Conversation::of(found, (client, server), &range.marked))
}
