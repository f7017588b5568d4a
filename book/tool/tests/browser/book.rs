//! The book that the tests read, in a tree of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use headless_chrome::{Browser, LaunchOptions, Tab};
use lab::programs;
use tempfile::TempDir;
use walkdir::WalkDir;

/// The page with a figure of every kind.
pub const KINDS: &str = "figures-of-every-kind.html";

const FIGURES: &str = r#"# Figures of every kind

{{#packet captures/ch06/left-eth0.pcap 1 "ICMP echo request"}}

{{#packet captures/ch06/left-eth0.pcap 13 "fragment" highlight="IPv4.flags"}}

{{#packet captures/ch01/left-tun0.pcap 1 "router solicitation"}}

{{#header captures/ch06/left-eth0.pcap 1 "ICMP echo request" Ethernet}}

{{#header captures/ch06/left-eth0.pcap 13 "fragment" IPv4}}

{{#header captures/ch01/left-tun0.pcap 1 "router solicitation" IPv6}}

{{#header captures/ch00/left-tun0.pcap 1 "SYN" TCP}}

{{#packets captures/ch06/all.pcapng 1..12 mark=3}}

{{#packets captures/ch06/left-eth0.pcap 1..}}

{{#journey captures/ch06/all.pcapng 6 "HTTP GET"}}

{{#travel captures/ch06/all.pcapng 6 "HTTP GET"}}
{{#timeline captures/ch06/all.pcapng 73..92 "1490 bytes" mark=73 caption="What there is to see."}}

{{#conversation captures/ch06/all.pcapng 13..72 "HTTP GET" mark=31}}

{{#sizes captures/ch06/left-eth0.pcap 1 "ICMP echo request"}}

{{#checksum captures/ch06/left-eth0.pcap 1 "ICMP echo request" UDP}}

{{#difference captures/ch03/left-tun0.pcap 1,2,8 "echo request | echo reply | wrong checksum"}}

{{#fragments captures/ch06/left-eth0.pcap 13..14 "ICMP echo request"}}

{{#hops captures/ch06/all.pcapng 1 "ICMP echo request" "checksum"}}

A length of {{#value captures/ch06/left-eth0.pcap 1 "ICMP echo request" length}} bytes: encapsulation.
"#;

/// A finished book, and a browser to read it with.
pub struct Book {
    browser: Browser,
    folder: PathBuf,
    _tree: TempDir,
}

impl Book {
    pub fn open(chromium: &Path) -> anyhow::Result<Book> {
        let tree = tree()?;
        // A draft: the page of figures uses none of the anchors.
        let folder = book_tool::build::build(tree.path(), true)?.folder;
        let options = LaunchOptions::default_builder()
            .path(Some(chromium.to_owned()))
            // Chromium refuses root its sandbox; the pages here are our own.
            .sandbox(!nix::unistd::geteuid().is_root())
            .window_size(Some((1280, 900)))
            .idle_browser_timeout(Duration::from_secs(60))
            .build()?;
        Ok(Book {
            browser: Browser::new(options).context("cannot start Chromium")?,
            folder,
            _tree: tree,
        })
    }

    pub fn tab(&self) -> anyhow::Result<Arc<Tab>> {
        let tab = self.browser.new_tab()?;
        tab.set_default_timeout(Duration::from_secs(30));
        Ok(tab)
    }

    pub fn address(&self, page: &str) -> String {
        format!("file://{}", self.folder.join(page).display())
    }

    /// A page of the book in a new tab.
    pub fn read(&self, page: &str) -> anyhow::Result<Arc<Tab>> {
        let tab = self.tab()?;
        self.go(&tab, page)?;
        Ok(tab)
    }

    pub fn go(&self, tab: &Tab, page: &str) -> anyhow::Result<()> {
        tab.navigate_to(&self.address(page))?
            .wait_until_navigated()?;
        Ok(())
    }

    /// All pages, source files as well.
    pub fn pages(&self) -> Vec<String> {
        let files = WalkDir::new(&self.folder).sort_by_file_name().into_iter();
        let names = files.filter_map(|file| {
            let path = file.ok()?.into_path();
            let name = path.strip_prefix(&self.folder).ok()?.to_str()?.to_owned();
            // A part of the sidebar, and no page.
            (name.ends_with(".html") && name != "toc.html").then_some(name)
        });
        names.collect()
    }
}

/// A tree like ours, with one page more in its book.
fn tree() -> anyhow::Result<TempDir> {
    let ours = programs::tree()?;
    let tree = tempfile::tempdir()?;
    for entry in fs::read_dir(&ours)? {
        let name = entry?.file_name();
        if name != "book" && name != "target" && name != ".git" {
            symlink(ours.join(&name), tree.path().join(&name))?;
        }
    }
    let (from, to) = (ours.join("book"), tree.path().join("book"));
    for entry in WalkDir::new(&from)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "tool")
    {
        let entry = entry?;
        let place = to.join(entry.path().strip_prefix(&from)?);
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(place)?,
            false => fs::copy(entry.path(), place).map(drop)?,
        }
    }
    symlink(from.join("tool"), to.join("tool"))?;
    let mut page = FIGURES.to_owned();
    for drawing in fs::read_dir(to.join("src/images"))? {
        let name = drawing?.path();
        let name = name
            .file_stem()
            .context("a drawing without a name")?
            .display()
            .to_string();
        page += &format!("\n{{{{#diagram {name} \"The drawing {name}\" \"Drawing {name}.\"}}}}\n");
    }
    fs::write(to.join("src/figures-of-every-kind.md"), page)?;
    let summary = fs::read_to_string(to.join("src/SUMMARY.md"))?;
    let line = "[Figures of every kind](figures-of-every-kind.md)";
    fs::write(to.join("src/SUMMARY.md"), format!("{summary}\n\n{line}\n"))?;
    Ok(tree)
}
