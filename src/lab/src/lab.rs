//! A lab that runs: its hosts, its recorder and its folder, from the start to an
//! end that loses nothing.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use nix::sys::statvfs::statvfs;

use crate::hosts::{self, Host};
use crate::namespace::{self, Watch};
use crate::recorder::{self, Recorded, Recorder};
use crate::run_dir::{self, RunDir};
use ip_over_udp::output::eprintln;

/// How long the captures may take to be completed when a signal ends the lab.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a lab is started with.
pub struct Setup {
    /// The folder with the chapter programs.
    pub programs: PathBuf,
    /// The folder in which each run has its own.
    pub base: PathBuf,
    /// The name of this run, and of its folder.
    pub name: String,
    /// Whether the hosts have IPv6 addresses too.
    pub ipv6: bool,
    /// Whether all interfaces are captured; measurements do without.
    pub capture: bool,
}

/// A running lab, in the inner process.
pub struct Lab {
    /// From left to right, as in [`hosts::NAMES`].
    pub hosts: Vec<Host>,
    /// The folder with the captures.
    pub folder: PathBuf,
    /// What must be put in order at the end, until it has been.
    open: Arc<Mutex<Option<Open>>>,
}

struct Open {
    /// `None` in a lab that captures nothing.
    recorder: Option<Recorder>,
    folder: RunDir,
}

impl Lab {
    /// Starts a lab: three hosts with their cables, all captured if the setup
    /// says so.
    ///
    /// To be called first thing in the inner process (see [`namespace`]).
    pub fn start(setup: &Setup, watch: &Watch) -> anyhow::Result<Lab> {
        let pid = namespace::number_outside()?;
        let folder = RunDir::claim(&setup.base, &setup.name)?;
        let path = folder.path().canonicalize()?;
        let (hosts, sockets): (Vec<_>, Vec<_>) = hosts::create(&setup.programs, setup.ipv6)?
            .into_iter()
            .map(|(host, socket)| {
                let name = host.name.clone();
                (host, (name, socket))
            })
            .unzip();

        // Held until the lab is complete, so that a signal in between waits.
        let open = Arc::new(Mutex::new(None));
        let mut guard = lock(&open);
        let watched = Arc::clone(&open);
        watch.tidy(move || {
            // In a thread, because a disk may hang; and the lab ends anyhow.
            let (tell, told) = channel();
            thread::spawn(move || {
                let Open { recorder, folder } = lock(&watched).take()?;
                let recorded = recorder.map(Recorder::finish);
                drop(folder);
                tell.send(recorded).ok()
            });
            if let Ok(Some(Ok(recorded))) = told.recv_timeout(PATIENCE)
                && let Some(gaps) = recorder::missed(&recorded)
            {
                eprintln!("{gaps}");
            }
        });
        // Otherwise this closes the sockets: as long as they are open, the
        // kernel copies every frame for them, even if no program reads it.
        let start = || Recorder::start(&path, sockets);
        let recorder = setup.capture.then(start).transpose()?;
        folder.announce(pid, hosts.iter())?;
        *guard = Some(Open { recorder, folder });
        drop(guard);
        Ok(Lab {
            hosts,
            folder: path,
            open,
        })
    }

    /// The host of this name.
    pub fn host(&self, name: &str) -> anyhow::Result<&Host> {
        let mut hosts = self.hosts.iter();
        hosts.find(|host| host.name == name).with_context(|| {
            format!("there is no host {name}; the hosts are left, internet and right")
        })
    }

    /// Waits until the network has fallen silent, for a second at most.
    pub fn settle(&self) {
        let open = lock(&self.open);
        if let Some(recorder) = open.as_ref().and_then(|open| open.recorder.as_ref()) {
            recorder.settle();
        }
    }

    /// Waits until the network has fallen silent, and then leaves out of the captures
    /// what comes, or no longer.
    pub fn pause_captures(&self, paused: bool) {
        self.settle();
        let open = lock(&self.open);
        if let Some(recorder) = open.as_ref().and_then(|open| open.recorder.as_ref()) {
            recorder.pause(paused);
        }
    }

    /// An error as soon as the lab cannot write any more what is captured and
    /// printed, for what is waited for then may never come.
    pub fn check_disk(&self) -> anyhow::Result<()> {
        let open = lock(&self.open);
        let recorder = open.as_ref().and_then(|open| open.recorder.as_ref());
        if recorder.is_some_and(Recorder::has_failed) {
            bail!("the captures are incomplete; see above why");
        }
        // A look costs nothing; a file is tried only on a disk that seems full,
        // for root may have a reserve.
        if statvfs(&self.folder).is_ok_and(|disk| disk.blocks() > 0 && disk.blocks_available() == 0)
        {
            let file = self.folder.join(run_dir::OUTPUT).join("room");
            fs::write(&file, "x").map_err(|err| {
                anyhow!(
                    "cannot write {}: {err}\n  \
                     make room on that disk, or choose another folder with --out DIR",
                    file.display()
                )
            })?;
        }
        Ok(())
    }

    /// Leaves the lab running until a signal ends it.
    pub fn wait_for_ever(self) -> ! {
        loop {
            // Processes whose parents have ended are handed to the first
            // process of their namespace, which has to bury them.
            if nix::sys::wait::wait().is_err() {
                thread::sleep(Duration::from_millis(200));
            }
        }
    }

    /// Waits until no other terminal has a shell in this lab.
    pub fn wait_for_others(&self) -> anyhow::Result<()> {
        if run_dir::has_guests(&self.folder)? {
            eprintln!(
                "another terminal has a shell in this lab; the lab ends with that shell, or with Ctrl-C"
            );
            run_dir::wait_for_guests(&self.folder)?;
        }
        Ok(())
    }

    /// Completes the captures, and says what is in them.
    pub fn finish(self) -> anyhow::Result<Vec<Recorded>> {
        // Locked until all is in order, so that a signal in between waits.
        let mut open = lock(&self.open);
        let Some(Open { recorder, folder }) = open.take() else {
            drop(open);
            // A signal came first: its thread completes the captures and ends
            // the process. What they lack is no difference to report.
            loop {
                thread::park();
            }
        };
        let recorded = recorder.map_or(Ok(Vec::new()), Recorder::finish);
        drop(folder);
        recorded
    }
}

fn lock(open: &Mutex<Option<Open>>) -> MutexGuard<'_, Option<Open>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
