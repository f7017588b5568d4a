//! Captures that are damaged, and what is said of them.

use std::fs;

use book_tool::figure;

use crate::captures::tree;
use crate::errors::{Draw, fails_in};

/// The length of the header of a capture, and of the header of each packet.
const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;

/// A capture of chapter 6, whose first packet has 126 bytes.
fn capture() -> Vec<u8> {
    fs::read(tree().join("captures/ch06/left-eth0.pcap")).unwrap()
}

/// Drawing from a capture of these bytes fails, with these words in the error.
#[track_caller]
fn fails(bytes: &[u8], draw: Draw, arguments: &str, words: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one.pcap"), bytes).unwrap();
    fails_in(folder.path(), draw, arguments, &["one.pcap", words]);
}

#[test]
fn cut_in_the_last_packet() {
    let bytes = capture();
    let cut = &bytes[..bytes.len() - 5];
    let words = "it ends in the middle of what comes after packet 49";
    fails(cut, figure::packet, r#"one.pcap 1 "echo""#, words);
    fails(cut, figure::checksum, r#"one.pcap 1 "echo" UDP"#, words);
    fails(cut, figure::difference, r#"one.pcap 1,2 "echo""#, words);
    fails(cut, figure::fragments, r#"one.pcap 13..14 "echo""#, words);
    fails(cut, figure::hops, r#"one.pcap 1 "echo" "flags""#, words);
}

#[test]
fn no_packets() {
    let header = &capture()[..FILE_HEADER];
    fails(
        header,
        figure::packet,
        r#"one.pcap 1 "echo""#,
        "one.pcap has no packets",
    );
}

#[test]
fn unknown_link_type() {
    let mut bytes = capture();
    // The link type is the last field of the file header: 127 is Wi-Fi with radiotap.
    bytes[FILE_HEADER - 4] = 127;
    fails(
        &bytes,
        figure::packet,
        r#"one.pcap 1 "echo""#,
        "link type 127",
    );
}

#[test]
fn packet_with_its_beginning_only() {
    let mut bytes = capture();
    bytes.truncate(FILE_HEADER + PACKET_HEADER + 100);
    // How many bytes were kept: 100 of the first packet's 126.
    let kept = FILE_HEADER + 8;
    bytes[kept..kept + 4].copy_from_slice(&100u32.to_le_bytes());
    let words = "is cut: 100 of its 126 bytes";
    fails(&bytes, figure::packet, r#"one.pcap 1 "echo""#, words);
    fails(&bytes, figure::packets, "one.pcap 1..", words);
    fails(&bytes, figure::timeline, r#"one.pcap 1.. "echo""#, words);
    fails(
        &bytes,
        figure::conversation,
        r#"one.pcap 1.. "echo""#,
        words,
    );
    fails(&bytes, figure::checksum, r#"one.pcap 1 "echo" UDP"#, words);
    fails(&bytes, figure::difference, r#"one.pcap 1,1 "echo""#, words);
    fails(&bytes, figure::fragments, r#"one.pcap 1 "echo""#, words);
}
