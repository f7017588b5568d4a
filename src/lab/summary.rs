//! The last words of a run: its captures, and how to look at them.

use std::path::{Path, PathBuf};

use anstyle::Style;

use super::recorder::{self, Recorded};

const BOLD: Style = Style::new().bold();

/// Prints where the captures are, what is in them, and how to look at them.
pub fn print(folder: &Path, recorded: &[Recorded]) {
    let folder = folder.display();
    styled!("\n{BOLD}Captures{BOLD:#} in {folder}");
    for it in recorded {
        println!(
            "  {:<24}{:>4} packets",
            format!("{}.pcap", it.interface),
            it.packets
        );
    }
    println!("  {:<24} all of them, in the order of time", "all.pcapng");
    if let Some(gaps) = recorder::missed(recorded) {
        println!("  {gaps}");
    }
    styled!("\n{BOLD}Look at them{BOLD:#}");
    // One interface at a time: in the list of all of them, the same segment of
    // TCP comes again and again, and would be taken for a retransmission.
    let outer = recorded.iter().find(|it| it.interface == "left-eth0");
    if let Some(one) = outer.or(recorded.first()) {
        let interface = &one.interface;
        println!("  wireshark -d udp.port==9876,ip {folder}/{interface}.pcap");
    }
    println!("  tshark -d udp.port==9876,ip -o tcp.analyze_sequence_numbers:FALSE \\");
    println!("         -r {folder}/all.pcapng");
}

/// A path as the reader would type it: relative, if it is below this folder.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
