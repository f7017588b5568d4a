//! The packets that a directive shows: a range of numbers, a text that one of
//! them must contain, and those that are marked.

use anyhow::bail;
use ip_over_udp::capture::Packet;

use super::arguments::{self, Arguments};
use super::capture::{Capture, numbers, says};

pub(super) struct Range<'a> {
    pub first: usize,
    pub last: usize,
    /// The packets from the first to the last.
    pub packets: Vec<&'a Packet>,
    pub marked: Vec<usize>,
}

impl<'a> Range<'a> {
    /// The packets `3`, `1..8` or `5..` of a capture, one of which is what `text`
    /// says, with those of a list such as `3,5` marked.
    pub fn find(
        capture: &'a Capture,
        range: &str,
        text: Option<&str>,
        mark: Option<&str>,
    ) -> anyhow::Result<Range<'a>> {
        let (first, last) = bounds(range, capture.packets.len())?;
        let packets: Vec<&Packet> = (first..=last)
            .map(|number| capture.packet(number))
            .collect::<anyhow::Result<_>>()?;
        if let Some(text) = text
            && !packets.iter().any(|packet| says(packet, text))
        {
            let all = numbers(capture.packets.iter(), text);
            bail!(
                "none of the packets {range} of {} contains {text:?}; {all}",
                capture.name
            );
        }
        let marked: Vec<usize> = match mark {
            Some(list) => list
                .split(',')
                .map(|number| arguments::number(number.trim(), "a marked packet"))
                .collect::<anyhow::Result<_>>()?,
            None => Vec::new(),
        };
        if let Some(outside) = marked
            .iter()
            .find(|number| !(first..=last).contains(number))
        {
            bail!("packet {outside} is marked, but the list is {range}");
        }
        Ok(Range {
            first,
            last,
            packets,
            marked,
        })
    }

    /// The packets with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &'a Packet)> {
        (self.first..).zip(self.packets.iter().copied())
    }
}

/// The range, which no list goes without.
pub(super) fn word(arguments: &mut Arguments) -> anyhow::Result<String> {
    arguments.word("the range of packets")
}

/// Which packets these are: `Packet 3`, `Packets 3 and 4`, `Packets 3 to 5`.
pub(super) fn title(first: usize, last: usize) -> String {
    match last - first {
        0 => format!("Packet {first}"),
        1 => format!("Packets {first} and {last}"),
        _ => format!("Packets {first} to {last}"),
    }
}

/// The first and the last packet of `3`, `1..8` or `5..`.
pub(super) fn bounds(range: &str, count: usize) -> anyhow::Result<(usize, usize)> {
    let what = "a packet in a list";
    let (first, last) = match range.split_once("..") {
        None => (range, range),
        Some((first, last)) => (first, last),
    };
    let first = arguments::number(first, what)?;
    let last = match last {
        "" => count,
        last => arguments::number(last, what)?,
    };
    match first > last {
        true => {
            bail!("the list {range} has no packet: it ends before it begins; there are {count}")
        }
        false => Ok((first, last)),
    }
}
