//! The captures that the figures are drawn from: those of the tree, and one made
//! for a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use ip_over_udp::capture::{self, LinkType, Pcap};
use lab::programs;

pub fn tree() -> &'static Path {
    static TREE: LazyLock<PathBuf> = LazyLock::new(|| programs::tree().unwrap());
    &TREE
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => files(&path, found),
            Some(ending) if ending == "pcap" => found.push(path),
            _ => (),
        }
    }
}

/// All captures of one interface.
pub fn capture_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&tree().join("captures"), &mut found);
    found.sort();
    found
}

pub fn every_packet() -> Vec<capture::Packet> {
    let packets: Vec<_> = capture_files()
        .iter()
        .flat_map(|file| capture::read(file).unwrap())
        .collect();
    assert!(packets.len() > 100);
    packets
}

/// A tree with one capture, `one.pcap`, of these packets.
pub fn made(link: LinkType, packets: &[&[u8]]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut pcap = Pcap::create(folder.path(), "one", link).unwrap();
    for packet in packets {
        let length = packet.len().try_into().unwrap();
        pcap.write(Duration::from_secs(1), length, packet).unwrap();
    }
    drop(pcap);
    folder
}
