//! A program that is typed at.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::programs::lab;
use crate::run::{Done, Program};
use crate::user::as_user;

/// A program that a reader types at, in a terminal that `script` makes.
pub struct Terminal(Program);

impl Terminal {
    /// Starts a lab's command.
    #[track_caller]
    pub fn start(base: &Path, words: &str) -> Terminal {
        let lab = lab();
        let arguments: Vec<_> = lab.get_args().map(|word| word.to_str().unwrap()).collect();
        let (lab, arguments) = (lab.get_program().display(), arguments.join(" "));
        let line = format!("{lab} {arguments} --out {} {words}", base.display());
        Terminal::of(as_user("script"), &line)
    }

    /// Starts what a line of the shell says, by a `script` that has no arguments
    /// yet.
    #[track_caller]
    pub fn of(mut script: Command, line: &str) -> Terminal {
        script.args(["-q", "-e", "-c", line, "/dev/null"]);
        Terminal(Program::start(script.stdin(Stdio::piped())))
    }

    /// Types a line.
    pub fn line(&mut self, line: &str) {
        self.types(&format!("{line}\n"));
    }

    /// Types these keys.
    pub fn types(&mut self, keys: &str) {
        let input = self.0.child.stdin.as_mut().unwrap();
        input.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for a line with this in it; a hang fails the test.
    #[track_caller]
    pub fn until(self, what: &str) -> Terminal {
        Terminal(self.0.until(what))
    }

    /// Waits for the end; a hang fails the test.
    #[track_caller]
    pub fn wait(self) -> Done {
        self.0.wait()
    }
}
