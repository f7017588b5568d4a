//! The fields of a packet's anatomy: what the keyboard reaches, and what is shown
//! first.

use book_tool::figure;
use scraper::{Html, Selector};

use crate::captures::tree;
use crate::read::texts;

#[test]
fn one_tab_stop_and_a_name_for_each() {
    let html = figure::packet(tree(), r#"captures/ch06/left-eth0.pcap 1 "echo""#).unwrap();
    let html = Html::parse_fragment(&html);
    let inputs = Selector::parse("form input[type=radio][name=field]").unwrap();
    let names: Vec<_> = html
        .select(&inputs)
        .filter_map(|element| element.attr("aria-label"))
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
fn highlighted_ones_are_shown_first() {
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
