//! Directives that cannot be drawn say what is wrong with them.

use book_tool::figure;
use proptest::prelude::*;

use crate::captures::tree;
use crate::errors::{Draw, fails_in};

#[track_caller]
fn fails(draw: Draw, arguments: &str, words: &[&str]) {
    fails_in(tree(), draw, arguments, words);
}

/// The same with a capture of chapter 6 before the arguments.
#[track_caller]
fn fails_on_left_eth0(draw: Draw, arguments: &str, words: &[&str]) {
    let arguments = format!("captures/ch06/left-eth0.pcap {arguments}");
    fails_in(tree(), draw, &arguments, words);
}

#[test]
fn no_arguments() {
    fails(
        figure::packet,
        "",
        &["the capture is missing", "{{#packet FILE"],
    );
}

#[test]
fn no_number() {
    fails_on_left_eth0(figure::packet, "", &["the number of the packet is missing"]);
}

#[test]
fn no_text() {
    fails_on_left_eth0(figure::packet, "1", &["the text", "is missing"]);
}

#[test]
fn empty_text() {
    fails_on_left_eth0(figure::packet, r#"1 """#, &["the text", "is missing"]);
}

#[test]
fn number_in_letters() {
    fails_on_left_eth0(
        figure::packet,
        r#"one "echo""#,
        &[r#"a number from 1, not "one""#],
    );
}

#[test]
fn number_zero() {
    fails_on_left_eth0(
        figure::packet,
        r#"0 "echo""#,
        &[r#"a number from 1, not "0""#],
    );
}

#[test]
fn number_too_large() {
    fails_on_left_eth0(
        figure::packet,
        r#"99 "echo""#,
        &["has no packet 99: its last is packet 50"],
    );
}

#[test]
fn other_packet() {
    fails_on_left_eth0(
        figure::packet,
        r#"3 "ICMP echo request""#,
        &[
            r#"packet 3 of captures/ch06/left-eth0.pcap does not contain "ICMP echo request"; it is:"#,
            "> 80 SYN",
            r#"the packets that contain "ICMP echo request": 1, 13"#,
        ],
    );
}

#[test]
fn text_of_no_packet() {
    fails_on_left_eth0(
        figure::packet,
        r#"3 "SCTP""#,
        &[r#"no packet of the capture contains "SCTP""#],
    );
}

#[test]
fn quotation_not_closed() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo"#,
        &["a quotation mark is not closed"],
    );
}

#[test]
fn two_texts() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo" "request""#,
        &[r#""request" is not understood"#],
    );
}

#[test]
fn option_twice() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo" only=UDP only=IPv4"#,
        &["an option is given twice"],
    );
}

#[test]
fn unknown_option() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo" colour=red"#,
        &[r#""colour=" is not understood"#],
    );
}

#[test]
fn layer_not_in_packet() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo" only=TCP"#,
        &["no layer TCP", "Ethernet, IPv4, UDP"],
    );
}

#[test]
fn third_layer_of_two() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo" only=IPv4[3]"#,
        &["no layer IPv4[3]"],
    );
}

#[test]
fn highlight_of_two_fields() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo" highlight="time to live""#,
        &["is in outer IPv4 and in inner IPv4", "IPv4[2].time to live"],
    );
}

