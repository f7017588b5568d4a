//! Exercise 09-3: does a filter find the packets that were lost at a router?

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::process::{Command, ExitCode, Stdio};

use anyhow::bail;
use clap::Parser;
use ip_over_udp::capture;
use ip_over_udp::error::Error;
use ip_over_udp::output::println;
use ip_over_udp::program::report;

/// What came to the router on left's side, and what was on right's. In the program, so
/// that it works wherever it is.
const CAME: &[u8] = include_bytes!("../../../../captures/lost/internet-left.pcap");
const WENT: &[u8] = include_bytes!("../../../../captures/lost/internet-right.pcap");

/// Compare the packets that a router lost with those that a filter finds.
#[derive(Parser)]
#[command(name = "lost")]
struct Args {
    /// A display filter, as in Wireshark
    filter: String,
}

fn main() -> ExitCode {
    report(|| run(&Args::parse().filter))
}

fn run(filter: &str) -> anyhow::Result<()> {
    if filter.contains("frame") {
        bail!(
            "the filter names frames\n  \
             say what the lost packets have in common, not where they are in the list"
        );
    }
    let (lost, found) = (lost()?, found(filter)?);
    let both = lost.intersection(&found).count();
    let others = found.len() - both;
    println!("{} packets from left were lost", lost.len());
    println!("the filter finds {both} of them, and {others} others");
    for (what, mut packets) in [
        ("lost, and not found", lost.difference(&found)),
        ("found, and not lost", found.difference(&lost)),
    ] {
        if let Some(first) = packets.next() {
            println!("{what}: packet {first} of internet-left.pcap, for example");
        }
    }
    Ok(())
}

/// The numbers, from 1, of the packets that came from left and did not leave again.
fn lost() -> anyhow::Result<BTreeSet<usize>> {
    let packets = |file| capture::read_from(Cursor::new(file)).map_err(anyhow::Error::msg);
    let mut went: Vec<_> = packets(WENT)?.iter().map(content).collect();
    let mut lost = BTreeSet::new();
    for (at, packet) in packets(CAME)?.iter().map(content).enumerate() {
        match went.iter().position(|other| *other == packet) {
            Some(same) => drop(went.swap_remove(same)),
            None => drop(lost.insert(at + 1)),
        }
    }
    Ok(lost)
}

/// What a router does not change: all behind the header of Ethernet, without the time to
/// live and the checksum of the IPv4 header.
fn content(packet: &capture::Packet) -> Vec<u8> {
    let mut content = packet.data.get(14..).unwrap_or_default().to_vec();
    for at in [8, 10, 11] {
        if let Some(byte) = content.get_mut(at) {
            *byte = 0;
        }
    }
    content
}

/// The numbers of the packets that the filter finds.
fn found(filter: &str) -> anyhow::Result<BTreeSet<usize>> {
    let mut tshark = Command::new("tshark")
        .args([
            "-r",
            "-",
            "-Y",
            filter,
            "-T",
            "fields",
            "-e",
            "frame.number",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| Error::system("cannot run tshark", err))?;
    if let Some(mut stdin) = tshark.stdin.take() {
        // A filter that it does not take ends it before it has read anything.
        let _ = stdin.write_all(CAME);
    }
    let output = tshark.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        // What it says of root is not about the filter.
        let lines = said
            .lines()
            .filter(|line| !line.starts_with("Running as user"));
        let said: Vec<_> = lines.collect();
        bail!("tshark does not take this filter\n  {}", said.join("\n  "));
    }
    let numbers = String::from_utf8_lossy(&output.stdout);
    Ok(numbers
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect())
}
