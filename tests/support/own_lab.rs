//! A lab of one test's own, started as a reader starts it, with the program `lab`.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use ip_over_udp::capture::{self, Packet};
use nix::sys::signal::Signal;

use crate::programs::lab;
use crate::run::{Done, PATIENCE, Program, run};
use crate::user::temporary;

/// A lab of one test's own, gone when it is dropped.
pub struct Lab {
    up: Option<Program>,
    pub base: PathBuf,
}

impl Lab {
    pub fn up() -> Lab {
        Lab::start(&["up"])
    }

    pub fn up_with_ipv6() -> Lab {
        Lab::start(&["up", "--ipv6"])
    }

    /// For floods, which would fill the disk.
    pub fn up_without_captures() -> Lab {
        Lab::start(&["up", "--no-capture"])
    }

    fn start(arguments: &[&str]) -> Lab {
        let base = temporary("lab");
        let mut command = lab();
        command.arg("--out").arg(&base).args(arguments);
        let up = Program::start(&mut command).until("Ctrl-C ends the lab");
        Lab { up: Some(up), base }
    }

    /// A shell command on a host.
    pub fn on(&self, host: &str, command: &str) -> Command {
        let mut lab = lab();
        lab.arg("--out").arg(&self.base);
        lab.args(["shell", host, "--", "sh", "-c"])
            .arg(format!("exec {command}"));
        lab
    }

    /// Runs a shell command on a host to its end.
    #[track_caller]
    pub fn run(&self, host: &str, command: &str) -> Done {
        run(&mut self.on(host, command))
    }

    /// Starts a program on a host and waits for its first line.
    #[track_caller]
    pub fn start_on(&self, host: &str, command: &str) -> Program {
        Program::start(&mut self.on(host, command)).until("")
    }

    /// The folder with this lab's captures.
    pub fn folder(&self) -> PathBuf {
        self.base.join("up")
    }

    /// What was captured at an interface, as soon as there are `least` packets
    /// with this in their description.
    #[track_caller]
    pub fn captured(&self, interface: &str, what: &str, least: usize) -> Vec<Packet> {
        let file = self.folder().join(format!("{interface}.pcap"));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let packets = match file.exists() {
                true => capture::read(&file).unwrap_or_default(),
                false => Vec::new(),
            };
            let found = packets.iter().filter(|packet| packet.info().contains(what));
            if found.clone().count() >= least {
                return found.cloned().collect();
            }
            let lines: Vec<String> = packets.iter().map(Packet::info).collect();
            assert!(
                Instant::now() < deadline,
                "expected {least} times {what:?} at {interface}, found:\n{}",
                lines.join("\n")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until nothing is on its way any more: what a program set off may
    /// go on when the program has ended, the end of a connection for example.
    pub fn settle(&self) {
        let size = || {
            std::fs::metadata(self.folder().join("all.pcapng"))
                .unwrap()
                .len()
        };
        let mut before = 0;
        while size() != before {
            before = size();
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    pub fn pid(&self) -> u32 {
        self.up.as_ref().unwrap().pid()
    }

    /// Takes note that the lab has ended, in whatever way.
    #[track_caller]
    pub fn reap(&mut self) {
        self.up.take().unwrap().wait();
    }

    /// Ends the lab with Ctrl-C. The captures stay until it is dropped.
    #[track_caller]
    pub fn end(&mut self) -> Done {
        self.up.take().unwrap().stop()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(up) = self.up.take() {
            up.signal(Signal::SIGINT);
            let _ = up.wait();
        }
        let _ = std::fs::remove_dir_all(&self.base);
    }
}
