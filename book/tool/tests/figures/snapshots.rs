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
        r#"captures/ch03/left-tun0.pcap 5,6 "echo request | wrong checksum""#,
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
