//! The first bytes of a capture file, number by number: the file header, the
//! record header of the first packet, and how the packet begins.

use std::fs;
use std::path::Path;

use anyhow::bail;
use maud::html;

use super::arguments::Arguments;
use super::caption::Caption;
use super::capture::Capture;

const USAGE: &str = r#"{{#pcap FILE caption="…"}}"#;

/// The first number of a file in which all numbers are little-endian and times
/// are in nanoseconds (draft-ietf-opsawg-pcap, section 4). We write no other.
const MAGIC: u32 = 0xa1b2_3c4d;
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// How many bytes of the packet are shown.
const SHOWN: usize = 8;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let name = &capture.name;
    let packet = capture.packet(1)?;
    let bytes = fs::read(tree.join(name))?;
    let start = FILE_HEADER + RECORD_HEADER;
    if bytes.len() < start + SHOWN || number(&bytes[..4]) != u64::from(MAGIC) {
        bail!("{name} is no pcap file in little-endian, with nanoseconds");
    }
    let link = match number(&bytes[20..24]) {
        1 => "1: a packet begins with its Ethernet header",
        101 => "101: a packet begins with its IP header",
        other => bail!("{name} has the link type {other}"),
    };
    let plain = |from: usize, to: usize| number(&bytes[from..to]).to_string();
    let magic = format!("{MAGIC:#x}: little-endian, nanoseconds");
    let header = [
        (0, 4, "which format, byte order, unit of time", magic),
        (4, 6, "version, major", plain(4, 6)),
        (6, 8, "version, minor", plain(6, 8)),
        (8, 16, "reserved", plain(8, 16)),
        (16, 20, "snap length", plain(16, 20)),
        (20, 24, "link type", link.to_owned()),
    ];
    let record = [
        (24, 28, "seconds since 1970", plain(24, 28)),
        (28, 32, "nanoseconds", plain(28, 32)),
        (32, 36, "bytes stored", plain(32, 36)),
        (36, 40, "bytes on the wire", plain(36, 40)),
    ];
    let packet = [(
        start,
        start + SHOWN,
        "the packet",
        format!("{} bytes", packet.length),
    )];
    let rows = [
        ("file header", &header[..]),
        ("record header of packet 1", &record),
        ("packet 1", &packet),
    ];
    let figure = html! {
        figure .pcap {
            (caption.above(html! { strong { "The first bytes" } " of " code { (name) } }))
            table {
                thead { tr { th { "offset" } th { "in hex" } th { "what" } th { "value" } } }
                @for (part, rows) in rows {
                    tbody {
                        tr .head { th colspan="4" scope="rowgroup" { (part) } }
                        @for (from, to, what, value) in rows {
                            tr {
                                td { (from) }
                                td { code { (hex(&bytes[*from..*to])) @if *from == start { " …" } } }
                                td { (what) }
                                td { (value) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(figure.into_string())
}

/// A little-endian number of up to 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    let digit = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    bytes.iter().rev().fold(0, digit)
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
