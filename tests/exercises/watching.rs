//! `cargo lab exercise 04 --watch`: played again after each change, until it is
//! ended, with nothing left then.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{
    GIT, Program, SCRIPT, Terminal, apply, eventually, lab, processes, run, temporary, test_in_lab,
    test_without_lab,
};

use crate::Tree;

const WAITING: &str = "waiting for a change in chapters/ or src/; Ctrl-C ends";

/// A copy of the tree, and a folder for the captures.
struct Watched {
    tree: Tree,
    base: PathBuf,
}

impl Watched {
    /// All is built already, so that no round takes long.
    fn new() -> Watched {
        let tree = Tree::new();
        tree.cargo(&["build", "--bins"]).code(0);
        let base = temporary("watch");
        Watched { tree, base }
    }

    /// The lab at work.
    fn command(&self, words: &[&str]) -> Command {
        let mut lab = self.tree.command(self.tree.built().join("lab"));
        lab.arg("--out").arg(&self.base).arg("exercise");
        lab.args(words).arg("--watch");
        lab
    }

    /// Changes the program of chapter 4, with a file in the place of the old one,
    /// as many editors do.
    fn edit(&self, change: impl Fn(&str) -> String) {
        let program = self.tree.path.join("chapters/ch04_udp_echo.rs");
        let before = fs::read_to_string(&program).unwrap();
        let after = change(&before);
        assert_ne!(before, after);
        let new = program.with_extension("rs~");
        fs::write(&new, after).unwrap();
        fs::rename(new, program).unwrap();
    }

    /// Applies a solution beside others, whose lines are next to its own.
    fn solve(&self, name: &str) {
        let patch = format!("chapters/solutions/{name}.patch");
        self.tree.apply_with(&["-C1", &patch]).code(0);
    }

    /// Nothing is left of a program that has ended.
    fn nothing_is_left(&self) {
        let base = self.base.to_str().unwrap();
        eventually("processes are left", || processes(base).is_empty());
        let runs = fs::read_dir(&self.base).unwrap();
        let mut runs = runs.map(|run| run.unwrap().path().join("running"));
        assert_eq!(runs.find(|running| running.exists()), None);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}

#[apply(test_in_lab)]
#[needs(GIT)]
fn from_not_yet_to_done() {
    let watched = Watched::new();
    let lab = Program::start(&mut watched.command(&["4", "--hint"]));
    let lab = lab
        .until("04-1 All or nothing: not yet")
        .until("  hint 1 of 1: ")
        .until(WAITING);

    watched.solve("04-1");
    let lab = lab
        .until("04-1 All or nothing: done")
        .until("04-2 Ask again: not yet")
        .until(WAITING);

    let broken = |text: &str| text.replace("args.whole &&", "args.hole &&");
    watched.edit(broken);
    let lab = lab
        .until("no field `hole` on type")
        .until("error: the chapter programs do not compile")
        .until(WAITING);
    watched.edit(|text| text.replace("args.hole &&", "args.whole &&"));
    // First what the reader works on.
    let lab = lab
        .until("04-2 Ask again: not yet")
        .until("04-1 All or nothing: done before")
        .until(WAITING);

    // What was done before is looked at again before all is called done.
    watched.solve("04-2");
    let lab = lab
        .until("04-2 Ask again: done")
        .until("04-3 Not too often: not yet")
        .until("04-1 All or nothing: done before")
        .until(WAITING);
    watched.edit(|text| text.replace("args.whole &&", "!args.whole &&"));
    let lab = lab.until("04-3 Not too often: not yet").until(WAITING);
    watched.solve("04-3");
    let lab = lab
        .until("04-3 Not too often: done")
        .until("04-1 All or nothing: not yet")
        .until("04-2 Ask again: done before")
        .until(WAITING);
    watched.edit(|text| text.replace("!args.whole &&", "args.whole &&"));
    let lab = lab.until("chapter 04: 3 of 3 done").until(WAITING);

    let done = lab.stop();
    done.code(130).lacks("\x1b");
    assert_eq!(done.output.matches("hint ").count(), 1, "{}", done.output);
    watched.nothing_is_left();
}

/// A change during a round is not lost, and none is made by the play itself.
#[apply(test_in_lab)]
#[needs(GIT)]
fn saved_during_a_round() {
    let watched = Watched::new();
    watched.solve("04-2");
    // Captures where the programs are, of all places.
    let base = watched.tree.path.join("chapters/captures");
    let mut command = watched.tree.command(watched.tree.built().join("lab"));
    command.arg("--out").arg(&base);
    command.args(["exercise", "4-2", "--watch"]);
    let lab = Program::start(&mut command);
    eventually("it is not played", || {
        base.join("exercise-04-2/running").exists()
    });
    watched.edit(|text| text.replace("no answer in a second", "nothing"));
    let lab = lab.until("04-2 Ask again: done").until(WAITING);
    let lab = lab.until("04-2 Ask again: not yet").until(WAITING);
    // Three looks, and more.
    sleep(Duration::from_secs(2));
    let done = lab.stop();
    done.code(130);
    assert_eq!(done.output.matches(WAITING).count(), 2, "{}", done.output);
    fs::remove_dir_all(base).unwrap();
}

/// While it builds, while it plays, and while it waits.
#[apply(test_in_lab)]
fn ended_at_any_moment() {
    let watched = Watched::new();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        for moment in 0..8 {
            // Something to build.
            watched.edit(|text| format!("{text}// {signal} {moment}\n"));
            let after = Duration::from_millis(moment * 140);
            let (output, errors) = (Stdio::null(), Stdio::null());
            let mut command = watched.command(&["4"]);
            let mut lab = command.stdout(output).stderr(errors).spawn().unwrap();
            sleep(after);
            kill(Pid::from_raw(lab.id() as i32), signal).unwrap();
            eventually("it goes on", || lab.try_wait().unwrap().is_some());
            let status = lab.wait().unwrap();
            // Before its first instruction, the signal itself is its end.
            let ended = status.code() == Some(128 + signal as i32);
            let told = format!("{signal} after {after:?}: {status}");
            assert!(ended || status.signal() == Some(signal as i32), "{told}");
            watched.nothing_is_left();
        }
    }
}

