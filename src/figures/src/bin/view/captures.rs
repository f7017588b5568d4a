//! Captures that are read, and the page with their packets.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use figures::explained::{self, Explained};
use figures::explorer::{Beside, Difference, Explorer, Files, MADE_BY};
use ip_over_udp::capture::{self, Packet};

use ip_over_udp::output::eprintln;
use lab::summary::{quoted, shown};
use lab::{compare, programs, run_dir};

/// The file with the packets of all interfaces, in a folder of the lab.
pub const ALL: &str = "all.pcapng";

/// So many packets a page has at most: a browser opens it within a second or two.
const PACKETS: usize = 100_000;

/// More take some seconds, in which a reader should not think that nothing happens.
const MANY: usize = 10_000;

/// Captures that are read, and where their page belongs.
pub struct View {
    title: String,
    packets: Vec<Packet>,
    files: Files,
    notes: Vec<String>,
    beside: Option<Beside>,
    /// Where the page is written if the reader names no other place.
    pub place: PathBuf,
}

impl View {
    /// The captures of a folder or of files, and what differs from the reference, if
    /// there is one.
    ///
    /// # Errors
    /// There are no captures, or one of them cannot be read.
    pub fn of(
        captures: &[PathBuf],
        chapter: Option<&str>,
        reference: Option<&Path>,
    ) -> anyhow::Result<View> {
        let mut view = match captures {
            [folder] if folder.is_dir() => {
                let title = match chapter {
                    Some(chapter) => format!("Chapter {chapter}: your packets"),
                    None => format!("Your packets in {}", shown(folder).display()),
                };
                View::of_folder(folder, title, false)?
            }
            files => View::of_files(files)?,
        };
        if let ([folder], Some(reference)) = (captures, reference.filter(|path| path.exists())) {
            view.beside = Some(beside(folder, reference)?);
        }
        Ok(view)
    }

    /// The capture of a lab that runs.
    ///
    /// # Errors
    /// The lab captures nothing, or the capture cannot be read.
    pub fn of_running(folder: &Path) -> anyhow::Result<View> {
        let title = format!("Your packets in {}", shown(folder).display());
        View::of_folder(folder, title, true)
    }

    /// How many packets the page has.
    pub fn packets(&self) -> usize {
        self.packets.len()
    }

    /// The captures of one lab, in its folder.
    ///
    /// # Errors
    /// There are none, or they cannot be read.
    fn of_folder(folder: &Path, title: String, grows: bool) -> anyhow::Result<View> {
        let all = folder.join(ALL);
        if !all.exists() {
            let mut view = View::of_files(&captures(folder)?)?;
            view.place = folder.join(run_dir::PAGE);
            return Ok(view);
        }
        let mut notes = Vec::new();
        let packets = read(&all, &mut notes, PACKETS, grows)?;
        let names: BTreeSet<&str> = packets.iter().map(|packet| &*packet.interface).collect();
        let alone = names.into_iter().filter_map(|name| {
            let file = folder.join(format!("{name}.pcap"));
            file.exists().then(|| (name.to_owned(), typed(&file)))
        });
        Ok(View {
            title,
            files: Files {
                all: Some(typed(&all)),
                of_interface: alone.collect(),
            },
            packets,
            notes,
            beside: None,
            place: folder.join(run_dir::PAGE),
        })
    }

    /// Captures from anywhere. Those of several files are put in the order of time.
    ///
    /// # Errors
    /// One of them cannot be read.
    fn of_files(paths: &[PathBuf]) -> anyhow::Result<View> {
        let (Some(first), names) = (paths.first(), names(paths)) else {
            bail!("there is no capture to look at");
        };
        let mut files = Files {
            all: None,
            of_interface: Vec::new(),
        };
        let (mut packets, mut notes) = (Vec::new(), Vec::new());
        for (path, name) in paths.iter().zip(&names) {
            let mut of_file = read(path, &mut notes, PACKETS / paths.len(), false)?;
            for packet in &mut of_file {
                if packet.interface.is_empty() {
                    packet.interface.clone_from(name);
                } else if paths.len() > 1 {
                    packet.interface = format!("{name} {}", packet.interface);
                }
            }
            let interfaces: BTreeSet<&str> =
                of_file.iter().map(|packet| &*packet.interface).collect();
            match interfaces.first() {
                Some(interface) if interfaces.len() == 1 => {
                    files
                        .of_interface
                        .push(((*interface).to_owned(), typed(path)));
                }
                _ if paths.len() == 1 => files.all = Some(typed(path)),
                _ => (),
            }
            packets.extend(of_file);
        }
        if paths.len() > 1 {
            packets.sort_by_key(|packet| packet.time);
        }
        let title = match paths.len() {
            1 => shown(first).display().to_string(),
            more => format!("{more} captures"),
        };
        Ok(View {
            title,
            packets,
            files,
            notes,
            beside: None,
            place: first.with_extension("html"),
        })
    }

    /// The page, for a server that tells it of new packets. It has no way from there to
    /// the book's files.
    pub fn live_page(self) -> String {
        self.page(Explained::Nowhere, true)
    }

    fn page(self, explained: Explained, live: bool) -> String {
        let explorer = Explorer {
            title: self.title,
            files: self.files,
            packets: &self.packets,
            notes: self.notes,
            beside: self.beside,
            explained,
            book: None,
            live,
        };
        explorer.page()
    }

