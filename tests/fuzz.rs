//! What the fuzz targets check, without a fuzzer: what one of them once found,
//! and what nobody should send. The mutations are the same on every machine.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use ip_over_udp::capture;
use lab::programs;
use proptest::prelude::*;

#[path = "fuzz/checks.rs"]
mod checks;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_was_found_stays_mended() {
    let found = programs::tree().unwrap().join("tests/fuzz/found");
    for folder in files(&found).into_iter().filter(|path| path.is_dir()) {
        let check = match folder.file_name().and_then(|name| name.to_str()) {
            Some("packet") => checks::packet,
            Some("capture") => checks::capture,
            Some("validate") => checks::validate,
            Some("mtu") => checks::mtu,
            Some("offload") => checks::offload,
            Some("transcript") => checks::transcript,
            _ => panic!("no target has the name of {}", folder.display()),
        };
        for file in files(&folder) {
            // Shown if the check fails.
            println!("{}", file.display());
            check(&fs::read(file).unwrap());
        }
    }
}

fn captures() -> Vec<PathBuf> {
    let chapters = files(&programs::tree().unwrap().join("captures"));
    let chapters = chapters.iter().filter(|path| path.is_dir());
    let mut captures: Vec<_> = chapters.flat_map(|folder| files(folder)).collect();
    captures.retain(|path| {
        path.extension()
            .is_some_and(|e| e == "pcap" || e == "pcapng")
    });
    captures
}

/// Cuts, flips, overwrites, inserts or doubles something.
fn mutate(random: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..=random.usize(..4) {
        let at = random.usize(..bytes.len().max(1));
        match random.u8(..6) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            2 if at < bytes.len() => bytes[at] = random.u8(..),
            3 => bytes.insert(at, random.u8(..)),
            4 if at < bytes.len() => bytes[at] = [0, 0xff, 0x7f, 0x80][random.usize(..4)],
            _ => {
                let end = (at + random.usize(..40)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

/// A few seconds of them; the long run is `tests/fuzz/run.sh`.
const MUTATIONS: usize = 100_000;

#[test]
fn mutated_packets() {
    let mut packets = Vec::new();
    for file in captures() {
        packets.extend(capture::read(&file).unwrap());
    }
    assert!(packets.len() > 300);
    let mut random = Rng::with_seed(0x1907_2026);
    for _ in 0..MUTATIONS {
        let mut bytes = packets[random.usize(..packets.len())].data.clone();
        mutate(&mut random, &mut bytes);
        checks::packet(&bytes);
        checks::validate(&bytes);
        // The packet, or that in a frame, or that in a datagram in a frame.
        for headers in [0, 14, 42] {
            checks::mtu(bytes.get(headers..).unwrap_or_default());
        }
        let mut offload = vec![0; random.usize(..12)];
        random.fill(&mut offload);
        offload.extend(&bytes);
        checks::offload(&offload);
        // Behind its length, as the check expects packets.
        let length = (bytes.len() as u16).to_be_bytes();
        checks::offload(&[&length[..], &bytes].concat());
    }
}

#[test]
fn mutated_captures() {
    let files: Vec<Vec<u8>> = captures()
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect();
    let mut random = Rng::with_seed(0x0919_2026);
    for _ in 0..MUTATIONS {
        let mut bytes = files[random.usize(..files.len())].clone();
        bytes.truncate(600); // the headers and a few packets
        mutate(&mut random, &mut bytes);
        checks::capture(&bytes);
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        checks::packet(&bytes);
        checks::capture(&bytes);
        checks::validate(&bytes);
        checks::mtu(&bytes);
        checks::offload(&bytes);
        checks::transcript(&bytes);
    }

    /// Random bytes are rarely IP, and hardly ever as long as they say.
    #[test]
    fn what_begins_like_ip(
        version in prop::sample::select(vec![0x45u8, 0x46, 0x4f, 0x60]),
        protocol in prop::sample::select(vec![0u8, 1, 6, 17, 43, 44, 58, 59, 60, 135]),
        whole in any::<bool>(),
        mut bytes in prop::collection::vec(any::<u8>(), 60..200),
    ) {
        let six = version == 0x60;
        bytes[0] = version;
        bytes[if six { 6 } else { 9 }] = protocol;
        if whole {
            let (at, length) = if six { (4, bytes.len() - 40) } else { (2, bytes.len()) };
            bytes[at..at + 2].copy_from_slice(&(length as u16).to_be_bytes());
        }
        checks::packet(&bytes);
        checks::validate(&bytes);
    }
}
