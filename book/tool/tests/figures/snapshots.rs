//! One figure of each kind, as a snapshot with line breaks between the tags.
//!
//! To look at what changed and to accept it: `cargo insta review`.

use book_tool::figure;

use crate::captures::tree;

fn lines(html: &str) -> String {
    html.replace("><", ">\n<")
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
fn header() {
    let html = figure::header(tree(), r#"captures/ch06/left-eth0.pcap 13 "fragment" IPv4"#);
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
fn journey() {
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
fn travel() {
    let html = figure::travel(tree(), REQUEST).unwrap();
    insta::assert_snapshot!(lines(&html));
}

const REQUEST: &str = r#"captures/ch00/all.pcapng 4 "HTTP GET""#;

/// The picture of the README, a file, shows the packet of the first page.
#[test]
fn picture_of_the_readme() {
    let drawn = figure::travel_file(tree(), REQUEST).unwrap();
    let file = tree().join("book/journey.svg");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &drawn).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == drawn,
        "book/journey.svg is not what the capture and book.css say; this writes it:\n    \
         BLESS=1 cargo test -p book-tool --test figures picture_of_the_readme"
    );
}

/// A page that has the file in it is not needed: it says itself what it shows.
#[test]
fn picture_of_the_readme_stands_alone() {
    let drawn = figure::travel_file(tree(), REQUEST).unwrap();
    for part in [
        "<title>",
        "190 bytes",
        "prefers-color-scheme: dark",
        "prefers-reduced-motion",
    ] {
        assert!(drawn.contains(part), "{part}");
    }
    // Every colour that is used is also there.
    let used = drawn.split("var(--").skip(1);
    for name in used.map(|rest| rest.split(')').next().unwrap()) {
        assert!(drawn.contains(&format!("--{name}: ")), "{name}");
    }
}

#[test]
fn timeline() {
    let html = figure::timeline(
        tree(),
        r#"captures/ch06/all.pcapng 73..92 "1490 bytes" mark=73"#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn conversation() {
    let html = figure::conversation(
        tree(),
        r#"captures/ch06/all.pcapng 13..72 "HTTP GET" mark=31"#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn checksum() {
    let html = figure::checksum(
        tree(),
        r#"captures/ch06/left-eth0.pcap 1 "ICMP echo request" UDP"#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn difference() {
    let html = figure::difference(
        tree(),
        r#"captures/ch03/left-tun0.pcap 7,8 "echo request | wrong checksum""#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn fragments() {
    let html = figure::fragments(
        tree(),
        r#"captures/ch06/left-eth0.pcap 13..14 "ICMP echo request""#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}

#[test]
fn hops() {
    let html = figure::hops(
        tree(),
        r#"captures/ch06/all.pcapng 1 "echo request" "time to live""#,
    );
    insta::assert_snapshot!(lines(&html.unwrap()));
}
