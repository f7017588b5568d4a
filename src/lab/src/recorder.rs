//! Captures every interface of every host, for as long as the lab runs.
//!
//! `left-eth0.pcap` and so on have one interface each; `all.pcapng` has them
//! all, in the order of time.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io::{self, BufWriter, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::relay::DEVICES;
use crate::run_dir::{self, Running};
use ip_over_udp::capture::RecordFile;
use ip_over_udp::capture::{Direction, LinkType, PacketSocket, Pcap, PcapNg, now};
use ip_over_udp::output::eprintln;

/// How long a frame is held back before it goes into `all.pcapng`: longer than
/// the kernel takes from noting the time of a frame to handing it to us.
const HOLD: Duration = Duration::from_millis(5);

/// How long no frame must be seen for the network to count as silent: longer
/// than the 40 ms by which Linux delays an acknowledgement.
const SILENCE: Duration = Duration::from_millis(60);

/// How many frames are read from one host before the next has its turn.
const BURST: usize = 64;

/// Captures in a thread, until it is told to finish.
pub struct Recorder {
    keep: PipeWriter,
    /// How many frames have been seen so far.
    seen: Arc<AtomicU64>,
    /// What is seen now is not written.
    paused: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<Vec<Recorded>>>,
}

/// What was captured of one interface, named as in `left-eth0`.
pub struct Recorded {
    /// The host.
    pub host: String,
    /// Host and interface.
    pub interface: String,
    /// How many frames were captured.
    pub packets: u64,
    /// Frames of the whole host that were lost because we read too slowly.
    pub missed: u32,
}

/// Which hosts' captures have gaps, in words; `None` if they are complete.
pub fn missed(recorded: &[Recorded]) -> Option<String> {
    let hosts: BTreeMap<_, _> = recorded
        .iter()
        .map(|interface| (&interface.host, interface.missed))
        .collect();
    let gaps: Vec<_> = hosts
        .iter()
        .filter(|(_, missed)| **missed > 0)
        .map(|(host, missed)| format!("{missed} on {host}"))
        .collect();
    (!gaps.is_empty()).then(|| {
        format!(
            "packets missed, because they came faster than they could be written: {}",
            gaps.join(", ")
        )
    })
}

impl Recorder {
    /// Starts to write what the sockets hear into files in `dir`.
    pub fn start(dir: &Path, sockets: Vec<(String, PacketSocket)>) -> anyhow::Result<Recorder> {
        let (end, keep) = io::pipe().context("cannot start the recorder")?;
        let seen = Arc::new(AtomicU64::new(0));
        let paused = Arc::new(AtomicBool::new(false));
        run_dir::will_make(dir, "all.pcapng")?;
        let mut files = Files {
            dir: dir.to_owned(),
            all: PcapNg::create(dir, "all.pcapng")?,
            interfaces: BTreeMap::new(),
            names: BTreeSet::new(),
            held: BinaryHeap::new(),
            seen: Arc::clone(&seen),
            paused: Arc::clone(&paused),
        };
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                run(sockets, &mut files, end)
                    .inspect_err(|err| eprintln!("the lab has stopped capturing: {err:#}"))
            })
            .context("cannot start the recorder")?;
        Ok(Recorder {
            keep,
            seen,
            paused,
            thread,
        })
    }

    /// From now on, until it is called with `false`, what is seen is not written.
    /// Between the two the network is to be silent: see [`Recorder::settle`].
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    /// Waits until the network has fallen silent, for a second at most: what
    /// a program set off may still be on its way when the program has ended.
    pub fn settle(&self) {
        let mut before = u64::MAX;
        for _ in 0..16 {
            let now = self.seen.load(Ordering::Relaxed);
            if now == before {
                return;
            }
            before = now;
            std::thread::sleep(SILENCE);
        }
    }

    /// Whether it has ended by itself, with an error that it has told.
    pub fn has_failed(&self) -> bool {
        self.thread.is_finished()
    }

    /// Writes what is still queued, and ends.
    pub fn finish(self) -> anyhow::Result<Vec<Recorded>> {
        drop(self.keep);
        let recorded = self.thread.join();
        let recorded =
            recorded.map_err(|_| anyhow::anyhow!("the thread that captures has died"))?;
        recorded.map_err(|_| anyhow::anyhow!("the captures are incomplete; see above why"))
    }
}

fn run(
    mut sockets: Vec<(String, PacketSocket)>,
    files: &mut Files,
    end: PipeReader,
) -> anyhow::Result<Vec<Recorded>> {
    // When we were asked to end: frames from before are still written, and
    // later ones are not waited for. On a busy network there is always one.
    let mut ended: Option<Duration> = None;
    loop {
        // Up to here, every host has told all.
        let mut told = now();
        let mut idle = true;
        for (host, socket) in &mut sockets {
            // Only so many of each, so that a busy host does not keep the
            // others waiting until their queues are full.
            for nth in 0..BURST {
                let Some(frame) = socket.recv()? else { break };
                if ended.is_some_and(|ended| frame.time > ended) {
                    break;
                }
                idle = false;
                files.write(host, &frame)?;
                if nth == BURST - 1 {
                    told = told.min(frame.time);
                }
            }
        }
        files.release(told.saturating_sub(HOLD))?;
        if ended.is_some() {
            if idle {
                break;
            }
            continue;
        }
        let mut fds: Vec<_> = sockets
            .iter()
            .map(|(_, socket)| socket.as_fd())
            .chain([end.as_fd()])
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let timeout = match (idle, files.held.is_empty()) {
            (false, _) => PollTimeout::ZERO,
            (true, false) => PollTimeout::try_from(HOLD)?,
            (true, true) => PollTimeout::NONE,
        };
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => (),
            Err(err) => return Err(err).context("cannot wait for frames"),
        }
        if fds.last().and_then(PollFd::any) == Some(true) {
            ended = Some(now());
        }
    }
    files.release(Duration::MAX)?;

    let missed: BTreeMap<_, _> = sockets
        .iter()
        .map(|(host, socket)| (host.clone(), socket.drops()))
        .collect();
    let interfaces = std::mem::take(&mut files.interfaces).into_values();
    Ok(interfaces
        .map(|interface| Recorded {
            missed: missed.get(&interface.host).copied().unwrap_or(0),
            host: interface.host,
            interface: interface.name,
            packets: interface.packets,
        })
        .collect())
}

