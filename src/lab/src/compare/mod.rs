//! The reader's captures and the reference: are they the same, and if not,
//! what is the first difference?
//!
//! No two runs give the same bytes. `normalise` takes a packet apart into what
//! two runs must have in common, which is every bit of it, but for three kinds:
//!
//! - **Left out**: times, the identification of an IP packet that is in one
//!   piece, windows, timestamps and selective acknowledgements of TCP, flow
//!   labels, and the date in an HTTP answer. Of a checksum, only whether it is
//!   right is compared, and in a fragment not even that: it covers the other
//!   fragments too. IPv6 multicast reports come at random times, and are passed
//!   over.
//! - **Chosen by a kernel, and kept** (`chosen`): ports from 32,768 on, the
//!   identifiers of pings, the identification that fragments share, hardware
//!   addresses, link-local addresses, and the time in the first 16 bytes of a
//!   ping. Where the reference has one value twice, at whatever interface, the
//!   capture must have one value twice.
//! - **Counted from a random number**: sequence and acknowledgement numbers of
//!   TCP. Relative to the first of their direction they must be the same.
//!
//! `align` then finds for each packet its counterpart, and `words` says what
//! is different, the cause before what follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::run_dir;
use ip_over_udp::capture::{self, LinkType, Packet, Pcap, PcapNg};
use ip_over_udp::packet::Message;

mod align;
mod blank;
mod chosen;
mod fact;
mod normalise;
mod title;
mod words;

use align::{Row, align};
use chosen::Pairs;
use fact::Kind;
use normalise::normalise;

/// The file with the packets of all interfaces.
const ALL: &str = "all.pcapng";

/// The first difference between two captures of one chapter.
#[derive(Debug)]
pub struct Difference {
    /// The interface at which it is, as in `left-eth0`.
    pub interface: String,
    /// The file in which it is, as in `left-eth0.pcap`.
    pub file: String,
    /// What differs, in words.
    pub words: String,
    /// The number of the packet in each file, from 1, where there is one.
    pub mine: Option<usize>,
    /// The same, in the reference.
    pub reference: Option<usize>,
}

/// Compares the captures in two folders, file by file and interface by
/// interface. Of the differences, the one that came first is told.
///
/// # Errors
/// One of the folders has no captures, or one that cannot be read.
pub fn compare(mine: &Path, reference: &Path) -> anyhow::Result<Option<Difference>> {
    let (mine, reference) = (Captures::read(mine)?, Captures::read(reference)?);
    if let Some(file) = reference.files.difference(&mine.files).next() {
        return Ok(Some(reference.not_there(file)));
    }
    let mut pairs = Pairs::default();
    let mut first: Option<Found> = None;
    for (place, theirs) in &reference.rows {
        let nothing = Row::default();
        let ours = mine.rows.get(place).unwrap_or(&nothing);
        let found = compare_rows(place, ours, theirs, &mut pairs);
        let earlier = |found: &Found| first.as_ref().is_none_or(|first| found.at < first.at);
        first = found.filter(earlier).or(first);
    }
    if let Some(first) = first {
        return Ok(Some(first.difference));
    }
    let mut extra = mine.rows.iter();
    let extra = extra.find(|(place, _)| !reference.rows.contains_key(*place));
    Ok(extra.map(|(place, row)| {
        let words = match row.packets.len() {
            1 => "there is a packet where the reference has none".to_owned(),
            n => format!("there are {n} packets where the reference has none"),
        };
        place.difference(words, Some(1), None)
    }))
}

