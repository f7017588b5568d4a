//! Every packet of every reference capture, as the library describes it.
//!
//! A difference shows what changed in the captures, or in the words. To look
//! at it and to accept it: `cargo insta review`.

use std::fs;
use std::path::PathBuf;

use ip_over_udp::capture::{self, Packet};
use ip_over_udp::packet::Message;
use lab::journey::{Change, Journey, crossings};
use lab::programs;

/// Those of the chapters. (What is in captures/lost is for an exercise.)
fn folders() -> Vec<PathBuf> {
    let captures = programs::tree().unwrap().join("captures");
    let mut folders: Vec<_> = fs::read_dir(captures)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("all.pcapng").exists())
        .collect();
    folders.sort();
    folders
}

#[test]
fn every_packet_of_every_reference_capture() {
    let folders = folders();
    assert!(folders.len() >= 6, "chapters 1 to 6");
    for folder in folders {
        let chapter = folder.file_name().unwrap().to_str().unwrap();
        let all = capture::read(&folder.join("all.pcapng")).unwrap();
        let lines: Vec<String> = all
            .iter()
            .map(|packet| format!("{:<15}{}", packet.interface, packet.info()))
            .collect();
        insta::assert_snapshot!(chapter, lines.join("\n"));
    }
}

/// The classic pcap of an interface and the pcapng of all say the same of it.
#[test]
fn both_formats_agree() {
    let mut compared = 0;
    for folder in folders() {
        let all = capture::read(&folder.join("all.pcapng")).unwrap();
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let interface = file.file_stem().unwrap().to_str().unwrap();
            if file.extension().is_none_or(|ending| ending != "pcap") {
                continue;
            }
            let alone = capture::read(&file).unwrap();
            let together: Vec<_> = all
                .iter()
                .filter(|packet| packet.interface == interface)
                .collect();
            assert_eq!(alone.len(), together.len(), "{}", file.display());
            for (one, other) in alone.iter().zip(together) {
                assert_eq!(
                    (one.time, one.length, one.link),
                    (other.time, other.length, other.link)
                );
                assert_eq!(one.data, other.data);
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "only {compared} packets");
}

/// The journeys of the whole tunnel, either way.
#[test]
fn journeys() {
    let captures = programs::tree().unwrap().join("captures");
    let all = capture::read(&captures.join("ch06/all.pcapng")).unwrap();
    let crossed: Vec<_> = crossings(&all).collect();
    let whole = |packet: &&&Packet| Journey::of(&all, packet).is_some();
    assert_eq!(crossed[..12].iter().filter(whole).count(), 12);
    // The ping of full size and its reply went in fragments.
    assert_eq!(crossed[12..14].iter().filter(whole).count(), 0);

    let reply = crossed[1];
    assert_eq!(reply.dissect().packets[0].message, Some(Message::EchoReply));
    let journey = Journey::of(&all, reply).unwrap();
    let hops: Vec<_> = journey.hops().collect();
    let way: Vec<_> = hops.iter().map(|(hop, _)| hop.interface.as_str()).collect();
    assert_eq!(
        way.join(" "),
        "right-tun0 right-eth0 internet-right internet-left left-eth0 left-tun0"
    );
    let changes: Vec<_> = hops.iter().map(|(_, change)| *change).collect();
    assert_eq!(
        changes,
        [
            Change::Start,
            Change::Added {
                ethernet: 14,
                ip: (4, 20),
                udp: 8
            },
            Change::Unchanged,
            Change::Forwarded(64, 63),
            Change::Unchanged,
            Change::Removed(42),
        ]
    );
}

/// In half a tunnel only the requests cross.
#[test]
fn half_a_tunnel() {
    let captures = programs::tree().unwrap().join("captures");
    let all = capture::read(&captures.join("ch05/all.pcapng")).unwrap();
    let crossed: Vec<_> = crossings(&all).collect();
    assert!(!crossed.is_empty());
    assert!(crossed.iter().all(|packet| packet.interface == "left-tun0"));
}
