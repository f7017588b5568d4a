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
//! | `caption` | what a figure shows, in a sentence |
//! | `capture` | packets of a capture, and whether they are the ones meant |
//! | `anatomy` | [`packet`]: the bytes of one packet, every field named |
//! | `header` | [`header`]: one header in rows of 32 bits, as its RFC draws it |
//! | `cell` | the cells of a header, each with the value of this packet |
//! | `option` | the options of TCP as cells |
//! | `list` | [`packets`]: packets in lines, what is inside below what carries it |
//! | `ladder` | [`journey`]: one packet at every interface of its way |
//! | `travel` | [`travel`]: the same, in motion |
//! | `motion` | how it moves |
//! | `way` | the packet at every interface, for these two |
//! | `range` | the packets from one number to another, and those marked |
//! | `timeline` | [`timeline`]: packets as lines between interfaces, on a time axis |
//! | `conversation` | [`conversation`]: a TCP connection as arrows between two ends |
//! | `sizes` | [`sizes`]: the lengths of the layers, added up |
//! | `checksum` | [`checksum`]: a checksum worked out; `sum` is what it covers |
//! | `difference` | [`difference`]: packets below each other, what differs marked |
//! | `fragments` | [`fragments`]: the fragments of one packet; `piece` puts them together |
//! | `hops` | [`hops`]: one field along a packet's journey |
//! | `find` | the part and the field that a name means |
//! | `name` | the name of a field |
//! | `pcap` | [`pcap`]: the headers of a capture file |
//! | `value` | [`value`]: one number |
//! | `diagram` | [`diagram`]: a drawing of `book/src/images/` |

use std::path::Path;

mod anatomy;
mod arguments;
mod caption;
mod capture;
mod cell;
mod checksum;
mod conversation;
mod diagram;
mod difference;
mod find;
mod fragments;
mod header;
mod hops;
mod ladder;
mod list;
mod motion;
mod name;
mod option;
mod pcap;
mod piece;
mod range;
mod sizes;
mod sum;
mod timeline;
mod travel;
mod value;
mod way;

pub use capture::Capture;

/// `{{#packet captures/ch06/left-eth0.pcap 1 "ICMP echo request"}}`: the
/// anatomy of one packet.
///
/// `highlight="UDP.length, IPv4[2].time to live"` marks fields; `only="UDP"`
/// opens the tables of these layers and no others. `caption="…"`, here and in all
/// other figures, is the point of the figure in a sentence, with code between
/// backticks.
///
/// # Errors
/// Here and in the other functions: the capture or the packet is not there, is
/// cut, or is another one than the text says; an argument is missing or unknown.
pub fn packet(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    anatomy::draw(tree, arguments)
}

/// `{{#header captures/ch06/left-eth0.pcap 1 "ICMP echo request" IPv4[2]}}`:
/// one header of a packet in rows of 32 bits, with the values of this packet.
pub fn header(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    header::draw(tree, arguments)
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

/// `{{#travel captures/ch00/all.pcapng 4 "HTTP GET"}}`: the same way as a map of the
/// hosts, on which the packet moves.
pub fn travel(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    travel::draw(tree, arguments)
}

/// The drawing of [`travel`] as a file of its own, with its colours.
pub fn travel_file(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    travel::file(tree, arguments)
}

/// `{{#timeline captures/ch07/all.pcapng 361..410 "echo request" mark=375}}`: the
/// packets on a time axis that runs downwards, each as a line from interface to
/// interface. `scale=2000`, milliseconds for 100 units, gives two of them the same
/// axis; without it the scale is what fits, and long quiet times are left out.
pub fn timeline(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    timeline::draw(tree, arguments)
}

/// `{{#conversation captures/ch06/all.pcapng 13..72 "HTTP GET"}}`: a connection of
/// TCP as arrows between client and server, in phases.
pub fn conversation(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    conversation::draw(tree, arguments)
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

/// `{{#pcap captures/ch02/left-tun0.pcap}}`: the file header, the first record
/// header and the first bytes of a packet, number by number.
pub fn pcap(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    pcap::draw(tree, arguments)
}

/// `{{#value captures/ch06/left-eth0.pcap 1 "ICMP echo request" UDP.length}}`:
/// one value of a packet as plain text. Also `length` for the whole packet,
/// `IPv4[2].time to live` for the second IPv4 header, `UDP.size` for the length
/// of a layer.
pub fn value(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    value::find(tree, arguments)
}

/// `{{#diagram lab "Three hosts in a row …" "The three hosts of the lab."}}`: the
/// drawing `book/src/images/lab.svg` with its text alternative and a caption.
pub fn diagram(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    diagram::draw(tree, arguments)
}
