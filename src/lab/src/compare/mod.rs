//! The reader's captures and the reference: are they the same, and if not,
//! what is the first difference, and what are all of them?
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

use anyhow::Context;

use ip_over_udp::capture::{self, LinkType, Pcap, PcapNg};

mod align;
mod beside;
mod blank;
mod captures;
mod chosen;
mod fact;
mod moved;
mod normalise;
mod title;
mod words;

use align::Row;
use beside::{Beside, Found};
use captures::{Captures, is_report};
use chosen::Pairs;

/// The file with the packets of all interfaces.
const ALL: &str = "all.pcapng";

/// A difference between two captures of one chapter.
#[derive(Debug)]
pub struct Difference {
    /// The interface at which it is, as in `left-eth0`.
    pub interface: String,
    /// The file in which it is, as in `left-eth0.pcap`.
    pub file: String,
    /// What differs, in words, with the packets that show it.
    pub words: String,
    /// The same for a page that shows the packets: without them, and without the
    /// name of the file.
    pub what: String,
    /// The number of the packet in each file, from 1, where there is one. If
    /// packets are missing, of the one that comes in their place.
    pub mine: Option<usize>,
    /// The same, in the reference.
    pub reference: Option<usize>,
    /// If it is about several extra packets, the numbers of all but the first.
    pub others: Vec<usize>,
    /// A line about the packet of the capture that differs, is extra or has moved;
    /// `None` if packets are missing.
    pub mine_info: Option<String>,
    /// A line about that of the reference; `None` if it has no counterpart.
    pub reference_info: Option<String>,
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
        let found = Beside::new(place, ours, theirs).first(&mut pairs);
        let earlier = |found: &Found| first.as_ref().is_none_or(|first| found.at < first.at);
        first = found.filter(earlier).or(first);
    }
    if let Some(first) = first {
        return Ok(Some(first.difference));
    }
    let mut extra = mine.rows.iter();
    let extra = extra.find(|(place, _)| !reference.rows.contains_key(*place));
    Ok(extra.map(|(place, row)| place.not_in_reference(row, 1)))
}

/// All differences of the packets in `all.pcapng`, in their order there, each
/// told where it begins. Another file is compared if `all.pcapng` has no
/// difference at its interface, and only the first difference in it is told,
/// behind the others. Files that are missing come before all.
///
/// # Errors
/// As for [`compare`].
pub fn differences(mine: &Path, reference: &Path) -> anyhow::Result<Vec<Difference>> {
    let (mine, reference) = (Captures::read(mine)?, Captures::read(reference)?);
    let gone: BTreeSet<_> = reference.files.difference(&mine.files).collect();
    let mut pairs = Pairs::that_tell_once();
    let nothing = Row::default();
    let places: BTreeSet<_> = mine.rows.keys().chain(reference.rows.keys()).collect();
    let places = places
        .into_iter()
        .filter(|place| !gone.contains(&place.file()));
    let (in_all, alone): (Vec<_>, Vec<_>) = places.partition(|place| place.in_all);

    let mut found = Vec::new();
    let mut rows = Vec::new();
    for place in in_all {
        let ours = mine.rows.get(place).unwrap_or(&nothing);
        match reference.rows.get(place) {
            Some(theirs) => rows.push(Beside::new(place, ours, theirs)),
            None => {
                let mut extra = place.not_in_reference(ours, ours.numbers[0]);
                extra.others.extend(&ours.numbers[1..]);
                found.push(extra);
            }
        }
    }
    // Packets of one row stay in their order; what they contradict is told where
    // it came first, at whatever interface.
    let steps = rows.iter().enumerate().flat_map(|(row, beside)| {
        let order = beside.order().into_iter().enumerate();
        order.map(move |(at, before)| (before, row, at))
    });
    let mut steps: Vec<_> = steps.collect();
    steps.sort_unstable();
    for (_, row, at) in steps {
        let step = rows[row].step(at, &mut pairs);
        found.extend(step.map(|found| found.difference));
    }
    // One that has moved is told where it is missing, and shown where it is.
    found.sort_by_key(|difference| difference.mine.unwrap_or(usize::MAX));

    let told: BTreeSet<String> = found.iter().map(|it| it.interface.clone()).collect();
    for place in alone.into_iter().filter(|it| !told.contains(&it.interface)) {
        let ours = mine.rows.get(place).unwrap_or(&nothing);
        found.extend(match reference.rows.get(place) {
            Some(theirs) => {
                let first = Beside::new(place, ours, theirs).first(&mut pairs);
                first.map(|found| found.difference)
            }
            None => Some(place.not_in_reference(ours, ours.numbers[0])),
        });
    }
    let gone = gone.into_iter().map(|file| reference.not_there(file));
    Ok(gone.chain(found).collect())
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
