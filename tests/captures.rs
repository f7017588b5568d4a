//! Every packet of every reference capture, as the library describes it.
//!
//! A difference shows what changed in the captures, or in the words. To look
//! at it and to accept it: `cargo insta review`.

use std::fs;
use std::path::Path;

use ip_over_udp::capture;

#[test]
fn every_packet_of_every_reference_capture() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut folders: Vec<_> = fs::read_dir(captures)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 6, "chapters 1 to 6");
    for folder in folders {
        let chapter = folder.file_name().unwrap().to_str().unwrap();
        let all = capture::read(&folder.join("all.pcapng")).unwrap();
        let lines: Vec<String> = all
            .iter()
            .map(|packet| format!("{:<15}{}", packet.interface, packet.describe()))
            .collect();
        insta::assert_snapshot!(chapter, lines.join("\n"));
    }
}

/// The classic pcap of an interface and the pcapng of all say the same of it.
#[test]
fn both_formats_agree() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut compared = 0;
    for folder in fs::read_dir(captures).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let all = capture::read(&folder.join("all.pcapng")).unwrap();
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let interface = file.file_stem().unwrap().to_str().unwrap();
            if file.extension().is_none_or(|ending| ending != "pcap") {
                continue;
            }
            let alone = capture::read(&file).unwrap();
            let together: Vec<_> = all.iter().filter(|it| it.interface == interface).collect();
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
