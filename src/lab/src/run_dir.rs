//! The folder of a run: `target/lab/06`, with the captures, and while the lab
//! runs a file `running`, by which other terminals find it.
//!
//! A lock on the folder tells a running lab from the remains of a killed one.
//! The kernel drops it with the lab's first process, however that ends.
//!
//! The folder is the reader's too: shells begin in it. So the lab keeps a list
//! of the captures that it makes, and removes those alone.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};

use crate::hosts::Host;
use crate::namespace;

/// A folder that belongs to this run until it is dropped.
pub struct RunDir {
    path: PathBuf,
    _lock: Flock<File>,
}

impl RunDir {
    /// Claims `BASE/NAME`, or `BASE/NAME-2` and so on while others run in
    /// there, and clears what an earlier run left in it.
    pub fn claim(base: &Path, name: &str) -> anyhow::Result<RunDir> {
        for number in 1..100 {
            let path = match number {
                1 => base.join(name),
                _ => base.join(format!("{name}-{number}")),
            };
            fs::create_dir_all(&path)
                .with_context(|| format!("cannot create {}", path.display()))
                .context(NOT_WRITABLE)?;
            if let Some(lock) = lock(&path)? {
                clear(&path)
                    .with_context(|| format!("cannot clear {}", path.display()))
                    .context(NOT_WRITABLE)?;
                return Ok(RunDir { path, _lock: lock });
            }
        }
        bail!(
            "a hundred labs run in {} already\n  end some of them, or choose another folder with --out DIR",
            base.display()
        );
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file by which [`find`] recognises this run. `pid` is the
    /// process number of the lab's first process, as the machine sees it.
    pub fn announce<'a>(
        &self,
        pid: u32,
        hosts: impl Iterator<Item = &'a Host>,
    ) -> anyhow::Result<()> {
        let mut text = format!("{pid}\n");
        for host in hosts {
            let [net, mnt, uts] = host.descriptors();
            writeln!(text, "{} {net} {mnt} {uts}", host.name)?;
        }
        // Renamed, so that no process reads half of it.
        let new = self.path.join("running.new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, self.path.join("running")))
            .with_context(|| format!("cannot write {}", new.display()))
            .context(NOT_WRITABLE)
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.path.join(OUTPUT));
        let _ = fs::remove_file(self.path.join("running"));
    }
}

const NOT_WRITABLE: &str = "the lab needs a folder for its captures; give one with --out DIR";

/// The lock on the folder, or `None` if a running lab has it.
fn lock(path: &Path) -> anyhow::Result<Option<Flock<File>>> {
    let folder = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, err)) => Err(err).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// The folder in it for what the commands of a chapter print, while it plays.
pub const OUTPUT: &str = ".output";

/// The page with its packets, that `cargo lab view` makes.
pub const PAGE: &str = "view.html";

/// The file in it with the names of the captures that the lab made.
const MADE: &str = ".made";

/// Takes a capture into the list, before it is made. A file of that name is not
/// ours, or it would have been removed: it is kept as `NAME~`.
pub fn will_make(path: &Path, name: &str) -> anyhow::Result<()> {
    let (file, list) = (path.join(name), path.join(MADE));
    if file.exists() {
        let aside = path.join(format!("{name}~"));
        fs::rename(&file, aside).with_context(|| format!("cannot put {} aside", file.display()))?;
    }
    File::options()
        .create(true)
        .append(true)
        .open(&list)
        .and_then(|mut list| list.write_all(format!("{name}\n").as_bytes()))
        .with_context(|| format!("cannot write {}", list.display()))
        .context(NOT_WRITABLE)
}

/// The captures in a folder that a lab made there. Where there is no such list,
/// it is no lab's folder, and `None`.
pub fn made(path: &Path) -> io::Result<Option<Vec<String>>> {
    match fs::read_to_string(path.join(MADE)) {
        Ok(list) => Ok(Some(list.lines().map(str::to_owned).collect())),
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
        Err(err) => Err(err),
    }
}

/// Removes what labs made, and nothing else.
fn clear(path: &Path) -> io::Result<()> {
    let gone = |done: io::Result<()>| match done {
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    };
    gone(fs::remove_dir_all(path.join(OUTPUT)))?;
    for name in made(path)?.unwrap_or_default() {
        // A name without a folder, whichever program wrote the list.
        if let Some(name) = Path::new(&name).file_name() {
            gone(fs::remove_file(path.join(name)))?;
        }
    }
    for name in ["running", "running.new", MADE] {
        gone(fs::remove_file(path.join(name)))?;
    }
    Ok(())
}

/// Whether shells of other terminals are in the lab with this folder.
pub fn has_guests(path: &Path) -> anyhow::Result<bool> {
    let file = File::open(path.join("running")).with_context(|| {
        format!(
            "the lab's folder {} was removed while the lab ran",
            path.display()
        )
    })?;
    Ok(Flock::lock(file, FlockArg::LockExclusiveNonblock).is_err())
}

/// Waits until the last of them has ended.
pub fn wait_for_guests(path: &Path) -> anyhow::Result<()> {
    let file = File::open(path.join("running"))?;
    let lock = Flock::lock(file, FlockArg::LockExclusive);
    lock.map(drop).map_err(|(_, err)| err.into())
}

/// Removes what killed labs left of the files by which they are found.
pub fn sweep(base: &Path) {
    for path in fs::read_dir(base).into_iter().flatten().flatten() {
        let path = path.path();
        if path.join("running").exists()
            && let Ok(Some(_lock)) = lock(&path)
        {
            let _ = fs::remove_file(path.join("running"));
        }
    }
}

