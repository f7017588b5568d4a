//! A checksum that is worked out is the one that the library judges.

use book_tool::figure;
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{FieldName, LayerKind, Value, Verdict};
use proptest::prelude::*;
use scraper::{Html, Selector};

use crate::captures::{every_packet, made};

fn hex(text: &str) -> u32 {
    let digits = text.split_whitespace().next().unwrap();
    u32::from_str_radix(digits, 16).unwrap()
}

/// Each checksum of the packet that can be judged is worked out: the numbers add up
/// to the sum, and the result is the library's.
#[track_caller]
fn is_right(packet: &Packet) -> usize {
    let folder = made(packet.link, &[&packet.data]);
    let mut seen: Vec<LayerKind> = Vec::new();
    let mut count = 0;
    for layer in packet.dissect().layers {
        seen.push(layer.kind);
        let Some(Value::Checksum(carried, verdict)) = layer.value(FieldName::Checksum) else {
            continue;
        };
        let which = seen.iter().filter(|kind| **kind == layer.kind).count();
        let arguments = format!(r#"one.pcap 1 "bytes)" {}[{which}]"#, layer.kind);
        let html = figure::checksum(folder.path(), &arguments);
        if !matches!(verdict, Verdict::Right | Verdict::Wrong) {
            html.unwrap_err();
            continue;
        }
        let html = Html::parse_fragment(&html.unwrap());
        let texts = |selector: &str| -> Vec<String> {
            let selector = Selector::parse(selector).unwrap();
            let elements = html.select(&selector);
            elements.map(|element| element.text().collect()).collect()
        };
        let numbers = texts("tbody:not(.result) td");
        let sum: u32 = numbers.iter().map(|number| hex(number)).sum();
        let shown = |row: &str| hex(&texts(row)[0]);
        assert_eq!(shown(".sum td"), sum, "{arguments}");
        // Ones' complement is arithmetic modulo ffff, and only zeros sum to zero.
        assert_eq!(sum % 0xffff, (0xffff - shown(".made td")) % 0xffff);
        assert_eq!(shown(".carried td"), u32::from(*carried));
        assert!(texts(".carried th")[0].ends_with(verdict.to_string().as_str()));
        let is_right = *verdict == Verdict::Right;
        assert_eq!(shown(".verified td") == 0, is_right, "{arguments}");
        assert_eq!((sum + u32::from(*carried)).is_multiple_of(0xffff), is_right);
        count += 1;
    }
    count
}

#[test]
fn of_every_capture() {
    let count: usize = every_packet().iter().map(is_right).sum();
    assert!(count > 300, "{count}");
}

proptest! {
    #[test]
    fn of_a_changed_packet(which: prop::sample::Index, at: prop::sample::Index, to: u8) {
        let packets = every_packet();
        let mut packet = which.get(&packets).clone();
        *at.get_mut(&mut packet.data) = to;
        is_right(&packet);
    }
}
