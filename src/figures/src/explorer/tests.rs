//! The page of any packets: what is in it is what was captured.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ip_over_udp::capture::{self, Direction, LinkType, Packet};
use proptest::prelude::*;
use serde_json::Value;

use super::{Beside, Difference, Explorer, Files};
use crate::explained::Explained;

fn page(packets: &[Packet]) -> String {
    Explorer {
        title: "<any>".to_owned(),
        files: Files {
            all: Some("any.pcapng".to_owned()),
            of_interface: Vec::new(),
        },
        packets,
        notes: vec!["</p>".to_owned()],
        beside: Some(Beside {
            differences: vec![Difference {
                packet: Some(2),
                words: "<b>".to_owned(),
            }],
            elsewhere: Vec::new(),
        }),
        explained: Explained::Nowhere,
        book: None,
        live: false,
    }
    .page()
}

/// What is between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_once(after).unwrap().0
}

fn json(page: &str, id: &str) -> Value {
    let open = format!("<script id=\"{id}\" type=\"application/json\">");
    serde_json::from_str(between(page, &open, "</script>")).unwrap()
}

fn numbers(value: &Value) -> Vec<usize> {
    let list = value.as_array().unwrap();
    list.iter()
        .map(|number| number.as_u64().unwrap() as usize)
        .collect()
}

/// Takes the page apart as its script does, and compares.
fn check(packets: &[Packet]) {
    let page = page(packets);
    let (data, chunk) = (json(&page, "data"), json(&page, "chunk-0"));
    let groups = numbers(&data["group"]);
    assert_eq!(groups.len(), packets.len());
    assert_eq!(
        data["hops"].as_array().unwrap().len(),
        data["fate"].as_array().unwrap().len()
    );
    for (at, packet) in packets.iter().enumerate() {
        let bytes = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
        let tail = chunk["tail"][at].as_u64().unwrap() as usize;
        let rebuilt = [bytes(&chunk["head"][at]), bytes(&chunk["strings"][tail])].concat();
        assert_eq!(rebuilt, packet.data);
        assert_eq!(data["size"][at], packet.data.len());

        // The layers cover the packet, each from where the one before ends.
        let shape = chunk["shape"][at].as_u64().unwrap() as usize;
        let (mut end, mut fields) = (0, 0);
        for layer in data["shapes"][shape].as_array().unwrap() {
            let [template, start, stop] = layer.as_array().unwrap().as_slice() else {
                panic!("{layer}");
            };
            assert_eq!(start.as_u64().unwrap() as usize, end);
            end = stop
                .as_u64()
                .map_or(packet.data.len(), |stop| stop as usize);
            let open = format!("<template id=\"layer-{template}\" data-fields=\"");
            let of_layer: usize = between(&page, &open, "\"").parse().unwrap();
            let markup = between(&page, &open, "</template>");
            for field in 0..of_layer {
                assert!(
                    markup.contains(&format!("data-value=\"{field}\"")),
                    "{markup}"
                );
            }
            assert!(
                !markup.contains(&format!("data-value=\"{of_layer}\"")),
                "{markup}"
            );
            fields += of_layer;
        }
        assert_eq!(end, packet.data.len());
        assert_eq!(chunk["values"][at].as_array().unwrap().len(), fields);
    }
}

fn links() -> impl Strategy<Value = LinkType> {
    prop_oneof![
        Just(LinkType::Raw),
        Just(LinkType::Ethernet),
        Just(LinkType::LinuxSll),
        Just(LinkType::LinuxSll2),
        Just(LinkType::Null),
        Just(LinkType::Loop),
        (0..300_u32).prop_map(LinkType::from),
    ]
}

/// Bytes, or a packet of chapter 6 with some of them changed, and perhaps cut.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let captures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../captures/ch06/left-eth0.pcap"
    );
    let known = capture::read(captures.as_ref()).unwrap();
    let changed = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    )
        .prop_map(move |(which, length, changes)| {
            let mut data = which.get(&known).data.clone();
            for (at, byte) in changes {
                let at = at.index(data.len());
                data[at] = byte;
            }
            if changes_length(&length) {
                data.truncate(length.index(data.len()));
            }
            data
        });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..100), changed]
}

fn changes_length(index: &prop::sample::Index) -> bool {
    index.index(4) == 0
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    let interfaces = [
        "",
        "left-eth0",
        "left-tun0",
        "internet-left",
        "a-b",
        "a/b",
        "<i>",
    ];
    let packet = (
        prop::sample::select(interfaces.to_vec()),
        links(),
        prop::sample::select(vec![None, Some(Direction::In), Some(Direction::Out)]),
        prop_oneof![0..5_000_u64, any::<u64>()],
        bytes(),
    );
    let packet = packet.prop_map(|(interface, link, direction, time, data)| Packet {
        interface: interface.to_owned(),
        link,
        direction,
        time: Duration::from_micros(time),
        length: data.len() as u32,
        data,
    });
    prop::collection::vec(packet, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_packets(packets in packets()) {
        check(&packets);
    }
}

#[test]
fn every_reference_capture() {
    let captures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../captures");
    for chapter in ["ch01", "ch03", "ch04", "ch06", "ch08"] {
        let file = format!("{captures}/{chapter}/all.pcapng");
        check(&capture::read(file.as_ref()).unwrap());
    }
}

#[test]
fn no_packet_at_all() {
    assert!(page(&[]).contains("There are no packets in this capture."));
}

/// Of a large capture, the headers and the first bytes of each packet.
#[test]
fn a_large_capture_is_shortened() {
    let packet = |number: u32| Packet {
        interface: "left-eth0".to_owned(),
        link: LinkType::Raw,
        direction: None,
        time: Duration::from_micros(number.into()),
        length: 9000,
        data: [
            &[0x45, 0, 0x23, 0x28],
            number.to_be_bytes().as_slice(),
            &[7; 8992],
        ]
        .concat(),
    };
    let packets: Vec<Packet> = (0..900).map(packet).collect();
    let page = page(&packets);
    assert!(page.len() < 2_000_000, "{}", page.len());
    assert!(page.contains("This capture is large"));
}
