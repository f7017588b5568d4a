//! A copy of a chapter's captures, to be changed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use ip_over_udp::capture::{self, LinkType, Packet, Pcap, PcapNg};
use lab::book::Book;
use lab::compare::{Difference, compare, differences};

/// The folder with the reference captures of a chapter.
pub fn reference(chapter: &str) -> PathBuf {
    Book::at(None, None).unwrap().reference(chapter)
}

/// A copy of a chapter's captures, to be changed; gone when it is dropped.
pub struct Mine {
    chapter: &'static str,
    /// What `--out` names.
    pub base: PathBuf,
}

impl Mine {
    pub fn of(chapter: &'static str) -> Mine {
        Mine::in_folder(chapter, "mine")
    }

    pub fn in_folder(chapter: &'static str, name: &str) -> Mine {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = std::process::id();
        let base = std::env::temp_dir().join(format!("ip-over-udp-compare-{id}-{number} {name}"));
        let mine = Mine { chapter, base };
        fs::create_dir_all(mine.folder()).unwrap();
        for file in fs::read_dir(reference(chapter)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), mine.file(file.file_name().to_str().unwrap())).unwrap();
        }
        mine
    }

    pub fn folder(&self) -> PathBuf {
        self.base.join(self.chapter)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn interfaces(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter_map(|name| name.strip_suffix(".pcap").map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    pub fn packets(&self, interface: &str) -> Vec<Packet> {
        capture::read(&self.file(&format!("{interface}.pcap"))).unwrap()
    }

    pub fn write(&self, interface: &str, packets: &[Packet]) {
        let link = packets.first().map_or(LinkType::Raw, |packet| packet.link);
        let mut pcap = Pcap::create(&self.folder(), interface, link).unwrap();
        for it in packets {
            pcap.write(it.time, it.length, &it.data).unwrap();
        }
    }

    pub fn change(self, interface: &str, change: impl FnOnce(&mut Vec<Packet>)) -> Mine {
        let mut packets = self.packets(interface);
        change(&mut packets);
        self.write(interface, &packets);
        self
    }

    /// Changes `all.pcapng`, the only one that knows directions.
    pub fn change_all(self, change: impl FnOnce(&mut Vec<Packet>)) -> Mine {
        let mut packets = capture::read(&self.file("all.pcapng")).unwrap();
        change(&mut packets);
        let mut all = PcapNg::create(&self.folder(), "all.pcapng").unwrap();
        let mut known = Vec::new();
        for it in &packets {
            let number = known.iter().position(|name| *name == it.interface);
            let number = number.unwrap_or_else(|| {
                all.interface(&it.interface, it.link).unwrap();
                known.push(it.interface.clone());
                known.len() - 1
            });
            let direction = it.direction.unwrap();
            all.write(number as u32, direction, it.time, it.length, &it.data)
                .unwrap();
        }
        self
    }

    pub fn compare(&self) -> Option<Difference> {
        compare(&self.folder(), &reference(self.chapter)).unwrap()
    }

    pub fn differences(&self) -> Vec<Difference> {
        differences(&self.folder(), &reference(self.chapter)).unwrap()
    }

    /// The difference at this interface, which must have these words.
    #[track_caller]
    pub fn says(&self, interface: &str, words: &str) -> Difference {
        let found = self.compare().expect("a difference");
        assert_eq!(found.interface, interface, "{}", found.words);
        assert!(found.words.contains(words), "{}", found.words);
        found
    }

    pub fn lab(&self, words: &[&str]) -> Command {
        let mut lab = Command::new(support::built().join("lab"));
        lab.arg("--out").arg(&self.base).args(words);
        lab
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}
