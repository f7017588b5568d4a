//! The explorer: one page with all packets of a capture, for the reader's own
//! (`cargo lab view`) and for those of the book.
//!
//! The page needs no server and no network. What it draws is drawn here: a script
//! chooses packets, and fills in [slots](crate::anatomy::Source::Slots). Without the
//! script, the page has its map and its lists.
//!
//! | module | what it is for |
//! |---|---|
//! | `flow` | which packets belong together, and what became of them |
//! | `map` | hosts and interfaces, with packets counted |
//! | `data` | the packets as the script reads them |
//! | `json` | how it is written |
//! | `strings` | texts, each once |
//! | `words` | what a filter can find a packet by |
//! | `shape` | the forms that packets have, as markup with slots |
//! | `talk` | which conversation a packet belongs to |
//! | `plain` | the lists without a script |
//! | `body` | all of this, worked out from the packets |
//! | `page` | the whole page |
//! | `hashes` | what the page may run, and how it may look |

mod body;
mod data;
mod flow;
mod hashes;
mod json;
mod map;
mod page;
mod plain;
mod shape;
mod strings;
mod talk;
mod words;

use ip_over_udp::capture::Packet;

use crate::explained::Explained;

pub use page::MADE_BY;
pub use plain::place;

/// What a page shows.
pub struct Explorer<'a> {
    /// The heading: `Chapter 06: your packets`.
    pub title: String,
    /// The files, as `tshark` takes them.
    pub files: Files,
    /// In the order of time.
    pub packets: &'a [Packet],
    /// What the reader must know of this capture: that it is cut, for example.
    pub notes: Vec<String>,
    /// What differs from the reference, where there is one.
    pub beside: Option<Beside>,
    /// Where fields are explained.
    pub explained: Explained,
    /// The book that the page is a part of, if it is.
    pub book: Option<Book>,
    /// Whether a server tells the page of new packets.
    pub live: bool,
}

/// The capture as files.
pub struct Files {
    /// All interfaces in one.
    pub all: Option<String>,
    /// The one of an interface, by its name.
    pub of_interface: Vec<(String, String)>,
}

/// Your packets beside those of the reference.
#[derive(Default)]
pub struct Beside {
    /// At the packets of this page.
    pub differences: Vec<Difference>,
    /// Of other files, in words.
    pub elsewhere: Vec<String>,
}

/// Something that differs.
pub struct Difference {
    /// The number of the packet, from 1; `None` behind the last.
    pub packet: Option<usize>,
    pub words: String,
}

/// Where the page came from.
pub struct Book {
    /// The address of the chapter, seen from the page, and its title.
    pub chapter: (String, String),
}

impl Explorer<'_> {
    /// The page.
    pub fn page(&self) -> String {
        page::page(self)
    }
}

#[cfg(test)]
mod tests;
