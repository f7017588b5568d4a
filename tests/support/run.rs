//! A program's output, while it runs and when it has ended.

use std::io::{PipeReader, Read, pipe};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long anything may take before it counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a command printed, on both outputs, and its exit code.
#[derive(Debug)]
pub struct Done {
    pub output: String,
    pub code: Option<i32>,
}

impl Done {
    /// Fails the test unless the output has this in it.
    #[track_caller]
    pub fn says(&self, what: &str) -> &Done {
        assert!(
            self.output.contains(what),
            "expected {what:?} in:\n{}",
            self.output
        );
        self
    }

    /// Fails the test if the output has this in it.
    #[track_caller]
    pub fn lacks(&self, what: &str) -> &Done {
        assert!(!self.output.contains(what), "{what:?} in:\n{}", self.output);
        self
    }

    #[track_caller]
    pub fn code(&self, code: i32) -> &Done {
        assert_eq!(
            self.code,
            Some(code),
            "exit code, and this output:\n{}",
            self.output
        );
        self
    }
}

/// The number before `after`, the first one that stands behind `before`.
#[track_caller]
pub fn number(text: &str, before: &str, after: &str) -> u64 {
    let found = text.find(before).and_then(|start| {
        let rest = &text[start + before.len()..];
        let number = rest[..rest.find(after)?].rsplit([' ', '\n', '\t']).next()?;
        number.parse().ok()
    });
    found.unwrap_or_else(|| panic!("expected {before:?}, a number, {after:?} in:\n{text}"))
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Done {
    Program::start(command).wait()
}

/// A program that runs while the test goes on.
pub struct Program {
    pub(crate) child: Child,
    output: PipeReader,
    /// What it has printed.
    so_far: Vec<u8>,
    /// How much of that no one has waited for yet.
    seen: usize,
}

impl Program {
    #[track_caller]
    pub fn start(command: &mut Command) -> Program {
        let (output, input) = pipe().unwrap();
        command.stdout(input.try_clone().unwrap()).stderr(input);
        let child = command
            .spawn()
            .unwrap_or_else(|err| panic!("{command:?}: {err}"));
        // The command holds the writing ends; without this there is no end.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Program {
            child,
            output,
            so_far: Vec::new(),
            seen: 0,
        }
    }

    /// Waits for a line with this in it; a hang fails the test.
    #[track_caller]
    pub fn until(mut self, what: &str) -> Program {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Some(end) = self.so_far[self.seen..]
                .iter()
                .position(|&byte| byte == b'\n')
            {
                let line = self.seen..self.seen + end;
                self.seen = line.end + 1;
                if String::from_utf8_lossy(&self.so_far[line]).contains(what) {
                    return self;
                }
            }
            let more = self.read(deadline);
            assert_eq!(
                more,
                Some(true),
                "expected {what:?}, and this program {}:\n{}",
                if more.is_some() { "ended" } else { "goes on" },
                self.printed()
            );
        }
    }

    /// Reads what there is: `false` at the end, `None` if nothing came in time;
    /// then the program is ended.
    fn read(&mut self, deadline: Instant) -> Option<bool> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::try_from(left).unwrap()).unwrap() == 0 {
            let _ = self.child.kill();
            return None;
        }
        let mut some = [0; 4096];
        let n = self.output.read(&mut some).unwrap();
        self.so_far.extend_from_slice(&some[..n]);
        Some(n > 0)
    }

    /// What it has printed so far, as far as it was waited for.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.so_far).into_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The number of the program that runs on a host: this one is `lab shell`,
    /// which waits for it.
    #[track_caller]
    pub fn child(&self) -> u32 {
        let pid = self.child.id();
        let children = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(children).unwrap();
        let only = children.trim().parse();
        only.unwrap_or_else(|_| panic!("not one child: {children:?}"))
    }

    /// Signals the program on the host, and not the shell around it.
    pub fn signal_child(&self, signal: Signal) {
        kill(Pid::from_raw(self.child() as i32), signal).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), signal);
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ctrl-C, and what the program printed until its end.
    #[track_caller]
    pub fn stop(self) -> Done {
        self.signal(Signal::SIGINT);
        self.wait()
    }

    /// Waits for the end; a hang fails the test.
    #[track_caller]
    pub fn wait(mut self) -> Done {
        let deadline = Instant::now() + PATIENCE;
        while let Some(true) = self.read(deadline) {}
        assert!(
            Instant::now() < deadline,
            "it did not end, and had printed:\n{}",
            self.printed()
        );
        let code = self.child.wait().unwrap().code();
        let output = self.printed();
        Done { output, code }
    }
}

impl Drop for Program {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
