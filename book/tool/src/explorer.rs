//! The explorer of each chapter: one page with all packets of its reference
//! captures, to which the packets in figures lead.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use figures::explained::Explained;
use figures::explorer::{self, Explorer, Files};
use ip_over_udp::capture::Packet;
use mdbook_driver::book::{Book, BookItem};

use crate::figure::Capture;
use crate::problem::Problem;

/// The captures of all interfaces in one file. Chapters without it have no explorer.
const ALL: &str = "all.pcapng";

/// The page of one chapter, named by its folder in `captures/`, such as `ch06`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page {
    /// As in the folder's name: `06`.
    number: String,
}

impl Page {
    fn of(folder: &str) -> Option<Page> {
        let number = folder.strip_prefix("ch")?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Page {
            number: number.to_owned(),
        })
    }

    /// The pages of a tree, in the order of the chapters.
    ///
    /// # Errors
    /// The folder `captures/` cannot be read. Without it there are no pages.
    pub fn all(tree: &Path) -> anyhow::Result<Vec<Page>> {
        let entries = match std::fs::read_dir(tree.join("captures")) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.context("cannot read captures/")?,
        };
        let mut pages = Vec::new();
        for entry in entries {
            let name = entry.context("cannot read captures/")?.file_name();
            pages.extend(name.to_str().and_then(Page::of));
        }
        pages.retain(|page| page.is_in(tree));
        pages.sort();
        Ok(pages)
    }

    fn is_in(&self, tree: &Path) -> bool {
        tree.join(self.all_packets()).is_file()
    }

    fn folder(&self) -> String {
        format!("captures/ch{}", self.number)
    }

    /// The capture that it shows, as a path from the root of the tree.
    pub fn all_packets(&self) -> String {
        format!("{}/{ALL}", self.folder())
    }

    /// Where it is, from the root of the book.
    pub fn address(&self) -> String {
        format!("packets-{}.html", self.number)
    }

    /// The one at this address.
    pub fn at(address: &str) -> Option<Page> {
        let number = address.strip_prefix("packets-")?.strip_suffix(".html")?;
        Page::of(&format!("ch{number}"))
    }

    /// The page as HTML. `chapter` is the address of the chapter and its title.
    ///
    /// # Errors
    /// The capture cannot be read, or has no packets.
    pub fn html(&self, tree: &Path, chapter: Option<(String, String)>) -> anyhow::Result<String> {
        let capture = Capture::open(tree, &self.all_packets())?;
        let folder = self.folder();
        let mut of_interface: Vec<(String, String)> = Vec::new();
        for Packet { interface, .. } in &capture.packets {
            let file = format!("{folder}/{interface}.pcap");
            if of_interface.iter().all(|(known, _)| known != interface)
                && tree.join(&file).is_file()
            {
                of_interface.push((interface.clone(), file));
            }
        }
        let chapter_number = match self.number.trim_start_matches('0') {
            "" => "0",
            number => number,
        };
        let explorer = Explorer {
            title: format!("Chapter {chapter_number}: every packet"),
            files: Files {
                all: Some(capture.name),
                of_interface,
            },
            packets: &capture.packets,
            notes: vec![format!(
                "Our captures of this chapter, {folder}: all packets at all interfaces."
            )],
            beside: None,
            explained: Explained::in_the_book(),
            book: chapter.map(|chapter| explorer::Book { chapter }),
            live: false,
        };
        Ok(explorer.page())
    }
}

/// Writes the pages into the folder of the finished book, and tells of captures
/// that cannot be shown.
///
/// # Errors
/// A page cannot be written.
pub fn write(tree: &Path, built: &Path, book: &Book) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for page in Page::all(tree)? {
        match page.html(tree, chapter(book, &page)) {
            Ok(html) => {
                let path = built.join(page.address());
                std::fs::write(&path, html)
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            Err(err) => {
                let what = format!("{} cannot be made: {err:#}", page.address());
                problems.push(Problem::somewhere(page.all_packets(), None, what));
            }
        }
    }
    Ok(problems)
}

/// The address and the title of the chapter: of the page `ch06-….md`.
fn chapter(book: &Book, page: &Page) -> Option<(String, String)> {
    let prefix = format!("ch{}-", page.number);
    book.iter().find_map(|item| match item {
        BookItem::Chapter(chapter) => {
            let path = chapter.source_path.as_ref()?;
            let of_it = path.to_str()?.starts_with(&prefix);
            let address = path.with_extension("html").display().to_string();
            of_it.then(|| (address, chapter.name.clone()))
        }
        _ => None,
    })
}

/// Where a packet of a capture is in the explorer of its chapter: the packet of
/// this number, from 1. `None` for captures that are on no such page.
///
/// Like all links of figures, this is one from a page in the root of the book.
pub fn link(tree: &Path, capture: &Capture, number: usize) -> Option<String> {
    let name = capture.name.strip_prefix("captures/")?;
    let (folder, file) = name.split_once('/')?;
    let page = Page::of(folder).filter(|page| page.is_in(tree))?;
    let (interface, number) = match file.strip_suffix(".pcap") {
        // The packets of an interface are in the same order in both files.
        Some(interface) => (interface, number),
        None if file == ALL => {
            let until = capture.packets.get(..number)?;
            let interface = &until.last()?.interface;
            let at_it = until.iter().filter(|packet| packet.interface == *interface);
            (interface.as_str(), at_it.count())
        }
        None => return None,
    };
    let place = explorer::place(interface, number);
    Some(format!("{}#{place}", page.address()))
}