/// Makes these captures the reference, if they differ from it, and with `always`
/// even if only what is left out of a comparison differs. Says whether it did.
pub fn bless(mine: &Path, reference: &Path, always: bool) -> anyhow::Result<bool> {
    if !always && reference.join(ALL).exists() && compare(mine, reference)?.is_none() {
        return Ok(false);
    }
    let packets = capture::read(&mine.join(ALL))?;
    let packets: Vec<_> = packets.iter().filter(|packet| !is_report(packet)).collect();
    if reference.exists() {
        for file in fs::read_dir(reference)? {
            let file = file?.path();
            if file
                .extension()
                .is_some_and(|ending| ending == "pcap" || ending == "pcapng")
            {
                fs::remove_file(file)?;
            }
        }
    }
    let mut all = PcapNg::create(reference, ALL)?;
    let mut files: BTreeMap<(&str, LinkType), (Pcap, u32)> = BTreeMap::new();
    for packet in packets {
        let key = (packet.interface.as_str(), packet.link);
        let (pcap, number) = match files.entry(key) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(slot) => {
                let pcap = Pcap::create(reference, &packet.interface, packet.link)?;
                slot.insert((pcap, all.interface(&packet.interface, packet.link)?))
            }
        };
        pcap.write(packet.time, packet.length, &packet.data)?;
        let direction = packet.direction.context("a packet without a direction")?;
        all.write(*number, direction, packet.time, packet.length, &packet.data)?;
    }
    Ok(true)
}

/// The captures of a folder, without the packets that come at random.
struct Captures {
    files: BTreeSet<String>,
    rows: BTreeMap<Place, Row>,
}

/// Where packets are: in the file of one interface, or in that of all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    in_all: bool,
    interface: String,
}

impl Captures {
    fn read(folder: &Path) -> anyhow::Result<Captures> {
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
    fn not_there(&self, file: &str) -> Difference {
        let here = self.rows.iter().filter(|(place, _)| place.file() == file);
        let packets: usize = here.map(|(_, row)| row.packets.len()).sum();
        let interface = file.strip_suffix(".pcap").unwrap_or("all interfaces");
        Difference {
            interface: interface.to_owned(),
            file: file.to_owned(),
            words: format!("you have no {file}; packets in the reference: {packets}"),
            mine: None,
            reference: Some(1),
        }
    }
}

impl Place {
    fn file(&self) -> String {
        match self.in_all {
            true => ALL.to_owned(),
            false => format!("{}.pcap", self.interface),
        }
    }

    fn difference(
        &self,
        words: String,
        mine: Option<usize>,
        reference: Option<usize>,
    ) -> Difference {
        let words = match self.in_all {
            true => format!("in {ALL}, {words}"),
            false => words,
        };
        Difference {
            interface: self.interface.clone(),
            file: self.file(),
            words,
            mine,
            reference,
        }
    }
}

/// Whether it is a report of multicast groups, or carries one.
fn is_report(packet: &Packet) -> bool {
    let mut packets = packet.dissect().packets.into_iter();
    packets.any(|packet| packet.message == Some(Message::MulticastListenerReport))
}

/// A difference, and when the reference had that packet.
struct Found {
    at: Duration,
    difference: Difference,
}

fn compare_rows(place: &Place, mine: &Row, reference: &Row, pairs: &mut Pairs) -> Option<Found> {
    let steps = align(&mine.packets, &reference.packets);
    pairs.next_row();
    let mut differences = steps.iter().enumerate().filter_map(|(at, step)| {
        let (Some(one), Some(other)) = (step.mine, step.reference) else {
            return Some(words::alone(&steps, at, mine, reference));
        };
        let packets = (&mine.packets[one], &reference.packets[other]);
        let (ours, theirs) = (normalise(packets.0), normalise(packets.1));
        let found = words::first(&ours, &theirs);
        let chosen = match found {
            // A checksum is wrong because of something else, perhaps of this.
            None | Some((Kind::Checksum, _)) => {
                let here = format!("packet {} of {}", mine.numbers[one], place.interface);
                pairs.differ(&ours.chosen, &theirs.chosen, &here)
            }
            Some(_) => None,
        };
        let words = chosen.or(found.map(|(_, words)| words))?;
        Some((*step, words::both(&words, packets)))
    });
    let (step, words) = differences.next()?;
    let last = reference.packets.len().saturating_sub(1);
    let there = reference.packets.get(step.reference.unwrap_or(last));
    Some(Found {
        at: there.map_or(Duration::MAX, |packet| packet.time),
        difference: place.difference(
            words,
            step.mine.map(|at| mine.numbers[at]),
            step.reference.map(|at| reference.numbers[at]),
        ),
    })
}
