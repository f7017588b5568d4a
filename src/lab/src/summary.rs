//! The last words of a run: its captures, and how to look at them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anstyle::Style;

use crate::programs;
use crate::recorder::{self, Recorded};
use crate::run_dir;
use ip_over_udp::output::println;

const BOLD: Style = Style::new().bold();

/// Prints where the captures are, what is in them, and how to look at them.
/// `page` is the page with all of their packets, if there is one, and `open` the
/// command that makes and opens it.
pub fn print(folder: &Path, recorded: &[Recorded], page: Option<&Path>, open: &str) {
    styled!("\n{BOLD}Captures{BOLD:#} in {}", folder.display());
    for one in recorded {
        println!(
            "  {:<24}{:>4} packets",
            format!("{}.pcap", one.interface),
            one.packets
        );
    }
    println!("  {:<24} all of them, in the order of time", "all.pcapng");
    if let Some(gaps) = recorder::missed(recorded) {
        println!("  {gaps}");
    }
    styled!("\n{BOLD}Look at them{BOLD:#}");
    // One interface at a time: in the list of all of them, the same segment of
    // TCP comes again and again, and would be taken for a retransmission.
    let outer = recorded.iter().find(|one| one.interface == "left-eth0");
    if let Some(one) = outer.or(recorded.first()) {
        let file = folder.join(format!("{}.pcap", one.interface));
        println!("  wireshark -d udp.port==9876,ip {}", quoted(&file));
    }
    println!("  tshark -d udp.port==9876,ip -o tcp.analyze_sequence_numbers:FALSE \\");
    println!("         -r {}", quoted(&folder.join("all.pcapng")));
    println!("  in a browser: {open}");
    match page {
        Some(page) => println!("                {}", quoted(&shown(page))),
        None => {
            let page = folder.join(run_dir::PAGE);
            println!("                which makes {}", quoted(&page));
        }
    }
}

/// A path as the reader would type it: relative, if it is below this folder.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// A path as a word of a command that can be copied into a shell.
pub fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    // Only a NUL cannot be quoted, and no path has one.
    shlex::try_quote(&path).map_or_else(|_| path.to_string(), Cow::into_owned)
}

/// A command of the lab whose captures are below `base`, as it can be typed in
/// any terminal.
pub fn command(base: &Path, words: &str) -> String {
    let real = |path: &Path| path.canonicalize().unwrap_or(path.to_owned());
    match programs::captures() {
        Ok(usual) if real(base) == real(&usual) => format!("cargo lab {words}"),
        _ => format!("cargo lab --out {} {words}", quoted(base)),
    }
}
