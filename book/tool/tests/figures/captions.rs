//! What a figure says of itself.

use book_tool::figure;

use crate::captures::tree;
use crate::errors::Draw;

/// The point comes first, with code between backticks.
#[test]
fn point_of_every_figure() {
    let frame = r#"captures/ch06/left-eth0.pcap 1 "echo request""#;
    let crossed = r#"captures/ch06/all.pcapng 1 "echo request""#;
    let figures: [(Draw, String); 11] = [
        (figure::packet, frame.to_owned()),
        (figure::packets, frame.to_owned()),
        (figure::header, format!("{frame} UDP")),
        (figure::checksum, format!("{frame} UDP")),
        (figure::sizes, frame.to_owned()),
        (figure::difference, frame.replace("1 ", "1,1 ")),
        (figure::journey, crossed.to_owned()),
        (figure::travel, crossed.to_owned()),
        (figure::hops, format!(r#"{crossed} "time to live""#)),
        (
            figure::fragments,
            r#"captures/ch06/left-eth0.pcap 13..14 "echo request""#.to_owned(),
        ),
        (
            figure::conversation,
            r#"captures/ch06/all.pcapng 13..72 "HTTP GET""#.to_owned(),
        ),
    ];
    for (draw, arguments) in figures {
        let arguments = format!(r#"{arguments} caption="The `tun0` of left & right.""#);
        let html = draw(tree(), &arguments).unwrap();
        let caption = r#"<figcaption><span class="point">The <code>tun0</code> of left &amp; right.</span> <span class="source">"#;
        assert!(html.contains(caption), "{arguments}: {html}");
    }
}

#[test]
fn one_two_and_more_packets() {
    let title = |range: &str| {
        let html =
            figure::packets(tree(), &format!("captures/ch06/left-eth0.pcap {range}")).unwrap();
        let (_, title) = html.split_once("<strong>").unwrap();
        title.split_once("</strong>").unwrap().0.to_owned()
    };
    assert_eq!(title("3"), "Packet 3");
    assert_eq!(title("3..4"), "Packets 3 and 4");
    assert_eq!(title("3..5"), "Packets 3 to 5");
}

/// Frames and the packets inside have their lengths in one column.
#[test]
fn what_a_length_is() {
    let draw = |packets: &str| figure::packets(tree(), packets).unwrap();
    let frames = draw(r#"captures/ch06/left-eth0.pcap 1 "echo request""#);
    assert!(frames.contains("Length: the whole frame on the first line"));
    let plain = draw(r#"captures/ch06/left-tun0.pcap 1 "echo request""#);
    assert!(!plain.contains("Length: "));
}

/// A first fragment has the length of the whole datagram in its header.
#[test]
fn data_of_a_fragment() {
    let html = figure::packets(tree(), r#"captures/ch06/left-eth0.pcap 13 "fragment""#).unwrap();
    assert!(html.contains("1472 of 1490 bytes of data"));
    assert!(html.contains(r#"<td class="size">1472 of 1490</td>"#));
}
