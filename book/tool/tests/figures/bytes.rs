//! Every byte of a packet is in its figure, whatever the packet is.

use book_tool::figure;
use ip_over_udp::capture::LinkType;
use proptest::prelude::*;
use scraper::{Html, Selector};

use crate::captures::{every_packet, made};
use crate::read::texts;

/// The bytes in a figure's dump, in their order.
fn dumped(html: &str) -> Vec<u8> {
    let hex = texts(html, ".hex .field > .layer").concat();
    let words = hex.split_whitespace();
    words
        .map(|word| u8::from_str_radix(word, 16).unwrap())
        .collect()
}

/// Each byte is in the dump once, in order, and the block has no empty line.
#[track_caller]
fn is_whole(link: LinkType, packet: &[u8]) {
    let folder = made(link, &[packet]);
    // Every description ends with its length.
    let html = figure::packet(folder.path(), r#"one.pcap 1 "bytes)""#).unwrap();
    assert_eq!(dumped(&html), packet);
    assert!(!html.contains('\n'));
    figure::packets(folder.path(), "one.pcap 1..").unwrap();
    let sizes = figure::sizes(folder.path(), r#"one.pcap 1 "bytes)""#).unwrap();
    assert!(sizes.contains(&format!("<strong>{}</strong> bytes", packet.len())));
}

#[test]
fn of_every_capture() {
    for packet in every_packet() {
        is_whole(packet.link, &packet.data);
    }
}

proptest! {
    #[test]
    fn of_anything(
        mut packet in proptest::collection::vec(any::<u8>(), 1..400),
        first in prop_oneof![Just(0x45), Just(0x60), any::<u8>()],
        raw: bool,
    ) {
        packet[0] = first;
        is_whole(if raw { LinkType::Raw } else { LinkType::Ethernet }, &packet);
    }

    #[test]
    fn of_a_changed_packet(which: prop::sample::Index, at: prop::sample::Index, to: u8) {
        let packets = every_packet();
        let mut packet = which.get(&packets).clone();
        *at.get_mut(&mut packet.data) = to;
        is_whole(packet.link, &packet.data);
    }
}

/// A datagram in IPv4 with this payload.
fn datagram(payload: &[u8]) -> Vec<u8> {
    let length = |plus: usize| u16::try_from(payload.len() + plus).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0];
    packet.extend(length(28));
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    packet.extend([0, 7, 0, 7]);
    packet.extend(length(8));
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

#[test]
fn of_html_in_a_payload() {
    let packet = datagram(b"<script>alert(1)</script>&amp;\n\n<b>");
    let folder = made(LinkType::Raw, &[&packet]);
    let html = figure::packet(folder.path(), r#"one.pcap 1 "UDP""#).unwrap();
    assert!(!html.contains("<script") && !html.contains('\n'), "{html}");
    let shown = Selector::parse(".text [data-text]").unwrap();
    let html = Html::parse_fragment(&html);
    let text: String = html
        .select(&shown)
        .filter_map(|element| element.attr("data-text"))
        .collect();
    assert!(
        text.contains("<script>alert(1)</script>&amp;..<b>"),
        "{text}"
    );
}
