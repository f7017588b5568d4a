//! The explorers of the chapters, and the links to them.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use book_tool::explorer::{Page, link};
use book_tool::figure::{self, Capture};
use ip_over_udp::capture::LinkType;
use scraper::{Html, Selector};
use serde_json::Value;

use crate::captures::{made, tree};

/// The page's limit: a reader who follows one link does not wait for it.
const LARGEST: usize = 1_000_000;

/// A page as its script reads it.
struct Script {
    html: Html,
    data: Value,
    /// By the interface's number: the bytes of its packets.
    packets: Vec<Vec<Vec<u8>>>,
}

impl Script {
    fn of(page: &Page) -> Script {
        let html = page.html(tree(), None).unwrap();
        let html = Html::parse_document(&html);
        let data = json(&html, "data");
        let size = number(&data["chunk"]);
        let at: Vec<usize> = list(&data["at"]).iter().map(number).collect();
        let mut packets = vec![Vec::new(); list(&data["places"]).len()];
        for (which, at) in at.chunks(size).enumerate() {
            let chunk = json(&html, &format!("chunk-{which}"));
            for (nth, at) in at.iter().enumerate() {
                let tail = number(&chunk["tail"][nth]);
                let base64 = [&chunk["head"][nth], &chunk["strings"][tail]];
                let bytes = base64.map(|text| STANDARD.decode(text.as_str().unwrap()).unwrap());
                packets[*at].push(bytes.concat());
            }
        }
        Script {
            html,
            data,
            packets,
        }
    }

    /// The bytes that the script shows for a link's fragment, such as `left-eth0-4`.
    fn bytes(&self, place: &str) -> &[u8] {
        let (interface, number) = place.rsplit_once('-').unwrap();
        let mut places = list(&self.data["places"]).iter();
        let interface = places.position(|name| name == interface).unwrap();
        &self.packets[interface][number.parse::<usize>().unwrap() - 1]
    }

    fn ids(&self) -> BTreeSet<&str> {
        let selector = Selector::parse("#plain tbody[id]").unwrap();
        let places = self.html.select(&selector);
        places.filter_map(|element| element.attr("id")).collect()
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap().try_into().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn json(html: &Html, id: &str) -> Value {
    let selector = Selector::parse(&format!("#{id}")).unwrap();
    let text: String = html.select(&selector).next().unwrap().text().collect();
    serde_json::from_str(&text).unwrap()
}

/// The captures that a page is about, with their paths in the tree.
fn captures(page: &Page) -> Vec<Capture> {
    let all = page.all_packets();
    let folder = all.rsplit_once('/').unwrap().0;
    let entries = fs::read_dir(tree().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let captures = names.map(|name| Capture::open(tree(), &format!("{folder}/{name}")).unwrap());
    captures.collect()
}

/// A packet's number in an interface's own file is also its place among the packets
/// of that interface in the file of all: links depend on it.
#[test]
fn link_leads_to_the_same_bytes() {
    let pages = Page::all(tree()).unwrap();
    assert_eq!(pages.len(), 12);
    for page in pages {
        let script = Script::of(&page);
        // Also without the script.
        let ids = script.ids();
        for capture in captures(&page) {
            for (number, packet) in (1..).zip(&capture.packets) {
                let name = &capture.name;
                let link = link(tree(), &capture, number).unwrap();
                let (address, place) = link.split_once('#').unwrap();
                assert_eq!(address, page.address());
                assert!(ids.contains(place), "{name} {number}: no list has {place}");
                assert_eq!(script.bytes(place), packet.data, "{name} {number}");
            }
        }
    }
}

#[test]
fn every_row_is_linked() {
    let numbers = |arguments: &str| {
        let html = Html::parse_fragment(&figure::packets(tree(), arguments).unwrap());
        let link = Selector::parse("td.no a").unwrap();
        let links = html.select(&link);
        let numbers = links.map(|link| {
            let number: String = link.text().collect();
            format!("{number} {}", link.attr("href").unwrap())
        });
        numbers.collect::<Vec<_>>()
    };
    assert_eq!(
        numbers("captures/ch06/left-eth0.pcap 30..31"),
        [
            "30 packets-06.html#left-eth0-30",
            "31 packets-06.html#left-eth0-31"
        ]
    );
    // The reply is the second packet of each interface, and comes back to the first.
    assert_eq!(
        numbers("captures/ch06/all.pcapng 6..8"),
        [
            "6 packets-06.html#right-tun0-1",
            "7 packets-06.html#right-tun0-2",
            "8 packets-06.html#right-eth0-2"
        ]
    );
}

#[test]
fn anatomy_is_linked() {
    let html = figure::packet(tree(), r#"captures/ch06/all.pcapng 7 "echo reply""#).unwrap();
    let caption = r#"<strong><a href="packets-06.html#right-tun0-2">Packet 7</a></strong> of"#;
    assert!(html.contains(caption), "{html}");
}

/// A capture of another folder is on no page.
#[test]
fn other_captures_have_no_link() {
    let folder = made(LinkType::Raw, &[&[0x45; 20]]);
    let bytes = fs::read(folder.path().join("one.pcap")).unwrap();
    for name in [
        "one.pcap",
        "captures/ch06/one.pcap",
        "captures/mine/one.pcap",
        "captures/ch06/more/one.pcap",
    ] {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, &bytes).unwrap();
        let capture = Capture::open(folder.path(), name).unwrap();
        assert_eq!(link(folder.path(), &capture, 1), None, "{name}");
    }
}

#[test]
fn pages_are_small() {
    for page in Page::all(tree()).unwrap() {
        let (address, size) = (page.address(), page.html(tree(), None).unwrap().len());
        assert!(size < LARGEST, "{address} has {size} bytes");
    }
}

/// What tshark is told works from the root of the tree.
#[test]
fn files_are_there() {
    for page in Page::all(tree()).unwrap() {
        let data = Script::of(&page).data;
        for file in list(&data["files"]).iter().chain([&data["file"]]) {
            let file = file.as_str().unwrap();
            assert!(tree().join(file).is_file(), "{}: {file}", page.address());
        }
    }
}
