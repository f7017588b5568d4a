//! A shell on a host, to which commands are given one by one, as if typed.
//!
//! One bash for each host stays for the whole chapter, with job control, so
//! that `cd`, variables, `$?`, `jobs` and `fg` work as they do in a terminal.
//! It has no terminal: commands come through one pipe, and through another it
//! says how they ended. What a command prints goes to a file of its own, so
//! that a program in the background never mixes with the next command.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::evidence::LINES;
use crate::sys;
use ip_over_udp::capture;
use ip_over_udp::error::Error;

/// How much a command may print: more is a mistake, and fills the disk.
const MOST: u64 = 16 << 20;

/// How much of it is read at once, before one looks at the clock again.
const CHUNK: u64 = 1 << 20;

/// How often is looked for more.
pub const MOMENT: Duration = Duration::from_millis(5);

/// How long the shell may take for what needs no time.
const PATIENCE: Duration = Duration::from_secs(10);

/// One bash, for as long as this value lives.
pub struct Shell {
    /// The name of its host.
    pub host: String,
    /// What `$?` is.
    pub status: String,
    child: Child,
    commands: ChildStdin,
    answers: ChildStdout,
    /// The beginning of an answer.
    heard: Vec<u8>,
}

impl Shell {
    /// Starts bash. The command says on which host, and in which folder.
    pub fn start(host: &str, mut bash: Command) -> anyhow::Result<Shell> {
        // Without a terminal of its own, job control would take the reader's.
        sys::new_session(&mut bash);
        let mut child = bash
            .args(["--noprofile", "--norc"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|err| {
                Error::system(format!("cannot start bash on {host} for the commands"), err)
            })?;
        let (commands, answers) = (child.stdin.take(), child.stdout.take());
        let mut shell = Shell {
            host: host.to_owned(),
            status: "0".to_owned(),
            child,
            commands: commands.context("bash has no input")?,
            answers: answers.context("bash has no output")?,
            heard: Vec::new(),
        };
        // A shell that is not interactive dies with a job that Ctrl-C killed,
        // unless it handles that signal itself.
        shell.say("set -m; trap : INT")?;
        Ok(shell)
    }

    /// The program of a shell.
    pub fn program() -> &'static str {
        "bash"
    }

    /// Gives a command to the shell, which writes to this file. Its end is the
    /// next answer.
    pub fn run(&mut self, command: &str, file: &Path) -> anyhow::Result<()> {
        let (status, command) = (&self.status, quoted(command));
        let file = quoted(&file.display().to_string());
        self.say(&format!(
            "(exit {status})\neval {command} </dev/null >{file} 2>&1\nprintf '%s\\n' \"$?\""
        ))
    }

    /// The status with which the command ended, as soon as it did; `None` if it
    /// did not for as long as one waits.
    pub fn ended(&mut self, wait: Duration) -> anyhow::Result<Option<String>> {
        let status = self.answer(wait)?;
        if let Some(status) = &status {
            self.status = status.clone();
        }
        Ok(status)
    }

    /// The process group of a job, `%+` for the one that is current.
    pub fn group(&mut self, job: &str) -> anyhow::Result<Option<Pid>> {
        Ok(self.jobs(&quoted(job))?.pop())
    }

    /// The process groups of all jobs.
    pub fn groups(&mut self) -> anyhow::Result<Vec<Pid>> {
        self.jobs("")
    }

    fn jobs(&mut self, which: &str) -> anyhow::Result<Vec<Pid>> {
        self.say(&format!("jobs -p {which} 2>/dev/null; printf 'end\\n'"))?;
        let mut groups = Vec::new();
        loop {
            match self.answer(PATIENCE)? {
                Some(end) if end == "end" => return Ok(groups),
                Some(number) => groups.extend(number.parse().ok().map(Pid::from_raw)),
                None => bail!("the shell on {} does not answer", self.host),
            }
        }
    }

    fn say(&mut self, what: &str) -> anyhow::Result<()> {
        let said = self.commands.write_all(format!("{what}\n").as_bytes());
        said.map_err(|_| self.gone())
    }

