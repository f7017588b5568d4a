//! `--capture DIR`: writes the packets of a program's interfaces to files in DIR.
//!
//! `DIR/tun0.pcap` has the packets of the tunnel interface, `DIR/eth0.pcap`
//! those of the real one, and `DIR/both.pcapng` has both, in one list. A thread
//! does the writing, so that the program's own loop stays the same.

use std::collections::HashMap;
use std::io::{PipeReader, PipeWriter};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use nix::unistd::{AccessFlags, access};

use super::packet::now;
use super::packet_socket::{Frame, PacketSocket};
use super::writer::{Pcap, PcapNg, RecordFile};
use crate::egress;
use crate::error::{Error, Result};
use crate::poll::readable;

/// How many frames are read before the thread looks whether it is to end.
const BURST: usize = 64;

/// A capture of some interfaces of this host. Without a folder it is off, and
/// all its functions do nothing.
pub struct LiveCapture {
    dir: PathBuf,
    state: State,
    /// Whether it has been said why nothing is written yet.
    told: bool,
}

enum State {
    Off,
    /// The kernel keeps frames for us, and we do not read them yet.
    Listening(PacketSocket),
    /// Dropping the writer ends the thread.
    Running(PipeWriter, JoinHandle<Outcome>),
}

/// What a capture came to.
#[derive(Default)]
struct Outcome {
    packets: u64,
    missed: u64,
    /// It ended before the program did.
    stopped: bool,
}

impl LiveCapture {
    /// Begins to listen: the kernel keeps frames from now on. Which interfaces are
    /// wanted is said later, with [`LiveCapture::start`]; until then the queue must
    /// hold the frames of all.
    ///
    /// # Errors
    /// There is no right to capture, or none to write to the folder.
    pub fn open(dir: Option<&Path>) -> Result<LiveCapture> {
        let Some(dir) = dir else {
            return Ok(LiveCapture {
                dir: PathBuf::new(),
                state: State::Off,
                told: false,
            });
        };
        std::fs::create_dir_all(dir)
            .and_then(|()| Ok(access(dir, AccessFlags::W_OK)?))
            .map_err(|err| Error::capture_file(dir, err))?;
        Ok(LiveCapture {
            dir: dir.to_owned(),
            state: State::Listening(PacketSocket::open()?),
            told: false,
        })
    }

    /// Begins to write the frames of these interfaces, from [`LiveCapture::open`] on.
    /// Once it runs, calling this again changes nothing.
    pub fn start(&mut self, interfaces: &[&str]) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Off) {
            State::Listening(socket) => {
                let files = Files::create(&self.dir, interfaces)?;
                let failed = |err| Error::system("cannot start the capture", err);
                let (end, keep) = std::io::pipe().map_err(failed)?;
                let thread = std::thread::Builder::new()
                    .name("capture".to_owned())
                    .spawn(move || run(socket, files, end))
                    .map_err(failed)?;
                self.state = State::Running(keep, thread);
            }
            other => self.state = other,
        }
        Ok(())
    }

    /// [`LiveCapture::start`] for a program that learns from its first datagram
    /// where its peer is: adds the egress interface. Until there is a route to the
    /// peer nothing is written, and the program goes on. The message is printed
    /// once, because forged senders could otherwise fill a disk with it.
    pub fn start_with_egress(&mut self, interfaces: &[&str], peer: SocketAddr) -> Result<()> {
        if !matches!(self.state, State::Listening(_)) {
            return Ok(());
        }
        match egress::interface_to(peer) {
            Ok(egress) => self.start(&[interfaces, &[&egress]].concat()),
            Err(err) => {
                if !std::mem::replace(&mut self.told, true) {
                    eprintln!("nothing is captured yet: {err}");
                }
                Ok(())
            }
        }
    }

    /// Writes what is still queued, ends, and prints how much was captured.
    pub fn finish(self) {
        let State::Running(keep, thread) = self.state else {
            return;
        };
        drop(keep);
        if let Ok(outcome) = thread.join() {
            let dir = self.dir.display();
            let missed = match outcome.missed {
                0 => String::new(),
                missed => format!(", {missed} missed"),
            };
            let stopped = match outcome.stopped {
                true => ", then the capture stopped",
                false => "",
            };
            println!(
                "{} packets captured in {dir}{missed}{stopped}",
                outcome.packets
            );
        }
    }
}

/// The thread. An error of a file ends the capture, and never the program: a
/// tunnel does not stop because a disk is full.
fn run(mut socket: PacketSocket, mut files: Files, end: PipeReader) -> Outcome {
    let mut outcome = Outcome::default();
    if let Err(err) = copy(&mut socket, &mut files, &end, &mut outcome.packets) {
        eprintln!("the capture stops here, the program goes on: {err}");
        outcome.stopped = true;
    }
    outcome.missed = socket.drops().into();
    outcome
}

/// Copies frames from the socket to the files, until `end` closes and the socket
/// is empty.
fn copy(
    socket: &mut PacketSocket,
    files: &mut Files,
    end: &PipeReader,
    packets: &mut u64,
) -> Result<()> {
    loop {
        let [_, ended] = readable([socket.as_fd(), end.as_fd()])?;
        // Frames that came before are still written, and newer ones are not: on a
        // busy interface there is always one.
        let until = ended.then(now);
        let most = if ended { usize::MAX } else { BURST };
        for _ in 0..most {
            match socket.recv()? {
                Some(frame) if until.is_none_or(|until| frame.time <= until) => {
                    *packets += u64::from(files.write(&frame)?);
                }
                _ => break,
            }
        }
        if ended {
            return Ok(());
        }
    }
}

/// A classic pcap for each interface, and a pcapng for all if there are two.
struct Files {
    dir: PathBuf,
    /// The wanted interfaces. The link type of one is known from its first frame
    /// on; its file is created then.
    wanted: HashMap<String, Option<(Pcap, u32)>>,
    all: Option<PcapNg<RecordFile>>,
}

impl Files {
    fn create(dir: &Path, interfaces: &[&str]) -> Result<Files> {
        let all = match interfaces.len() {
            0 | 1 => None,
            _ => Some(PcapNg::create(dir, "both.pcapng")?),
        };
        Ok(Files {
            dir: dir.to_owned(),
            wanted: interfaces.iter().map(|&i| (i.to_owned(), None)).collect(),
            all,
        })
    }

    /// Writes the frame if its interface is wanted, and says whether it was.
    fn write(&mut self, frame: &Frame) -> Result<bool> {
        let Some(slot) = self.wanted.get_mut(frame.interface) else {
            return Ok(false);
        };
        if slot.is_none() {
            let pcap = Pcap::create(&self.dir, frame.interface, frame.link)?;
            let number = match &mut self.all {
                Some(all) => all.interface(frame.interface, frame.link)?,
                None => 0,
            };
            *slot = Some((pcap, number));
        }
        if let Some((pcap, number)) = slot {
            pcap.write(frame.time, frame.length, frame.data)?;
            if let Some(all) = &mut self.all {
                let (direction, time) = (frame.direction, frame.time);
                all.write(*number, direction, time, frame.length, frame.data)?;
            }
        }
        Ok(true)
    }
}