/// While it waits, it prints nothing, and notices all the same.
#[apply(test_in_lab)]
fn a_reader_of_the_output_that_goes() {
    let watched = Watched::new();
    let (lines, output) = std::io::pipe().unwrap();
    let mut command = watched.command(&["4-1"]);
    command.stdout(output);
    let errors = watched.base.join("errors");
    command.stderr(File::create(&errors).unwrap());
    let mut lab = command.spawn().unwrap();
    drop(command);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(lines));
    assert!(lines.any(|line| line.unwrap() == WAITING));
    drop(lines);
    eventually("it goes on", || lab.try_wait().unwrap().is_some());
    assert_eq!(lab.wait().unwrap().code(), Some(2));
    let errors = fs::read_to_string(errors).unwrap();
    assert!(!errors.contains("error"), "{errors}");
    watched.nothing_is_left();
}

#[apply(test_in_lab)]
#[needs(SCRIPT)]
fn on_a_terminal_each_round_begins_at_the_top() {
    let watched = Watched::new();
    let command = watched.command(&["4-1"]);
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_str().unwrap())
        .collect();
    let mut script = watched.tree.command("script");
    script.env("TERM", "xterm");
    let lab = Terminal::of(script, &words.join(" ")).until(WAITING);
    watched.edit(|text| format!("{text}// changed\n"));
    let mut lab = lab.until("04-1").until(WAITING);
    // As a terminal says it.
    lab.types("\x03");
    let done = lab.wait();
    done.code(130).lacks("---");
    let begins = "\x1b[2J\x1b[H";
    let [before, rounds @ ..] = &done.output.split(begins).collect::<Vec<_>>()[..] else {
        unreachable!("what is split has a first part");
    };
    assert_eq!((*before, rounds.len()), ("", 2), "{}", done.output);
    for round in rounds {
        let (result, _) = round.split_once(WAITING).unwrap();
        assert!(result.contains("All or nothing: not yet"), "{round}");
    }
    watched.nothing_is_left();
}

#[apply(test_without_lab)]
fn nothing_to_build() {
    run(lab().args(["exercise", "4", "--watch"]))
        .code(2)
        .says("cannot watch with --bin-dir");
}
