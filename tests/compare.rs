//! `lab compare`: faults in a copy of a capture are found and explained.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ip_over_udp::capture::{self, Packet, Pcap};
use ip_over_udp::icmp;
use ip_over_udp::lab::book::Book;
use ip_over_udp::lab::compare::{Difference, compare};

/// The folder with the reference captures of a chapter.
fn reference(chapter: &str) -> PathBuf {
    Book::at(None, None).unwrap().reference(chapter)
}

/// A copy of chapter 6's captures with one interface changed.
fn changed(purpose: &str, interface: &str, change: impl FnOnce(&mut Vec<Packet>)) -> PathBuf {
    let base = std::env::temp_dir().join(format!("ip-over-udp-{purpose}-{}", std::process::id()));
    let folder = base.join("06");
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(reference("06")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let mut packets = capture::read(&folder.join(format!("{interface}.pcap"))).unwrap();
    change(&mut packets);
    let mut pcap = Pcap::create(&folder, interface, packets[0].link).unwrap();
    for packet in packets {
        pcap.write(packet.time, packet.length, &packet.data)
            .unwrap();
    }
    base
}

fn difference(purpose: &str, interface: &str, change: impl FnOnce(&mut Vec<Packet>)) -> Difference {
    let base = changed(purpose, interface, change);
    let found = compare(&base.join("06"), &reference("06")).unwrap();
    fs::remove_dir_all(base).unwrap();
    found.expect("a difference")
}

#[track_caller]
fn says(found: &Difference, interface: &str, words: &str) {
    assert_eq!(found.interface, interface);
    assert!(found.words.contains(words), "{}", found.words);
}

/// The number of the first packet that this is true of.
fn find(packets: &[Packet], what: &str) -> usize {
    packets
        .iter()
        .position(|it| it.describe().contains(what))
        .unwrap()
}

#[test]
fn a_reference_is_like_itself() {
    for chapter in ["00", "01", "02", "03", "04", "05", "06", "07", "08"] {
        let folder = reference(chapter);
        assert!(compare(&folder, &folder).unwrap().is_none(), "{chapter}");
    }
}

#[test]
fn a_packet_that_is_missing() {
    let found = difference("missing", "left-tun0", |packets| {
        packets.remove(find(packets, "SYN ACK"));
    });
    says(
        &found,
        "left-tun0",
        "a packet is missing: 192.168.0.2 > 192.168.0.1 TCP 80 > ",
    );
    assert_eq!(found.reference, Some(4));
}

#[test]
fn a_packet_that_is_missing_at_the_end() {
    let found = difference("short", "right-eth0", |packets| {
        packets.pop();
    });
    says(&found, "right-eth0", "a packet is missing at the end");
}

#[test]
fn an_extra_packet() {
    let found = difference("extra", "left-eth0", |packets| {
        packets.insert(1, packets[0].clone());
    });
    says(
        &found,
        "left-eth0",
        "an extra packet: 198.51.100.2 > 203.0.113.2 UDP",
    );
}

#[test]
fn another_flag() {
    let found = difference("flag", "left-tun0", |packets| {
        let syn = find(packets, "SYN,");
        packets[syn].data[20 + 13] ^= 0x08; // PSH
        let sum = &mut packets[syn].data;
        sum[20 + 16..20 + 18].fill(0);
        let (from, to) = ([192, 168, 0, 1].into(), [192, 168, 0, 2].into());
        let right = icmp::segment_checksum(from, to, 6, &sum[20..]);
        sum[20 + 16..20 + 18].copy_from_slice(&right.to_be_bytes());
    });
    says(
        &found,
        "left-tun0",
        "TCP flags: SYN PSH in yours, SYN in the reference",
    );
}

#[test]
fn another_byte_of_the_page() {
    let found = difference("byte", "left-tun0", |packets| {
        let page = find(packets, "307 bytes of data");
        let last = packets[page].data.len() - 1;
        packets[page].data[last] ^= 0x20;
    });
    // The checksum stands before the data, and tells of it too.
    says(
        &found,
        "left-tun0",
        "TCP checksum: wrong in yours, right in the reference",
    );
}

#[test]
fn another_size() {
    let found = difference("size", "left-tun0", |packets| {
        packets[0].data.push(0);
        packets[0].length += 1;
    });
    says(
        &found,
        "left-tun0",
        "one of them goes on where the other ends",
    );
}

#[test]
fn what_no_two_runs_share_makes_no_difference() {
    let base = changed("same", "left-tun0", |packets| {
        for packet in packets {
            packet.time += std::time::Duration::from_secs(1000);
        }
    });
    let found = compare(&base.join("06"), &reference("06")).unwrap();
    fs::remove_dir_all(base).unwrap();
    assert!(found.is_none(), "{found:?}");
}

fn lab(base: &Path, words: &[&str]) -> Output {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"));
    lab.arg("--out").arg(base).args(words);
    lab.output().unwrap()
}

#[test]
fn the_command_says_it_in_words_and_in_its_exit_code() {
    let base = changed("command", "left-eth0", |packets| {
        packets.remove(2);
    });
    let output = lab(&base, &["compare", "6"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.starts_with("chapter 06, left-eth0: a packet is missing: "),
        "{text}"
    );
    assert!(
        text.contains("wireshark -d udp.port==9876,ip -g 3 "),
        "{text}"
    );

    fs::copy(
        reference("06").join("left-eth0.pcap"),
        base.join("06/left-eth0.pcap"),
    )
    .unwrap();
    let output = lab(&base, &["compare", "06"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "chapter 06: every packet is as in the reference\n"
    );

    let output = lab(&base, &["compare", "05"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        text,
        "error: there is no capture of chapter 05 yet; make one: cargo lab 05\n"
    );
    let output = lab(&base, &["compare", "77"]);
    assert_eq!(output.status.code(), Some(2));
    fs::write(base.join("06/left-eth0.pcap"), "no capture").unwrap();
    let output = lab(&base, &["compare", "06"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("left-eth0.pcap: it is no capture"), "{text}");
    fs::remove_dir_all(base).unwrap();
}
