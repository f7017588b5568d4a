//! The parser and the capture reader, fed with what nobody should send.
//!
//! Seeded: the same mutations on every machine. MUTATIONS sets their number;
//! `MUTATIONS=10000000 cargo test --release --test parser` is the long run.

use std::fs;
use std::path::{Path, PathBuf};

use ip_over_udp::capture::{self, LinkType};
use ip_over_udp::packet::{Dissection, dissect};
use proptest::prelude::*;

fn captures() -> Vec<PathBuf> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let folders = fs::read_dir(captures).unwrap().map(|it| it.unwrap().path());
    let files = folders
        .filter(|it| it.is_dir())
        .flat_map(|it| fs::read_dir(it).unwrap());
    let mut files: Vec<_> = files.map(|it| it.unwrap().path()).collect();
    files.retain(|it| it.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    files.sort();
    files
}

/// What the book's figures rely on: the layers follow one another without a
/// gap, and end with the packet; a field stays inside its layer.
fn covers(dissection: &Dissection, length: usize) {
    let mut at = 0;
    for layer in &dissection.layers {
        assert_eq!(
            layer.bytes.start, at,
            "a gap before {}: {dissection:#?}",
            layer.name
        );
        at = layer.bytes.end;
        for field in &layer.fields {
            let inside = layer.bytes.start <= field.bytes.start && field.bytes.end <= at;
            assert!(
                inside,
                "{} leaves {}: {dissection:#?}",
                field.name, layer.name
            );
        }
    }
    assert_eq!(at, length, "{dissection:#?}");
}

/// xorshift64*: a few lines, and the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }

    /// Cuts, flips, overwrites, inserts or doubles something.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                3 => bytes.insert(at, self.below(256) as u8),
                4 if at < bytes.len() => bytes[at] = [0, 0xff, 0x7f, 0x80][self.below(4)],
                _ => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
    }
}

fn mutations() -> usize {
    let number = std::env::var("MUTATIONS").ok().and_then(|n| n.parse().ok());
    number.unwrap_or(100_000)
}

#[test]
fn mutated_packets_are_described() {
    let mut packets = Vec::new();
    for file in captures() {
        packets.extend(capture::read(&file).unwrap());
    }
    assert!(packets.len() > 300);
    let mut random = Random(0x1907_2026);
    for _ in 0..mutations() {
        let packet = &packets[random.below(packets.len())];
        let mut bytes = packet.data.clone();
        random.mutate(&mut bytes);
        covers(&dissect(packet.link, &bytes), bytes.len());
    }
}

#[test]
fn mutated_captures_are_read_or_refused() {
    let files: Vec<Vec<u8>> = captures().iter().map(|it| fs::read(it).unwrap()).collect();
    let mut random = Random(0x0919_2026);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..mutations() {
        let mut bytes = files[random.below(files.len())].clone();
        bytes.truncate(600); // the headers and a few packets
        random.mutate(&mut bytes);
        match capture::read_from(std::io::Cursor::new(bytes)) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}

proptest! {
    #[test]
    fn any_bytes_are_described(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        covers(&dissect(LinkType::Raw, &bytes), bytes.len());
        covers(&dissect(LinkType::Ethernet, &bytes), bytes.len());
    }

    /// Random bytes are rarely IP: begin them like it.
    #[test]
    fn what_begins_like_ip_is_described(
        version in prop::sample::select(vec![0x45u8, 0x46, 0x4f, 0x60]),
        protocol in prop::sample::select(vec![0u8, 1, 6, 17, 43, 44, 58, 59, 60, 135]),
        mut bytes in prop::collection::vec(any::<u8>(), 60..200),
    ) {
        bytes[0] = version;
        bytes[if version == 0x60 { 6 } else { 9 }] = protocol;
        covers(&dissect(LinkType::Raw, &bytes), bytes.len());
    }

    #[test]
    fn any_bytes_are_no_capture_or_one(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        let _ = capture::read_from(std::io::Cursor::new(bytes));
    }
}
