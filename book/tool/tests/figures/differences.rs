//! Packets below each other: their bytes, and what of them differs.

use book_tool::figure;
use ip_over_udp::capture::{LinkType, Packet};
use proptest::prelude::*;
use scraper::{ElementRef, Html, Selector};

use crate::captures::{every_packet, made, tree};
use crate::read::texts;

/// The bytes in those elements of a row that match.
fn bytes(row: ElementRef, selector: &Selector) -> Vec<u8> {
    let texts: Vec<String> = row
        .select(selector)
        .map(|one| one.text().collect())
        .collect();
    let byte = |word| u8::from_str_radix(word, 16).unwrap();
    texts
        .iter()
        .flat_map(|text| text.split_whitespace().map(byte))
        .collect()
}

/// The figure has the bytes of both packets, and marks those that differ.
#[track_caller]
fn is_whole(link: LinkType, one: &[u8], other: &[u8]) {
    let folder = made(link, &[one, other]);
    let html = figure::difference(folder.path(), r#"one.pcap 1,2 "bytes)""#).unwrap();
    assert!(!html.contains('\n'));
    assert_eq!(html.contains("No byte differs."), one == other);
    let html = Html::parse_fragment(&html);
    let select = |selector| Selector::parse(selector).unwrap();
    let (row, all, marked) = (select(".row"), select(".layer"), select(".differs"));
    // Each line has a row for each packet.
    for (place, packet, against) in [(0, one, other), (1, other, one)] {
        let rows = || html.select(&row).skip(place).step_by(2);
        let shown: Vec<u8> = rows().flat_map(|row| bytes(row, &all)).collect();
        assert_eq!(shown, packet);
        let differing = packet.iter().enumerate();
        let differing = differing.filter(|(at, byte)| against.get(*at) != Some(byte));
        let shown: Vec<u8> = rows().flat_map(|row| bytes(row, &marked)).collect();
        assert_eq!(shown, differing.map(|(_, byte)| *byte).collect::<Vec<_>>());
    }
}

#[test]
fn of_packets_one_after_the_other() {
    let packets = every_packet();
    // Not all pairs: this takes long.
    for pair in packets.windows(2).step_by(5) {
        if pair[0].link == pair[1].link {
            is_whole(pair[0].link, &pair[0].data, &pair[1].data);
        }
    }
}

proptest! {
    #[test]
    fn of_a_changed_packet(which: prop::sample::Index, at: prop::sample::Index, to: u8) {
        let packets = every_packet();
        let Packet { link, data, .. } = which.get(&packets);
        let mut changed = data.clone();
        *at.get_mut(&mut changed) = to;
        is_whole(*link, data, &changed);
    }
}

#[test]
fn of_a_request_and_its_reply() {
    let html = figure::difference(
        tree(),
        r#"captures/ch03/left-tun0.pcap 1,2 "echo request | echo reply""#,
    );
    assert_eq!(
        texts(&html.unwrap(), "tbody th"),
        [
            "IPv4 source address",
            "IPv4 destination address",
            "ICMP type",
            "ICMP checksum"
        ]
    );
}