/// Writes what one interface sends and receives to standard output, as pcapng,
/// until no program reads it any more or the lab has ended. To be called in the
/// network namespace of the host.
pub fn stream(interface: &str, lab: Running) -> anyhow::Result<()> {
    let mut socket = PacketSocket::open()?;
    std::thread::spawn(move || {
        lab.wait_for_end();
        std::process::exit(0);
    });
    let out = io::stdout();
    let mut file = PcapNg::new("standard output".into(), BufWriter::new(out.lock()))?;
    let mut number = None;
    loop {
        while let Some(frame) = socket.recv()? {
            if frame.interface != interface {
                continue;
            }
            let number = match number {
                Some(number) => number,
                None => *number.insert(file.interface(interface, frame.link)?),
            };
            file.write(
                number,
                frame.direction,
                frame.time,
                frame.length,
                frame.data,
            )?;
        }
        let mut fds = [
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(out.as_fd(), PollFlags::empty()), // errors only
        ];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) if fds[1].any() == Some(true) => return Ok(()),
            Ok(_) | Err(Errno::EINTR) => (),
            Err(err) => return Err(err).context("cannot wait for frames"),
        }
    }
}

struct Files {
    dir: PathBuf,
    all: PcapNg<RecordFile>,
    /// By host, interface and link type: a name can come back as another kind.
    interfaces: BTreeMap<(String, String, LinkType), Interface>,
    /// The names of the interfaces so far.
    names: BTreeSet<String>,
    held: BinaryHeap<Reverse<Held>>,
    seen: Arc<AtomicU64>,
    paused: Arc<AtomicBool>,
}

struct Interface {
    host: String,
    name: String,
    pcap: Pcap,
    number: u32,
    packets: u64,
}

/// A frame on its way into `all.pcapng`, ordered by time, and those of one
/// instant in the order in which they came.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    time: Duration,
    /// How many frames came before it, at any interface.
    order: u64,
    number: u32,
    direction: Direction,
    length: u32,
    data: Vec<u8>,
}

impl Files {
    fn write(&mut self, host: &str, frame: &ip_over_udp::capture::Frame) -> anyhow::Result<()> {
        let before = self.seen.fetch_add(1, Ordering::Relaxed);
        let relay = host == "internet" && DEVICES.contains(&frame.interface);
        if relay || self.paused.load(Ordering::Relaxed) {
            return Ok(());
        }
        let key = (host.to_owned(), frame.interface.to_owned(), frame.link);
        let interface = match self.interfaces.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(slot) => {
                let mut name = format!("{host}-{}", frame.interface);
                if !self.names.insert(name.clone()) {
                    name += "-2";
                }
                run_dir::will_make(&self.dir, &format!("{name}.pcap"))?;
                slot.insert(Interface {
                    host: host.to_owned(),
                    pcap: Pcap::create(&self.dir, &name, frame.link)?,
                    number: self.all.interface(&name, frame.link)?,
                    name,
                    packets: 0,
                })
            }
        };
        interface.packets += 1;
        interface.pcap.write(frame.time, frame.length, frame.data)?;
        self.held.push(Reverse(Held {
            time: frame.time,
            order: before,
            number: interface.number,
            direction: frame.direction,
            length: frame.length,
            data: frame.data.to_vec(),
        }));
        Ok(())
    }

    /// Writes the held frames from before `time`.
    fn release(&mut self, time: Duration) -> anyhow::Result<()> {
        while let Some(Reverse(first)) = self.held.peek()
            && first.time <= time
        {
            if let Some(Reverse(frame)) = self.held.pop() {
                let (number, direction) = (frame.number, frame.direction);
                self.all
                    .write(number, direction, frame.time, frame.length, &frame.data)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ip_over_udp::capture::Frame;
    use ip_over_udp::capture::read;

    #[test]
    fn frames_of_one_instant_stay_in_the_order_in_which_they_came() {
        let dir = std::env::temp_dir().join(format!("ip-over-udp-order-{}", std::process::id()));
        let mut files = Files {
            paused: Arc::default(),
            dir: dir.clone(),
            all: PcapNg::create(&dir, "all.pcapng").unwrap(),
            interfaces: BTreeMap::new(),
            names: BTreeSet::new(),
            held: BinaryHeap::new(),
            seen: Arc::default(),
        };
        let mut came = |interface, time, data: &[u8]| {
            let frame = Frame {
                interface,
                link: LinkType::Raw,
                direction: Direction::Out,
                time: Duration::from_secs(time),
                length: 1,
                data,
            };
            files.write("left", &frame).unwrap();
        };
        // tun0 has a frame more by then, and that is no reason to come later.
        came("tun0", 2, b"2");
        came("tun0", 1, b"1");
        came("tun0", 3, b"3");
        came("tun1", 3, b"4");
        came("tun0", 3, b"5");
        files.release(Duration::MAX).unwrap();
        let all = read(&dir.join("all.pcapng")).unwrap();
        let order: Vec<u8> = all.iter().map(|packet| packet.data[0]).collect();
        assert_eq!(order, *b"12345");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