    fn answer(&mut self, wait: Duration) -> anyhow::Result<Option<String>> {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(end) = self.heard.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let mut fds = [PollFd::new(self.answers.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::try_from(left)?) {
                Ok(0) => return Ok(None),
                Ok(_) => (),
                Err(Errno::EINTR) => continue,
                Err(err) => return Err(err).context("cannot wait for a shell"),
            }
            let mut some = [0; 512];
            match self.answers.read(&mut some)? {
                0 => return Err(self.gone()),
                n => self.heard.extend_from_slice(&some[..n]),
            }
        }
    }

    fn gone(&mut self) -> anyhow::Error {
        let host = &self.host;
        anyhow::anyhow!("the shell on {host} has ended, but the chapter has more commands for it")
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ctrl-C for all processes of a job. It may have ended by itself.
pub fn interrupt(group: Pid) {
    let _ = killpg(group, Signal::SIGINT);
}

/// Whether a process of this job is left.
pub fn is_alive(group: Pid) -> bool {
    killpg(group, None).is_ok()
}

/// In single quotes, for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// What a command prints, read while it does, line by line.
pub struct Tail {
    /// The file that the command writes to.
    pub path: PathBuf,
    file: File,
    /// A line that is not complete yet.
    partial: Vec<u8>,
    /// The first lines, and when each was read.
    pub log: Vec<(Duration, String)>,
}

impl Tail {
    /// Makes the file.
    pub fn create(path: PathBuf) -> anyhow::Result<Tail> {
        let cannot = || format!("cannot create {}", path.display());
        File::create(&path).with_context(cannot)?;
        Ok(Tail {
            file: File::open(&path).with_context(cannot)?,
            path,
            partial: Vec::new(),
            log: Vec::new(),
        })
    }

    /// The lines that were completed since the last time, or some of them.
    pub fn read(&mut self) -> anyhow::Result<Vec<String>> {
        if self.file.metadata()?.len() > MOST {
            bail!("it printed more than {} MB", MOST >> 20);
        }
        let before = self.partial.len();
        (&self.file).take(CHUNK).read_to_end(&mut self.partial)?;
        let new = &self.partial[before..];
        let Some(end) = new.iter().rposition(|&byte| byte == b'\n') else {
            return Ok(Vec::new());
        };
        let complete: Vec<u8> = self.partial.drain(..=before + end).collect();
        let text = String::from_utf8_lossy(&complete);
        let lines: Vec<_> = text.lines().map(as_typed).collect();
        // One more shows that there are too many.
        let left = (LINES + 1).saturating_sub(self.log.len());
        let now = capture::now();
        let new = lines.iter().take(left).map(|line| (now, line.clone()));
        self.log.extend(new);
        Ok(lines)
    }

    /// All lines that are complete.
    pub fn so_far(&mut self) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            let before = self.file.stream_position()?;
            lines.extend(self.read()?);
            if self.file.stream_position()? == before {
                return Ok(lines);
            }
        }
    }

    /// All that is left, with a last line that does not end.
    pub fn rest(&mut self) -> anyhow::Result<Vec<String>> {
        let mut lines = self.so_far()?;
        if !self.partial.is_empty() {
            let last = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).into_owned();
            lines.push(as_typed(&last));
        }
        Ok(lines)
    }
}

/// A line as a terminal would show it. Bytes that are no text become `�`.
/// And a bash that is not interactive counts the lines that it was given:
/// `bash: line 7: cd: …`, where a reader sees `bash: cd: …`.
fn as_typed(line: &str) -> String {
    let rest = line.strip_prefix("bash: ");
    let rest = rest.map(|rest| rest.strip_prefix("eval: ").unwrap_or(rest));
    let counted = rest.and_then(|rest| rest.strip_prefix("line ")?.split_once(": "));
    let line = match counted {
        Some((number, said)) if number.parse::<u32>().is_ok() => format!("bash: {said}"),
        _ => line.to_owned(),
    };
    let visible = |c: char| {
        if c.is_control() && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    line.trim_end().chars().map(visible).collect()
}