#[test]
fn highlight_of_unknown_field() {
    fails_on_left_eth0(
        figure::packet,
        r#"1 "echo" highlight=UDP.colour"#,
        &[r#"UDP has no field "colour""#, "source port"],
    );
}

#[test]
fn missing_capture() {
    fails(
        figure::packet,
        r#"captures/ch99/left-eth0.pcap 1 "echo""#,
        &["captures/ch99/left-eth0.pcap", "No such file"],
    );
}

#[test]
fn absolute_path() {
    fails(
        figure::packet,
        r#"/etc/hostname 1 "echo""#,
        &["not a path from the root of the tree"],
    );
}

#[test]
fn path_out_of_the_tree() {
    fails(
        figure::packet,
        r#"../x.pcap 1 "echo""#,
        &["not a path from the root of the tree"],
    );
}

#[test]
fn no_capture() {
    fails(
        figure::packet,
        r#"captures/README.md 1 "echo""#,
        &["captures/README.md", "it is no capture"],
    );
}

#[test]
fn range_backwards() {
    fails_on_left_eth0(figure::packets, "5..2", &["it ends before it begins"]);
}

#[test]
fn range_past_the_end() {
    fails_on_left_eth0(
        figure::packets,
        "10..99",
        &["has no packet 51: its last is packet 50"],
    );
}

#[test]
fn range_after_the_end() {
    fails_on_left_eth0(
        figure::packets,
        "70..",
        &["ends before it begins; there are 50"],
    );
}

#[test]
fn text_of_no_packet_in_range() {
    fails_on_left_eth0(
        figure::packets,
        r#"1..2 "SYN""#,
        &["none of the packets 1..2", r#""SYN": 3, 4"#],
    );
}

#[test]
fn mark_outside_range() {
    fails_on_left_eth0(
        figure::packets,
        "1..2 mark=3",
        &["packet 3 is marked, but the list is 1..2"],
    );
}

#[test]
fn journey_without_tunnel() {
    fails_on_left_eth0(
        figure::journey,
        r#"1 "echo""#,
        &["no packet that crossed a tunnel"],
    );
}

#[test]
fn journey_of_another_packet() {
    fails(
        figure::journey,
        r#"captures/ch06/all.pcapng 1 "reply""#,
        &[r#"does not contain "reply"; it is"#, r#""reply": 2, 14"#],
    );
}

#[test]
fn journey_past_the_last() {
    fails(
        figure::journey,
        r#"captures/ch06/all.pcapng 99 "x""#,
        &["the last is 41"],
    );
}

#[test]
fn journey_of_fragments() {
    fails(
        figure::journey,
        r#"captures/ch06/all.pcapng 13 "echo""#,
        &["lost, or went in fragments"],
    );
}

#[test]
fn sizes_of_another_packet() {
    fails_on_left_eth0(
        figure::sizes,
        r#"3 "echo""#,
        &[r#"does not contain "echo""#],
    );
}

#[test]
fn value_without_field() {
    fails_on_left_eth0(figure::value, r#"1 "echo""#, &["the field is missing"]);
}

#[test]
fn value_of_two_fields() {
    fails_on_left_eth0(
        figure::value,
        r#"1 "echo" checksum"#,
        &["and in", "write the layer before it"],
    );
}

#[test]
fn value_of_unknown_field() {
    fails_on_left_eth0(
        figure::value,
        r#"1 "echo" colour"#,
        &["no layer of this packet has a field"],
    );
}

#[test]
fn checksum_without_layer() {
    fails_on_left_eth0(figure::checksum, r#"1 "echo""#, &["the layer is missing"]);
}

#[test]
fn checksum_of_a_layer_without_one() {
    fails_on_left_eth0(
        figure::checksum,
        r#"1 "echo" Ethernet"#,
        &["Ethernet has no checksum; IPv4, ICMP"],
    );
}

#[test]
fn checksum_of_a_fragment() {
    fails_on_left_eth0(
        figure::checksum,
        r#"13 "echo" UDP"#,
        &[
            "the checksum of UDP cannot be worked out",
            "more than is in",
        ],
    );
}

#[test]
fn checksum_of_a_quoted_packet() {
    fails(
        figure::checksum,
        r#"captures/ch05/left-eth0.pcap 3 "unreachable" UDP"#,
        &["the checksum of quoted UDP cannot be worked out"],
    );
}

#[test]
fn difference_of_one() {
    fails_on_left_eth0(
        figure::difference,
        r#"1 "echo""#,
        &["two or three packets are compared, not 1"],
    );
}

#[test]
fn difference_of_four() {
    fails_on_left_eth0(
        figure::difference,
        r#"1,2,13,15 "echo""#,
        &["two or three packets are compared, not 4"],
    );
}

#[test]
fn difference_with_a_text_too_few() {
    fails_on_left_eth0(
        figure::difference,
        r#"1,2,3 "echo request | echo reply""#,
        &["there are 3 packets and 2 texts"],
    );
}

#[test]
fn difference_with_another_packet() {
    fails_on_left_eth0(
        figure::difference,
        r#"1,2 "echo reply | echo reply""#,
        &[r#"packet 1 of captures/ch06/left-eth0.pcap does not contain "echo reply""#],
    );
}

#[test]
fn difference_without_numbers() {
    fails_on_left_eth0(
        figure::difference,
        r#""echo""#,
        &["the list of packets is missing"],
    );
}

#[test]
fn fragments_of_a_whole_packet() {
    fails_on_left_eth0(
        figure::fragments,
        r#"1..2 "echo""#,
        &["packet 1 is not a fragment; it is:"],
    );
}

#[test]
fn fragments_of_two_packets() {
    fails_on_left_eth0(
        figure::fragments,
        r#"13..15 "echo""#,
        &[
            "packets 13 and 15 are fragments of two packets",
            "identification",
        ],
    );
}

#[test]
fn fragments_without_the_last() {
    fails_on_left_eth0(
        figure::fragments,
        r#"13 "echo""#,
        &["the last fragment of the packet is not among them"],
    );
}

#[test]
fn fragments_without_the_first() {
    fails_on_left_eth0(
        figure::fragments,
        r#"14 "fragment""#,
        &["bytes 0 to 1479 of what the packet carried are in no fragment"],
    );
}

#[test]
fn fragments_of_another_packet() {
    fails_on_left_eth0(
        figure::fragments,
        r#"13..14 "SYN""#,
        &["none of the packets 13..14", r#""SYN": 3, 4"#],
    );
}

#[test]
fn hops_without_field() {
    fails(
        figure::hops,
        r#"captures/ch06/all.pcapng 1 "echo""#,
        &["the field is missing", "{{#hops FILE"],
    );
}

#[test]
fn hops_of_unknown_field() {
    fails(
        figure::hops,
        r#"captures/ch06/all.pcapng 1 "echo" "colour""#,
        &[
            r#"no IP header of this packet has a field "colour""#,
            "DSCP, ECN",
        ],
    );
}

#[test]
fn hops_of_another_packet() {
    fails(
        figure::hops,
        r#"captures/ch06/all.pcapng 1 "reply" "flags""#,
        &[r#"does not contain "reply"; it is"#, r#""reply": 2, 14"#],
    );
}

#[test]
fn diagram_without_text() {
    fails(figure::diagram, "lab", &["the text alternative is missing"]);
}

#[test]
fn diagram_without_caption() {
    fails(
        figure::diagram,
        r#"lab "three hosts""#,
        &["the caption is missing"],
    );
}

#[test]
fn missing_diagram() {
    fails(
        figure::diagram,
        r#"moon "the moon" "A moon.""#,
        &["no diagram moon", "book/src/images/moon.svg"],
    );
}

proptest! {
    /// Directives are written by hand: anything between the braces is answered
    /// with a figure or an error, and not with a panic.
    #[test]
    fn anything(arguments in r#"(captures/ch06/all\.pcapng|x)? ?[0-9.,]{0,4} ?["a-z=. \[\]2]{0,20}"#) {
        for draw in [figure::packet, figure::header, figure::packets, figure::journey, figure::travel, figure::timeline, figure::conversation, figure::checksum, figure::difference, figure::fragments, figure::hops, figure::sizes, figure::pcap, figure::value, figure::diagram] {
            let _ = draw(tree(), &arguments);
        }
    }
}
