//! The explorers, as pages of a book.

use std::fs;

use crate::fixture::Fixture;

/// The good book with the captures of chapter 3 as those of chapter 1, which has a
/// page in it.
fn with_captures() -> Fixture {
    let fixture = Fixture::new();
    for name in ["all.pcapng", "left-tun0.pcap"] {
        fixture.copy(
            &format!("captures/ch03/{name}"),
            &format!("captures/ch01/{name}"),
        );
    }
    fixture.append("book/src/SUMMARY.md", "- [1. Ask](ch01-ask.md)\n");
    fixture.write(
        "book/src/ch01-ask.md",
        "# Ask\n\nA packet.\n\n{{#packets captures/ch01/left-tun0.pcap 1..2 \"echo\"}}\n",
    );
    fixture.append("book/src/SUMMARY.md", "- [Headers](headers.md)\n");
    fixture.write("book/src/headers.md", &headers());
    fixture
}

/// A page with a place for every field of these packets.
fn headers() -> String {
    let fields = [
        (
            "ipv4",
            "version, header length, dscp, ecn, total length, identification, flags, \
             fragment offset, time to live, protocol, checksum, source address, \
             destination address",
        ),
        (
            "icmp",
            "type, code, checksum, identifier, sequence number, rest of header",
        ),
        (
            "ipv6",
            "version, traffic class, flow label, payload length, next header, hop limit, \
             source address, destination address",
        ),
    ];
    let ids = fields.iter().flat_map(|(layer, fields)| {
        let fields = fields.split(", ");
        fields.map(move |field| {
            format!(
                "<b id=\"{layer}-{}\">a field</b>\n",
                field.replace(' ', "-")
            )
        })
    });
    format!("# Headers\n\n{}", ids.collect::<String>())
}

#[test]
fn page_of_a_chapter() {
    let fixture = with_captures();
    assert_eq!(fixture.problems(), "");
    let page = fixture.read("target/book/packets-01.html");
    assert!(page.contains("<h1>Chapter 1: every packet</h1>"));
    assert!(page.contains(r#"<p class="back"><a href="ch01-ask.html">1. Ask</a></p>"#));
    assert!(page.contains("captures/ch01/left-tun0.pcap"));
    let chapter = fixture.read("target/book/ch01-ask.html");
    assert!(
        chapter.contains(r#"<a href="packets-01.html#left-tun0-2">2</a>"#),
        "{chapter}"
    );
}

/// A chapter without a file of all its packets has no such page, and no links.
#[test]
fn no_page() {
    let fixture = with_captures();
    fs::remove_file(fixture.tree().join("captures/ch01/all.pcapng")).unwrap();
    assert_eq!(fixture.problems(), "");
    assert!(!fixture.tree().join("target/book/packets-01.html").exists());
    assert!(
        !fixture
            .read("target/book/ch01-ask.html")
            .contains("packets-01")
    );
}

#[test]
fn search_does_not_find_its_words() {
    let fixture = with_captures();
    fixture.replace(
        "book/book.toml",
        "[output.html.search]\nenable = false",
        "[output.html.search]\nenable = true",
    );
    assert_eq!(fixture.problems(), "");
    let index = fixture.read("target/book/searchindex.js");
    assert!(index.contains("ch01-ask.html"));
    assert!(!index.contains("packets-01.html") && !index.contains("every packet"));
}

/// An interface's own capture has packets that the file of all packets lacks.
#[test]
fn dead_place() {
    let fixture = with_captures();
    fixture.copy("captures/ch01/all.pcapng", "captures/ch01/all.pcapng");
    fixture.append(
        "book/src/ch01-ask.md",
        "\n{{#packets captures/ch01/left-tun0.pcap 9}}\n",
    );
    assert_eq!(
        fixture.problems(),
        "book/src/ch01-ask.md:7: packets-01.html#left-tun0-9: this link is dead: \
         packets-01.html has no #left-tun0-9"
    );
}

/// The page has a field that is not explained anywhere: its links are checked too.
#[test]
fn field_without_explanation() {
    let fixture = with_captures();
    fixture.replace(
        "book/src/headers.md",
        "<b id=\"icmp-code\">a field</b>\n",
        "",
    );
    assert_eq!(
        fixture.problems(),
        "captures/ch01/all.pcapng: headers.html#icmp-code: this link is dead: headers.html has no #icmp-code"
    );
}

#[test]
fn damaged_capture() {
    let fixture = with_captures();
    fixture.write("captures/ch01/all.pcapng", "no capture");
    let problems = fixture.problems();
    let expected = "captures/ch01/all.pcapng: packets-01.html cannot be made: ";
    assert!(
        problems.lines().any(|line| line.starts_with(expected)),
        "{problems}"
    );
}
