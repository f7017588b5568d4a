//! Figures drawn from captures, and diagrams drawn by hand.
//!
//! Each function draws one directive: it takes the root of the tree and what
//! stands after the directive's name, and returns HTML of one line, which
//! CommonMark leaves alone. [`value`] returns plain text for the middle of a
//! sentence. All of them work without JavaScript.
//!
//! | module | what it is for |
//! |---|---|
//! | `arguments` | what stands after a directive's name |
//! | `capture` | packets of a capture, and whether they are the ones meant |
//! | `part` | a packet in parts that are coloured alike everywhere |
//! | `anatomy` | [`packet`]: the bytes of one packet, every field named |
//! | `list` | [`packets`]: packets in lines, what is inside below what carries it |
//! | `ladder` | [`journey`]: one packet at every interface of its way |
//! | `sizes` | [`sizes`]: the lengths of the layers, added up |
//! | `checksum` | [`checksum`]: a checksum worked out; `sum` is what it covers |
//! | `difference` | [`difference`]: packets below each other, what differs marked |
//! | `fragments` | [`fragments`]: the fragments of one packet; `piece` puts them together |
//! | `hops` | [`hops`]: one field along a packet's journey |
//! | `name` | the name of a field |
//! | `value` | [`value`]: one number |
//! | `diagram` | [`diagram`]: a drawing of `book/src/images/` |

use std::path::Path;

mod anatomy;
mod arguments;
mod capture;
mod checksum;
mod diagram;
mod difference;
mod fragments;
mod hops;
mod ladder;
mod list;
mod name;
mod part;
mod piece;
mod sizes;
mod sum;
mod value;

/// `{{#packet captures/ch06/left-eth0.pcap 1 "ICMP echo request"}}`: the
/// anatomy of one packet.
///
/// `highlight="UDP.length, IPv4[2].time to live"` marks fields; `only="UDP"`
/// opens the tables of these layers and no others.
///
/// # Errors
/// Here and in the other functions: the capture or the packet is not there, is
/// cut, or is another one than the text says; an argument is missing or unknown.
pub fn packet(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    anatomy::draw(tree, arguments)
}

/// `{{#packets captures/ch06/left-eth0.pcap 1..8}}`: a list of packets; also
/// `3`, `1..`, a quoted text that one of them must contain, and `mark=3`.
pub fn packets(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    list::draw(tree, arguments)
}

/// `{{#journey captures/ch06/all.pcapng 6 "HTTP GET"}}`: the way of the sixth
/// packet that crossed the tunnel, through all interfaces.
pub fn journey(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    ladder::draw(tree, arguments)
}

/// `{{#sizes captures/ch06/left-eth0.pcap 1 "ICMP echo request"}}`: the lengths
/// of the layers, added up from the inside to the outside.
pub fn sizes(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    sizes::draw(tree, arguments)
}

/// `{{#checksum captures/ch03/left-tun0.pcap 6 "wrong checksum" ICMP}}`: the
/// checksum of a layer worked out, from the words that it covers.
pub fn checksum(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    checksum::draw(tree, arguments)
}

/// `{{#difference captures/ch03/left-tun0.pcap 1,2 "echo request | echo reply"}}`:
/// two or three packets below each other, with the bytes marked that differ. One
/// text is about all of them.
pub fn difference(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    difference::draw(tree, arguments)
}

/// `{{#fragments captures/ch06/left-eth0.pcap 13..14 "echo request"}}`: the
/// fragments of one packet, where they belong.
pub fn fragments(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    fragments::draw(tree, arguments)
}

/// `{{#hops captures/ch06/all.pcapng 1 "echo request" "time to live"}}`: one
/// field of IP at every interface, in the inner packet and in the outer one. The
/// number is that of [`journey`].
pub fn hops(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    hops::draw(tree, arguments)
}

/// `{{#value captures/ch06/left-eth0.pcap 1 "ICMP echo request" UDP.length}}`:
/// one value of a packet as plain text. Also `length` for the whole packet,
/// `IPv4[2].time to live` for the second IPv4 header, `UDP.size` for the length
/// of a layer.
pub fn value(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    value::find(tree, arguments)
}

/// `{{#diagram lab "Three hosts in a row …"}}`: the drawing
/// `book/src/images/lab.svg` with its text alternative.
pub fn diagram(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    diagram::draw(tree, arguments)
}
