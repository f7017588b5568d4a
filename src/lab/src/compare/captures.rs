//! The captures of a folder, as they are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use super::align::Row;
use super::words::Words;
use super::{ALL, Difference};
use crate::run_dir;
use ip_over_udp::capture::{self, Packet};
use ip_over_udp::packet::Message;

/// The captures of a folder, without the packets that come at random.
pub struct Captures {
    pub files: BTreeSet<String>,
    pub rows: BTreeMap<Place, Row>,
}

/// Where packets are: in the file of one interface, or in that of all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub in_all: bool,
    pub interface: String,
}

impl Captures {
    pub fn read(folder: &Path) -> anyhow::Result<Captures> {
        let (mut files, mut rows) = (BTreeSet::new(), BTreeMap::new());
        let none = || format!("there are no captures in {}", folder.display());
        // A reader may keep other files in the same folder.
        let made = run_dir::made(folder)?;
        for file in fs::read_dir(folder).with_context(none)? {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let alone = name.strip_suffix(".pcap");
            let theirs = made
                .as_ref()
                .is_some_and(|made| !made.iter().any(|file| *file == name));
            if alone.is_none() && name != ALL || theirs {
                continue;
            }
            for (at, packet) in capture::read(&path)?.into_iter().enumerate() {
                if is_report(&packet) {
                    continue;
                }
                let place = Place {
                    in_all: alone.is_none(),
                    interface: alone.unwrap_or(&packet.interface).to_owned(),
                };
                let row: &mut Row = rows.entry(place).or_default();
                row.packets.push(packet);
                row.numbers.push(at + 1);
            }
            files.insert(name.into_owned());
        }
        if rows.is_empty() {
            bail!("{}", none());
        }
        Ok(Captures { files, rows })
    }

    /// The difference that this file is not there in the other folder.
    pub fn not_there(&self, file: &str) -> Difference {
        let here = self.rows.iter().filter(|(place, _)| place.file() == file);
        let packets: usize = here.map(|(_, row)| row.packets.len()).sum();
        let interface = file.strip_suffix(".pcap").unwrap_or("all interfaces");
        let words = format!("you have no {file}; packets in the reference: {packets}");
        Difference {
            interface: interface.to_owned(),
            file: file.to_owned(),
            what: words.clone(),
            words,
            mine: None,
            reference: Some(1),
            others: Vec::new(),
            mine_info: None,
            reference_info: None,
        }
    }
}

impl Place {
    pub fn file(&self) -> String {
        match self.in_all {
            true => ALL.to_owned(),
            false => format!("{}.pcap", self.interface),
        }
    }

    pub fn difference(
        &self,
        words: Words,
        mine: Option<usize>,
        reference: Option<usize>,
    ) -> Difference {
        let whole = match self.in_all {
            true => format!("in {ALL}, {}", words.whole),
            false => words.whole,
        };
        Difference {
            interface: self.interface.clone(),
            file: self.file(),
            words: whole,
            what: words.what,
            mine,
            reference,
            others: Vec::new(),
            mine_info: words.mine,
            reference_info: words.reference,
        }
    }

    /// The difference that the reference has no packets at this place. `first` is
    /// the number to look at.
    pub fn not_in_reference(&self, row: &Row, first: usize) -> Difference {
        let words = match row.packets.len() {
            1 => "there is a packet where the reference has none".to_owned(),
            n => format!("there are {n} packets where the reference has none"),
        };
        let words = Words {
            mine: row.packets.first().map(Packet::info),
            ..Words::alone(words)
        };
        self.difference(words, Some(first), None)
    }
}

/// Whether it is a report of multicast groups, or carries one.
pub fn is_report(packet: &Packet) -> bool {
    let mut packets = packet.dissect().packets.into_iter();
    packets.any(|packet| packet.message == Some(Message::MulticastListenerReport))
}
