//! Figures that follow packets through interfaces: each packet is in its figure,
//! whatever the packets are.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use book_tool::figure;
use ip_over_udp::capture::{self, Packet, PcapNg};
use lab::programs;
use proptest::prelude::*;

use crate::captures::tree;
use crate::errors::fails_in;
use crate::read::texts;

const CAPTURES: [&str; 4] = [
    "captures/ch00/all.pcapng",
    "captures/ch04/all.pcapng",
    "captures/ch06/all.pcapng",
    "captures/ch08/all.pcapng",
];

fn packets(name: &str) -> Vec<Packet> {
    capture::read(&programs::tree().unwrap().join(name)).unwrap()
}

/// Draws a timeline, and says which packets are in it: as points that can be
/// pointed at, and in the words of the description.
fn numbers_in(html: &str) -> [Vec<usize>; 2] {
    let number = |text: &str| text.split([' ', ',', ')']).next().unwrap().parse().unwrap();
    let points = texts(html, "circle > title");
    let points = points.iter().map(|title| number(&title["packet ".len()..]));
    let story = texts(html, "desc").concat();
    let told = story.split("(packet ").skip(1);
    let told = told.flat_map(|rest| rest.split(')').next().unwrap().split(", ").map(number));
    [points.collect(), told.collect()].map(|mut numbers: Vec<usize>| {
        numbers.sort_unstable();
        numbers
    })
}