    /// Writes the page.
    ///
    /// # Errors
    /// The folder cannot be written to, or a file is there that is no such page.
    pub fn write(self, place: &Path) -> anyhow::Result<()> {
        let shown = shown(place);
        let refused = |why: String| {
            anyhow!(
                "cannot write the page {}: {why}\n  \
                 name another place with --page FILE",
                shown.display()
            )
        };
        let failed = |err: io::Error| refused(err.to_string());
        match fs::metadata(place) {
            Ok(there) if !there.is_file() => return Err(refused("it is no file".to_owned())),
            Ok(_) if !is_page(place).map_err(failed)? => {
                return Err(refused(
                    "what is there is no page of cargo lab view".to_owned(),
                ));
            }
            Err(err) if err.kind() != ErrorKind::NotFound => return Err(failed(err)),
            _ => (),
        }
        // In a folder of the lab it goes with the captures when those go.
        let folder = place.parent().unwrap_or(Path::new(""));
        if place.ends_with(run_dir::PAGE)
            && run_dir::made(folder)?
                .is_some_and(|made| !made.iter().any(|file| file == run_dir::PAGE))
        {
            run_dir::will_make(folder, run_dir::PAGE)?;
        }
        if self.packets.len() > MANY {
            eprintln!("making a page of {} packets", self.packets.len());
        }
        let page = self.page(explained(place), false);
        // Renamed, so that a browser never reads half of it.
        let new = place.with_extension("html.new");
        fs::write(&new, page)
            .and_then(|()| fs::rename(&new, place))
            .map_err(|err| {
                let _ = fs::remove_file(&new);
                failed(err)
            })
    }
}

/// What differs from the reference, in words at the packets.
fn beside(folder: &Path, reference: &Path) -> anyhow::Result<Beside> {
    let mut beside = Beside::default();
    for found in compare::differences(folder, reference)? {
        let compare::Difference {
            what, mine, others, ..
        } = &found;
        if found.file != ALL {
            beside.elsewhere.push(format!("{}: {what}", found.file));
            continue;
        }
        let mut words = match found.mine_info {
            Some(_) => what.clone(),
            // The packets that are missing would be before this one.
            None if mine.is_some() => format!("before this packet: {what}"),
            None => what.clone(),
        };
        if let Some(info) = &found.reference_info {
            words += &format!("\nreference: {info}");
        }
        beside.differences.push(Difference {
            packet: *mine,
            words,
        });
        let again = others.iter().map(|other| Difference {
            packet: Some(*other),
            words: what.clone(),
        });
        beside.differences.extend(again);
    }
    Ok(beside)
}

/// Whether a file is a page of this program, by its first lines.
fn is_page(file: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(1000).read_to_end(&mut start)?;
    Ok(String::from_utf8_lossy(&start).contains(MADE_BY))
}

/// The packets of a capture, as many as the page can have, and what the reader must
/// know of them. Of a file that grows, the last packet may be there in part.
fn read(
    path: &Path,
    notes: &mut Vec<String>,
    limit: usize,
    grows: bool,
) -> anyhow::Result<Vec<Packet>> {
    let there = capture::read_what_is_there(path, limit)?;
    let file = shown(path);
    let file = file.display();
    if there.left_out > 0 {
        notes.push(format!(
            "{file} has {} more packets, which this page leaves out. \
             To see those, take a part of the file: editcap -r {file} PART.pcapng {}-{}",
            there.left_out,
            limit + 1,
            limit + there.left_out.min(limit)
        ));
    }
    if there.without_time > 0 {
        notes.push(format!(
            "{file} has no times for {} of its packets; here theirs is 0.",
            there.without_time
        ));
    }
    if let Some(damage) = there.damage.filter(|_| !grows) {
        notes.push(format!("{file} is not complete: {damage}."));
    }
    Ok(there.packets)
}

/// The captures in a folder that no lab made.
fn captures(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let none = || format!("there are no captures in {}", shown(folder).display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(none)? {
        let path = entry?.path();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if ["pcap", "pcapng", "cap"].contains(&&*ending) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        bail!("{}", none());
    }
    paths.sort();
    Ok(paths)
}

/// A name for each file: its own, and where two have the same one, that of its
/// folder before it, so that `left/tun0.pcap` is `left-tun0`.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let own = |path: &Path| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let mut count: HashMap<String, usize> = HashMap::new();
    for path in paths {
        *count.entry(own(path)).or_default() += 1;
    }
    let name = |path: &PathBuf| {
        let (name, folder) = (own(path), path.parent().and_then(Path::file_name));
        match folder.filter(|_| count[&name] > 1) {
            Some(folder) => format!("{}-{name}", folder.to_string_lossy()),
            None => name,
        }
    };
    paths.iter().map(name).collect()
}

/// A path as a word of a command.
fn typed(path: &Path) -> String {
    quoted(&shown(path))
}

/// Where fields are explained for a page at this place: in the book, if it has been
/// built.
fn explained(place: &Path) -> Explained {
    let there = || {
        let target = programs::tree().ok()?.join("target");
        let page = target.join("book").join(explained::PAGE);
        let folder = std::path::absolute(place).ok()?;
        let up = folder.parent()?.strip_prefix(&target).ok()?.components();
        let up = "../".repeat(up.count());
        page.exists()
            .then(|| format!("{up}book/{}", explained::PAGE))
    };
    there().map_or(Explained::Nowhere, Explained::At)
}
