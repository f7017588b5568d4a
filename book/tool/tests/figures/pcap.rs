//! The headers of a capture file.

use book_tool::figure;
use ip_over_udp::capture::LinkType;

use crate::captures::{made, tree};
use crate::read::texts;

#[test]
fn of_ethernet() {
    let folder = made(LinkType::Ethernet, &[&[7; 60]]);
    let html = figure::pcap(folder.path(), "one.pcap").unwrap();
    let values = texts(&html, "td:last-child");
    let ethernet = "1: a packet begins with its Ethernet header";
    assert_eq!(values[5], ethernet);
    assert_eq!(values[6..], ["1", "0", "60", "60", "60 bytes"]);
    let hex = texts(&html, "td code");
    assert_eq!(hex[0], "4d 3c b2 a1");
    assert_eq!(hex[8], "3c 00 00 00");
    assert_eq!(hex[10], "07 07 07 07 07 07 07 07 …");
}

#[test]
fn of_a_tunnel() {
    let html = figure::pcap(tree(), "captures/ch02/left-tun0.pcap").unwrap();
    let values = texts(&html, "td:last-child");
    assert_eq!(values[5], "101: a packet begins with its IP header");
    assert_eq!(values[8..], ["84", "84", "84 bytes"]);
}

#[test]
fn of_a_pcapng() {
    let err = figure::pcap(tree(), "captures/ch02/all.pcapng").unwrap_err();
    assert!(err.to_string().contains("is no pcap file"), "{err}");
}