#[track_caller]
fn timeline_is_whole(tree: &Path, name: &str, first: usize, last: usize, text: &str) {
    // At a coarse scale, so that long quiet times fit too.
    let html = figure::timeline(
        tree,
        &format!(r#"{name} {first}..{last} "{text}" scale=60000"#),
    );
    let html = html.unwrap();
    let all: Vec<usize> = (first..=last).collect();
    assert_eq!(numbers_in(&html), [all.clone(), all]);
    assert!(!html.contains('\n') && !html.contains("NaN") && !html.contains("inf"));
}

/// A tree with one capture, `all.pcapng`, of these packets.
fn made(packets: &[Packet]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.pcapng");
    let mut file = PcapNg::new(path.clone(), File::create(&path).unwrap()).unwrap();
    let mut names: Vec<&str> = Vec::new();
    for packet in packets {
        let known = names.iter().position(|name| *name == packet.interface);
        let interface = match known {
            Some(number) => number.try_into().unwrap(),
            None => {
                names.push(&packet.interface);
                file.interface(&packet.interface, packet.link).unwrap()
            }
        };
        let Packet {
            time, length, data, ..
        } = packet;
        file.write(interface, packet.direction.unwrap(), *time, *length, data)
            .unwrap();
    }
    drop(file);
    assert!(fs::metadata(path).unwrap().len() > 0);
    folder
}

proptest! {
    // Each case reads a capture, and follows all packets in it.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_packet_of_a_range(which in 0..CAPTURES.len(), from: prop::sample::Index, to: prop::sample::Index) {
        let name = CAPTURES[which];
        let count = packets(name).len();
        let (from, to) = (from.index(count) + 1, to.index(count) + 1);
        let (first, last) = (from.min(to), from.max(to).min(from.min(to) + 100));
        timeline_is_whole(tree(), name, first, last, "bytes");
        // At the usual scale a range with long waits may be too high, and says so.
        if let Err(error) = figure::timeline(tree(), &format!(r#"{name} {first}..{last} "bytes""#)) {
            assert!(error.to_string().contains("units of height"), "{error:?}");
        }
    }

    #[test]
    fn changed_packets(
        which: prop::sample::Index,
        at: prop::sample::Index,
        to: u8,
        cut: prop::sample::Index,
    ) {
        let mut packets = packets("captures/ch06/all.pcapng");
        // As many as fit into one figure.
        packets.truncate(100);
        let packet = &mut packets[which.index(100)];
        *at.get_mut(&mut packet.data) = to;
        let cut = cut.index(packet.data.len()) + 1;
        packet.data.truncate(cut);
        packet.length = cut.try_into().unwrap();
        let folder = made(&packets);
        timeline_is_whole(folder.path(), "all.pcapng", 1, packets.len(), "bytes");
        // A changed segment may be of another connection, which is an error.
        let _ = figure::conversation(folder.path(), r#"all.pcapng 13..72 "bytes""#);
    }
}

#[test]
fn every_segment() {
    let html = figure::conversation(tree(), r#"captures/ch06/all.pcapng 13..72 "HTTP GET""#);
    let [_, told] = numbers_in(&html.unwrap());
    assert_eq!(told, (13..=72).collect::<Vec<_>>());
}

/// Flags, counts and sizes as the arrows have them; all but the times.
#[test]
fn phases() {
    let html = figure::conversation(tree(), r#"captures/ch00/left-tun0.pcap 1.. "TCP""#).unwrap();
    let phases = [
        "Handshake",
        "Request: HTTP GET / HTTP/1.1",
        "Page: HTTP/1.1 200 OK",
        "Close",
    ];
    assert_eq!(texts(&html, "svg > text.bold"), phases);
    let said = texts(&html, ".said");
    assert_eq!(
        said[..3],
        ["SYN seq 0", "SYN ACK seq 0, ack 1", "ACK seq 1, ack 1"]
    );
    assert!(said[3].starts_with("PSH ACK seq 1, ack 1, ") && said[3].ends_with("bytes of data"));
}

/// A segment that is only in the middle counts as if the SYN came just before.
#[test]
fn without_a_handshake() {
    let html = figure::conversation(tree(), r#"captures/ch00/left-tun0.pcap 4..5 "TCP""#).unwrap();
    assert!(texts(&html, ".said")[0].starts_with("PSH ACK seq 1, ack 1, "));
}

/// What is lost on the way ends with a cross, and so does what no program takes;
/// what is refused does not wait.
#[test]
fn ends() {
    let crosses = |range: &str, selector: &str| {
        let html = figure::timeline(tree(), &format!("{range} \"UDP\"")).unwrap();
        texts(&html, selector).len()
    };
    let (open, cross) = ("svg[role] > .open", "svg[role] > .cross");
    // A ping there and back.
    assert_eq!(crosses("captures/ch06/all.pcapng 1..12", cross), 0);
    // Up to the cable: it goes on behind the range.
    assert_eq!(crosses("captures/ch06/all.pcapng 1..2", cross), 0);
    // Refused by a host without the program.
    assert_eq!(crosses("captures/ch05/all.pcapng 11..19", cross), 1);
    assert_eq!(crosses("captures/ch05/all.pcapng 11..19", open), 0);
}

/// The capture of chapter 7 in which `left` pings an address that nobody has, and
/// in the same figure others ping each other.
#[test]
fn pings_of_two_flows() {
    let name = "captures/ch07/all.pcapng";
    let packets = packets(name);
    let mut numbers = 1..packets.len();
    let lonely = numbers.find(|number| packets[number - 1].info().contains("> 192.168.0.3 "));
    let lonely = lonely.unwrap();
    let range = format!("{}..{}", lonely - 40, (lonely + 40).min(packets.len()));
    let arguments = format!("{name} {range} \"echo request\" scale=60000");
    let html = figure::timeline(tree(), &arguments).unwrap();
    let names = texts(&html, "svg[role] > text.small");
    assert!(names.contains(&"ping 1".to_owned()), "{names:?}");
    assert!(
        names.iter().any(|name| name.ends_with(" to .3")),
        "{names:?}"
    );
}

/// A bar says what waits and how long. What is not seen again ends with a cross, and
/// nobody says that it still waits.
#[test]
fn bars() {
    let mut packets = packets("captures/ch06/all.pcapng");
    packets.truncate(12);
    for packet in &mut packets[1..] {
        packet.time += Duration::from_secs(2);
    }
    let draw = |packets: &[Packet]| {
        let folder = made(packets);
        figure::timeline(folder.path(), "all.pcapng 1.. \"echo\"").unwrap()
    };
    let bars = texts(&draw(&packets), "text.waits");
    assert!(bars[0].starts_with("ping 1, 200"), "{bars:?}");
    let lost = draw(&[packets[0].clone(), packets[11].clone()]);
    assert_eq!(texts(&lost, "svg[role] > .cross").len(), 1);
    assert!(!lost.contains("still waiting"));
}

#[test]
fn timeline_of_one_interface() {
    fails_in(
        tree(),
        figure::timeline,
        r#"captures/ch06/left-eth0.pcap 1..2 "echo""#,
        &[
            "does not say at which interface",
            "captures/ch06/all.pcapng",
        ],
    );
}

#[test]
fn timeline_too_high() {
    fails_in(
        tree(),
        figure::timeline,
        r#"captures/ch06/all.pcapng 1..581 "echo" scale=1"#,
        &["captures/ch06/all.pcapng has no packet 581"],
    );
    fails_in(
        tree(),
        figure::timeline,
        r#"captures/ch07/all.pcapng 361..410 "echo" scale=1"#,
        &["units of height", "give more milliseconds"],
    );
}

#[test]
fn scale_in_letters() {
    fails_in(
        tree(),
        figure::timeline,
        r#"captures/ch06/all.pcapng 1..2 "echo" scale=x"#,
        &["the scale", r#"a number from 1, not "x""#],
    );
}

#[test]
fn conversation_with_a_ping() {
    fails_in(
        tree(),
        figure::conversation,
        r#"captures/ch06/left-tun0.pcap 1..12 "TCP""#,
        &[
            "packet 1 of captures/ch06/left-tun0.pcap is not a segment of TCP; it is:",
            "echo request",
            "the segments of TCP: 3, 4",
        ],
    );
}