/// A lab that runs in some other process of the same user.
pub struct Running {
    path: PathBuf,
    pid: u32,
    hosts: Vec<(String, [i32; 3])>,
}

impl Running {
    /// The folder with its captures.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Enters the lab's user namespace, and returns one of its hosts.
    pub fn join(&self, name: &str, programs: &Path) -> anyhow::Result<Host> {
        let mut hosts = self.hosts.iter();
        let (_, descriptors) = hosts.find(|host| host.0 == name).with_context(|| {
            format!("the running lab has no host {name}; its hosts are left, internet and right")
        })?;
        let host = Host::join(name, programs, self.pid, *descriptors)
            .and_then(|host| namespace::join(self.pid).map(|()| host));
        host.with_context(|| format!("cannot join the lab in {}", self.path.display()))
    }

    /// Makes programs that are started from now on a part of the lab, and keeps
    /// the lab from ending by itself for as long as the result is held.
    pub fn stay(&self) -> anyhow::Result<Flock<File>> {
        namespace::join_processes(self.pid)?;
        let file = File::open(self.path.join("running"))?;
        Flock::lock(file, FlockArg::LockShared).map_err(|(_, err)| err.into())
    }

    /// Whether it is there to be joined: `cargo lab up`. A chapter's lab ends
    /// with its experiment.
    pub fn is_for_guests(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name == "up" || name.starts_with("up-")
    }

    /// Whether it has ended, or is just about to: its first process is dead once
    /// all others are buried, those of guests too.
    ///
    /// The lock is not tried: a process that tries it has it for a moment, and
    /// would hide the end from [`sweep`].
    pub fn has_ended(&self) -> bool {
        let stat = format!("/proc/{}/stat", self.pid);
        let alive = || fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        let until = Instant::now() + Duration::from_secs(1);
        while alive() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        !alive()
    }

    /// Returns once that lab has ended.
    pub fn wait_for_end(&self) {
        wait_for_end(&self.path);
    }
}

/// Returns once the lab with this folder has ended.
pub fn wait_for_end(path: &Path) {
    if let Ok(folder) = File::open(path) {
        let _ = Flock::lock(folder, FlockArg::LockShared);
    }
}

/// The lab below `base` to join, of those that run now: one that is there for
/// that, and of several the one that was started last.
pub fn find(base: &Path) -> Option<Running> {
    let mut running: Vec<_> = fs::read_dir(base)
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let file = path.join("running");
            let started = fs::metadata(&file).ok()?.modified().ok()?;
            // A lock that can be taken belongs to no process: the remains of a lab
            // that was killed.
            if !matches!(lock(&path), Ok(None)) {
                return None;
            }
            Some((started, parse(path, &fs::read_to_string(file).ok()?)?))
        })
        .collect();
    running.sort_by_key(|(started, lab)| (lab.is_for_guests(), *started));
    running.pop().map(|(_, lab)| lab)
}

fn parse(path: PathBuf, text: &str) -> Option<Running> {
    let mut lines = text.lines();
    let pid = lines.next()?.parse().ok()?;
    let hosts = lines
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next()?.to_owned();
            let numbers: Vec<i32> = words.filter_map(|word| word.parse().ok()).collect();
            Some((name, numbers.try_into().ok()?))
        })
        .collect::<Option<_>>()?;
    Some(Running { path, pid, hosts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_gets_a_folder_of_its_own() {
        let base = std::env::temp_dir().join(format!("ip-over-udp-{}", std::process::id()));
        let first = RunDir::claim(&base, "06").unwrap();
        let second = RunDir::claim(&base, "06").unwrap();
        assert_eq!(first.path(), base.join("06"));
        assert_eq!(second.path(), base.join("06-2"));

        drop(first);
        // The remains of a killed run: found by no one, cleared by the next.
        fs::write(base.join("06/running"), "1\nleft 3 4 5\n").unwrap();
        will_make(&base.join("06"), "left-eth0.pcap").unwrap();
        fs::write(base.join("06/left-eth0.pcap"), "").unwrap();
        let readers =
            ["06/notes.txt", "06/my-evidence.pcap", "all.pcapng"].map(|file| base.join(file));
        for file in &readers {
            fs::write(file, "the reader's own").unwrap();
        }
        // A list that was tampered with reaches nothing outside the folder.
        let list = base.join("06").join(MADE);
        fs::write(&list, "left-eth0.pcap\n../all.pcapng\n").unwrap();
        assert!(find(&base).is_none());
        let third = RunDir::claim(&base, "06").unwrap();
        assert_eq!(third.path(), base.join("06"));
        assert!(!base.join("06/running").exists());
        assert!(!base.join("06/left-eth0.pcap").exists());
        assert!(readers.iter().all(|file| file.exists()));
        will_make(third.path(), "my-evidence.pcap").unwrap();
        assert!(base.join("06/my-evidence.pcap~").exists());

        fs::write(base.join("06/running"), "77\nleft 3 4 5\n").unwrap();
        let found = find(&base).unwrap();
        assert_eq!(found.pid, 77);
        assert_eq!(found.hosts, [("left".to_owned(), [3, 4, 5])]);

        // A lab that is for guests comes before one that was started later.
        let up = RunDir::claim(&base, "up").unwrap();
        for name in ["up/running", "06/running"] {
            let this = std::process::id();
            fs::write(base.join(name), format!("{this}\nleft 3 4 5\n")).unwrap();
        }
        let found = find(&base).unwrap();
        assert_eq!(found.path(), base.join("up"));
        assert!(found.is_for_guests() && !found.has_ended());
        drop(up);
        fs::remove_dir_all(base).unwrap();
    }
}
