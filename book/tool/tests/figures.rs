//! Figures, from the reference captures and from made ones.
//!
//! Snapshots break lines between tags. To look at what changed and to accept
//! it: `cargo insta review`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use book_tool::figure;
use ip_over_udp::capture::{self, LinkType, Pcap};
use ip_over_udp::lab::programs;
use proptest::prelude::*;
use scraper::{Html, Selector};

fn tree() -> &'static Path {
    static TREE: LazyLock<PathBuf> = LazyLock::new(|| programs::tree().unwrap());
    &TREE
}

/// A tree with one capture, `one.pcap`, of these packets.
fn made(link: LinkType, packets: &[&[u8]]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut pcap = Pcap::create(folder.path(), "one", link).unwrap();
    for packet in packets {
        let length = packet.len().try_into().unwrap();
        pcap.write(Duration::from_secs(1), length, packet).unwrap();
    }
    drop(pcap);
    folder
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

fn lines(html: &str) -> String {
    html.replace("><", ">\n<")
}

/// The text of all elements that match.
fn texts(html: &str, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let html = Html::parse_fragment(html);
    let elements = html.select(&selector);
    elements.map(|it| it.text().collect()).collect()
}

/// The bytes in a figure's dump, in their order.
fn dumped(html: &str) -> Vec<u8> {
    let hex = texts(html, ".hex .field > .layer").concat();
    let words = hex.split_whitespace();
    words
        .map(|it| u8::from_str_radix(it, 16).unwrap())
        .collect()
}

#[test]
fn anatomy() {
    let html = figure::packet(
        tree(),
        r#"captures/ch04/left-eth0.pcap 1 "UDP" only="UDP" highlight="UDP.length""#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn list() {
    let html = figure::packets(
        tree(),
        r#"captures/ch06/all.pcapng 1..2 "echo request" mark=2"#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn journey_to_the_left() {
    let html = figure::journey(tree(), r#"captures/ch06/all.pcapng 2 "echo reply""#);
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn sizes() {
    let html = figure::sizes(tree(), r#"captures/ch06/left-eth0.pcap 1 "echo request""#).unwrap();
    insta::assert_snapshot!(lines(&html));
    assert!(html.contains("56 + 8 + 20 + 8 + 20 + 14 = <strong>126</strong>"));
}

#[test]
fn values() {
    let value = |field: &str| {
        let packet = r#"captures/ch06/left-eth0.pcap 1 "echo request""#;
        figure::value(tree(), &format!("{packet} {field}")).unwrap()
    };
    assert_eq!(value("length"), "126");
    assert_eq!(value("UDP.length"), "92");
    assert_eq!(value("IPv4.total length"), "112");
    assert_eq!(value("IPv4[2].total length"), "84");
    assert_eq!(value("data.size"), "56");
    // Only one layer has it.
    assert_eq!(value("destination port"), "9876");
}

/// A value stands in a sentence: Markdown must find nothing in it.
#[test]
fn values_are_plain() {
    for packet in every_packet() {
        for layer in ip_over_udp::packet::dissect(packet.link, &packet.data).layers {
            for field in layer.fields {
                let special = |c| "*_`[]<>&\\{}#~|".contains(c);
                assert!(!field.value.to_string().contains(special), "{field:?}");
            }
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => files(&path, found),
            Some(ending) if ending == "pcap" => found.push(path),
            _ => (),
        }
    }
}

fn every_packet() -> Vec<capture::Packet> {
    let mut found = Vec::new();
    files(&tree().join("captures"), &mut found);
    found.sort();
    let packets: Vec<_> = found
        .iter()
        .flat_map(|it| capture::read(it).unwrap())
        .collect();
    assert!(packets.len() > 100);
    packets
}

/// Every byte stands in the dump, once, and the block has no empty line.
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
fn every_byte_of_every_capture() {
    for packet in every_packet() {
        is_whole(packet.link, &packet.data);
    }
}

proptest! {
    #[test]
    fn every_byte_of_anything(
        mut packet in proptest::collection::vec(any::<u8>(), 1..400),
        first in prop_oneof![Just(0x45), Just(0x60), any::<u8>()],
        raw: bool,
    ) {
        packet[0] = first;
        is_whole(if raw { LinkType::Raw } else { LinkType::Ethernet }, &packet);
    }

    #[test]
    fn every_byte_of_a_changed_packet(which: prop::sample::Index, at: prop::sample::Index, to: u8) {
        let packets = every_packet();
        let mut packet = which.get(&packets).clone();
        *at.get_mut(&mut packet.data) = to;
        is_whole(packet.link, &packet.data);
    }

    /// Directives are written by hand: whatever stands there, it is an answer.
    #[test]
    fn any_arguments(arguments in r#"(captures/ch06/all\.pcapng|x)? ?[0-9.]{0,4} ?["a-z=. \[\]2]{0,20}"#) {
        for draw in [figure::packet, figure::packets, figure::journey, figure::sizes, figure::value, figure::diagram] {
            let _ = draw(tree(), &arguments);
        }
    }
}

#[test]
fn a_payload_is_no_html() {
    let packet = datagram(b"<script>alert(1)</script>&amp;\n\n<b>");
    let folder = made(LinkType::Raw, &[&packet]);
    let html = figure::packet(folder.path(), r#"one.pcap 1 "UDP""#).unwrap();
    assert!(!html.contains("<script") && !html.contains('\n'), "{html}");
    let shown = Selector::parse(".text [data-text]").unwrap();
    let html = Html::parse_fragment(&html);
    let text: String = html
        .select(&shown)
        .filter_map(|it| it.attr("data-text"))
        .collect();
    assert!(
        text.contains("<script>alert(1)</script>&amp;..<b>"),
        "{text}"
    );
}

#[test]
fn one_stop_for_the_keyboard_and_a_name_for_each_field() {
    let html = figure::packet(tree(), r#"captures/ch06/left-eth0.pcap 1 "echo""#).unwrap();
    let html = Html::parse_fragment(&html);
    let inputs = Selector::parse("form input[type=radio][name=field]").unwrap();
    let names: Vec<_> = html
        .select(&inputs)
        .filter_map(|it| it.attr("aria-label"))
        .collect();
    assert!(names.contains(&"outer IPv4: time to live 64"), "{names:?}");
    assert!(names.contains(&"inner IPv4: protocol 1"), "{names:?}");
    // Those that share a byte are named together.
    assert!(
        names.contains(&"inner IPv4: version 4 · header length 20 bytes"),
        "{names:?}"
    );
    assert_eq!(html.select(&inputs).count(), names.len());
}

#[test]
fn what_is_marked_is_shown_first() {
    let html = figure::packet(
        tree(),
        r#"captures/ch06/left-eth0.pcap 1 "echo" highlight="IPv4[2].time to live, UDP.length""#,
    )
    .unwrap();
    assert_eq!(texts(&html, "tr.mark th"), ["length", "time to live"]);
    assert_eq!(
        texts(&html, "input[checked] ~ .says .place"),
        ["inner IPv4, byte 50"]
    );
    assert_eq!(
        texts(&html, "details[open] summary .layer"),
        ["UDP", "inner IPv4"]
    );
}

/// A drawing, and what must be said of it.
type Case<'a> = (
    fn(&Path, &str) -> anyhow::Result<String>,
    &'a str,
    &'a [&'a str],
);

fn fails(tree: &Path, cases: &[Case]) {
    for (draw, arguments, says) in cases {
        let error = format!("{:#}", draw(tree, arguments).expect_err(arguments));
        for words in *says {
            assert!(error.contains(words), "{arguments}\n{error}\n{words}");
        }
        assert!(!error.contains(&*tree.to_string_lossy()), "{error}");
    }
}

#[test]
fn wrong_directives_say_what_is_wrong() {
    const LEFT: &str = "captures/ch06/left-eth0.pcap";
    let left = |rest: &str| format!("{LEFT} {rest}");
    fails(
        tree(),
        &[
            (
                figure::packet,
                "",
                &["the capture is missing", "{{#packet FILE"],
            ),
            (
                figure::packet,
                LEFT,
                &["the number of the packet is missing"],
            ),
            (figure::packet, &left("1"), &["the text", "is missing"]),
            (figure::packet, &left("1 \"\""), &["the text", "is missing"]),
            (
                figure::packet,
                &left("one \"echo\""),
                &["a number from 1, not \"one\""],
            ),
            (
                figure::packet,
                &left("0 \"echo\""),
                &["a number from 1, not \"0\""],
            ),
            (
                figure::packet,
                &left("99 \"echo\""),
                &["has no packet 99: its last is packet 18"],
            ),
            (
                figure::packet,
                &left("3 \"ICMP echo request\""),
                &[
                    "packet 3 of captures/ch06/left-eth0.pcap is not \"ICMP echo request\" but:",
                    "> 80 SYN",
                    "these are \"ICMP echo request\": 1, 13",
                ],
            ),
            (
                figure::packet,
                &left("3 \"SCTP\""),
                &["no packet there is \"SCTP\""],
            ),
            (
                figure::packet,
                &left("1 \"echo"),
                &["a quotation mark is not closed"],
            ),
            (
                figure::packet,
                &left("1 \"echo\" \"request\""),
                &["something is there twice"],
            ),
            (
                figure::packet,
                &left("1 \"echo\" colour=red"),
                &["\"colour=\" is not understood"],
            ),
            (
                figure::packet,
                &left("1 \"echo\" only=TCP"),
                &["no layer TCP", "Ethernet, IPv4, UDP"],
            ),
            (
                figure::packet,
                &left("1 \"echo\" only=IPv4[3]"),
                &["no layer IPv4[3]"],
            ),
            (
                figure::packet,
                &left("1 \"echo\" highlight=\"time to live\""),
                &["is in outer IPv4 and in inner IPv4", "IPv4[2].time to live"],
            ),
            (
                figure::packet,
                &left("1 \"echo\" highlight=UDP.colour"),
                &["UDP has no field \"colour\"", "source port"],
            ),
            (
                figure::packet,
                "captures/ch99/left-eth0.pcap 1 \"echo\"",
                &["captures/ch99/left-eth0.pcap", "No such file"],
            ),
            (
                figure::packet,
                "/etc/hostname 1 \"echo\"",
                &["not a path from the root of the tree"],
            ),
            (
                figure::packet,
                "../x.pcap 1 \"echo\"",
                &["not a path from the root of the tree"],
            ),
            (
                figure::packet,
                "captures/README.md 1 \"echo\"",
                &["captures/README.md", "it is no capture"],
            ),
            (
                figure::packets,
                &left("5..2"),
                &["it ends before it begins"],
            ),
            (
                figure::packets,
                &left("10..99"),
                &["has no packet 19: its last is packet 18"],
            ),
            (
                figure::packets,
                &left("20.."),
                &["ends before it begins; there are 18"],
            ),
            (
                figure::packets,
                &left("1..2 \"SYN\""),
                &["none of the packets 1..2", "\"SYN\": 3, 4"],
            ),
            (
                figure::packets,
                &left("1..2 mark=3"),
                &["packet 3 is marked, but the list is 1..2"],
            ),
            (
                figure::journey,
                &left("1 \"echo\""),
                &["no packet that crossed a tunnel"],
            ),
            (
                figure::journey,
                "captures/ch06/all.pcapng 1 \"reply\"",
                &["not \"reply\" but", "\"reply\": 2, 14"],
            ),
            (
                figure::journey,
                "captures/ch06/all.pcapng 99 \"x\"",
                &["the last is 14"],
            ),
            (
                figure::journey,
                "captures/ch06/all.pcapng 13 \"echo\"",
                &["lost, or went in fragments"],
            ),
            (figure::sizes, &left("3 \"echo\""), &["is not \"echo\""]),
            (
                figure::value,
                &left("1 \"echo\""),
                &["the field is missing"],
            ),
            (
                figure::value,
                &left("1 \"echo\" checksum"),
                &["and in", "write the layer before it"],
            ),
            (
                figure::value,
                &left("1 \"echo\" colour"),
                &["no layer of this packet has a field"],
            ),
            (figure::diagram, "lab", &["the text alternative is missing"]),
            (
                figure::diagram,
                "moon \"the moon\"",
                &["no diagram moon", "book/src/images/moon.svg"],
            ),
        ],
    );
}

#[test]
fn damaged_captures_say_what_is_wrong() {
    let ping = fs::read(tree().join("captures/ch06/left-eth0.pcap")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("cut.pcap", &ping[..ping.len() - 5]);
    write("none.pcap", &ping[..24]);
    // The link type stands at the end of the file header: 113 is Linux "cooked".
    let mut cooked = ping.clone();
    cooked[20] = 113;
    write("cooked.pcap", &cooked);
    // Of the first packet only 100 bytes were kept.
    let mut short = ping[..24 + 16 + 100].to_vec();
    short[24 + 8..24 + 12].copy_from_slice(&100u32.to_le_bytes());
    write("short.pcap", &short);
    fails(
        folder.path(),
        &[
            (
                figure::packet,
                "cut.pcap 1 \"echo\"",
                &["cut.pcap", "damaged after packet 17"],
            ),
            (
                figure::packet,
                "none.pcap 1 \"echo\"",
                &["none.pcap has no packets"],
            ),
            (figure::packet, "cooked.pcap 1 \"echo\"", &["link type 113"]),
            (
                figure::packet,
                "short.pcap 1 \"echo\"",
                &["is cut: 100 of its 126 bytes"],
            ),
            (
                figure::packets,
                "short.pcap 1..",
                &["is cut: 100 of its 126 bytes"],
            ),
        ],
    );
}
