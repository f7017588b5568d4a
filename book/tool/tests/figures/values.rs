//! Values for the middle of a sentence.

use book_tool::figure;

use crate::captures::{every_packet, tree};

#[test]
fn lengths_and_fields() {
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

/// Markdown must find nothing to mark up in a value.
#[test]
fn plain_text() {
    for packet in every_packet() {
        for layer in ip_over_udp::packet::dissect(packet.link, &packet.data).layers {
            for field in layer.fields {
                let special = |c| "*_`[]<>&\\{}#~|".contains(c);
                assert!(!field.value.to_string().contains(special), "{field:?}");
            }
        }
    }
}
