//! The exercises of the book, from all sides. On the tree as it is none of
//! them is done, and snapshots keep what the lab says. With its solution from
//! `chapters/solutions/`, each is. With a wrong solution from `tests/wrong/`,
//! it is not: a check with one tested input teaches the input.
//!
//! A file in `tests/wrong/` is a patch that compiles, and is called after its
//! exercise and its fault: `06-2-works-once.patch`. Above the patch, a sentence
//! says what is wrong with it, and a line that begins with `Seen: ` has a part
//! of what the lab prints when it refuses this program for that reason.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;

use lab::book::Book;
use lab::exercise;
use lab::programs;
use libtest_mimic::Trial;
use support::{
    Done, GIT, LAB, PING, PROGRAMS, PYTHON, apply, chapters, copy_programs, lab, lab_with,
    programs as ours, run, temporary, test_in_lab, test_without_lab, trial,
};

#[path = "exercises/watching.rs"]
mod watching;

fn tree() -> PathBuf {
    programs::tree().unwrap()
}

fn main() -> ExitCode {
    let mut trials = support::found();
    trials.extend(wrong().into_iter().map(refused));
    for (chapter, names) in all() {
        trials.extend(names.into_iter().map(solved));
        trials.push(trial(
            &format!("chapter_{chapter}_not_yet"),
            &[LAB, PING, PYTHON],
            move || not_yet(&chapter),
        ));
    }
    support::run_all(trials)
}

/// The chapters that have exercises, with the names of those.
fn all() -> Vec<(String, Vec<String>)> {
    let book = Book::at(None, None).unwrap();
    let exercises = |name: String| {
        let chapter = book.chapter(&name).unwrap();
        let all = exercise::of(&chapter).unwrap();
        (
            name,
            all.iter()
                .map(|exercise| exercise.name.to_owned())
                .collect(),
        )
    };
    let all = chapters().into_iter().map(exercises);
    all.filter(|(_, names): &(_, Vec<_>)| !names.is_empty())
        .collect()
}

/// Plays an exercise, or those of a chapter, with the programs in a folder.
fn play(lab: Command, arguments: &[&str]) -> Done {
    let (mut lab, base) = (lab, temporary("exercise"));
    lab.arg("--out").arg(&base).arg("exercise").args(arguments);
    let done = run(&mut lab);
    fs::remove_dir_all(base).unwrap();
    done
}

fn not_yet(chapter: &str) {
    let done = play(lab(), &[chapter]);
    done.code(1);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    // What depends on the place and the moment.
    for (what, instead) in [
        (r"(?m)^  \S*/(ch\d\d-[a-z-]+\.md):\d+: ", "  $1: "),
        (r"captures: \S+/exercise", "captures: exercise"),
        (r"\d+(\.\d+)? ?ms", "[..] ms"),
        (r"(?m)(got:       [0-9a-f]{4}0?)  .*", "$1  [..]"),
        (r"rtt min/avg/max/mdev = \S+", "rtt min/avg/max/mdev = [..]"),
        (r"(?m)^ +\d+\.\d\d (.*)$", "    [..] $1"),
        // Where a packet's line is wrapped depends on its numbers.
        (r"\n {14}(\S)", " $1"),
        (r"\bid \d+", "id [..]"),
        (r"UDP \d{5} >", "UDP [..] >"),
        (r"fe80::[0-9a-f:]+", "fe80::[..]"),
    ] {
        settings.add_filter(what, instead);
    }
    let name = format!("exercises-{chapter}-not-yet");
    settings.bind(|| insta::assert_snapshot!(name, done.output));
}

fn solved(name: String) -> Trial {
    let needs = [LAB, PING, PYTHON, GIT];
    trial(&format!("{name}_solved"), &needs, move || {
        let programs = temporary("solution");
        {
            let tree = Tree::new();
            tree.apply(&format!("chapters/solutions/{name}.patch"))
                .code(0);
            tree.cargo(&["fmt", "--check"]).code(0);
            let built = tree.cargo(&["build", "--bins"]);
            built.code(0).lacks("warning: ");
            copy_programs(&tree.built(), &programs);
        }
        let done = play(lab_with(&programs), &[&name]);
        fs::remove_dir_all(programs).unwrap();
        done.code(0).says(&format!("{name} ")).says(": done");
    })
}

/// The wrong solutions, by the names of their files: `06-2-works-once`.
fn wrong() -> BTreeSet<String> {
    patches("tests/wrong")
}

/// With a wrong solution the exercise is not done, and the lab saw why.
fn refused(wrong: String) -> Trial {
    let needs = [LAB, PING, PYTHON, GIT];
    trial(&format!("{wrong}_refused"), &needs, move || {
        let patch = format!("tests/wrong/{wrong}.patch");
        let text = fs::read_to_string(tree().join(&patch)).unwrap();
        let seen: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("Seen: "))
            .collect();
        assert!(!seen.is_empty(), "{patch} has no line with Seen:");
        let (exercise, chapter) = (&wrong[..4], format!("ch{}", &wrong[..2]));
        // A chapter may have more than one.
        let (own, others): (Vec<_>, Vec<_>) = PROGRAMS
            .into_iter()
            .partition(|name| name.starts_with(&chapter));

        // The other programs are those of the tree as it is.
        let programs = temporary("wrong");
        for program in others {
            let (from, to) = (ours().join(program), programs.join(program));
            // A link is no work; a copy for where the two are on different disks.
            fs::hard_link(&from, &to)
                .or_else(|_| fs::copy(&from, &to).map(drop))
                .unwrap();
        }
        {
            let tree = Tree::new();
            tree.apply(&patch).code(0);
            for program in own {
                tree.cargo(&["build", "--bin", program]).code(0);
                fs::copy(tree.built().join(program), programs.join(program)).unwrap();
            }
        }
        // A line that never comes is waited for, and need not be for long.
        let mut lab = lab_with(&programs);
        lab.args(["--limit", "8"]);
        let done = play(lab, &[exercise]);
        fs::remove_dir_all(programs).unwrap();
        done.code(1).says(&format!("{exercise} ")).says(": not yet");
        for seen in seen {
            done.says(seen);
        }
    })
}

/// The names of the patches in a folder of the tree.
fn patches(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(tree().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let patch = |name: String| name.strip_suffix(".patch").map(str::to_owned);
    names.filter_map(patch).collect()
}

/// What is no source, wherever it stands: that of Git, Cargo and the fuzzer.
const GENERATED: [&str; 4] = [".git", "target", "corpus", "artifacts"];

/// A copy of the source tree, for one at a time.
struct Tree {
    path: PathBuf,
    _turn: std::sync::MutexGuard<'static, ()>,
}

impl Tree {
    fn new() -> Tree {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(|failed| failed.into_inner());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("solutions/tree");
        same(&tree(), &path);
        Tree { path, _turn: turn }
    }

    fn built(&self) -> PathBuf {
        self.path.with_file_name("target").join("debug")
    }

    /// Changes it by a patch that is a file of it.
    fn apply(&self, patch: &str) -> Done {
        self.apply_with(&[patch])
    }

    fn apply_with(&self, arguments: &[&str]) -> Done {
        let mut git = Command::new("git");
        git.arg("apply").args(arguments);
        // The copy is no repository, and the one around it is not meant.
        git.env("GIT_CEILING_DIRECTORIES", self.path.parent().unwrap());
        run(git.current_dir(&self.path))
    }

    /// Cargo, or another program that starts it, in this tree.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.path).stdin(Stdio::null());
        command.env("CARGO_TARGET_DIR", self.path.with_file_name("target"));
        // What this tree only uses is compiled already, for the tests' own
        // programs. (Before Cargo 1.91 it is compiled once more.)
        let ours = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        command.env("CARGO_BUILD_BUILD_DIR", ours.unwrap());
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        command
    }

    fn cargo(&self, arguments: &[&str]) -> Done {
        let mut cargo = self.command(env!("CARGO"));
        // Without a limit: the first time it compiles everything.
        let output = cargo.args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Done {
            output: String::from_utf8_lossy(&text).into_owned(),
            code: output.status.code(),
        }
    }

    /// Every source file, and what is in it.
    fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        files(&self.path, &mut found);
        found.sort();
        let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
        found.into_iter().map(read).collect()
    }
}

/// Makes one file or folder like another. What is the same already keeps its
/// time, or Cargo would compile it again.
fn same(from: &Path, to: &Path) {
    if !from.is_dir() {
        let wanted = fs::read(from).unwrap();
        if fs::read(to).ok().as_ref() != Some(&wanted) {
            fs::write(to, wanted).unwrap();
        }
        return;
    }
    fs::create_dir_all(to).unwrap();
    let names = |folder: &Path| -> BTreeSet<_> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| !GENERATED.iter().any(|generated| name == generated))
            .collect()
    };
    for gone in names(to).difference(&names(from)) {
        let gone = to.join(gone);
        match gone.is_dir() {
            true => fs::remove_dir_all(gone).unwrap(),
            false => fs::remove_file(gone).unwrap(),
        }
    }
    for name in names(from) {
        same(&from.join(&name), &to.join(&name));
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[apply(test_without_lab)]
fn each_has_a_solution() {
    let exercises: BTreeSet<String> = all().into_iter().flat_map(|(_, names)| names).collect();
    assert_eq!(exercises, patches("chapters/solutions"));
    let book = Book::at(None, None).unwrap();
    for name in exercises {
        let chapter = book.chapter(&name[..2]).unwrap();
        let shown = format!("{{{{#solution {name}}}}}");
        assert!(chapter.text.contains(&shown), "{name}: no {shown}");
    }
}

#[apply(test_without_lab)]
fn each_has_three_wrong_ones() {
    let exercises = all().into_iter().flat_map(|(_, names)| names);
    let mut counts: BTreeMap<String, usize> = exercises.map(|name| (name, 0)).collect();
    for wrong in wrong() {
        let count = counts.get_mut(&wrong[..4]);
        *count.unwrap_or_else(|| panic!("{wrong}: of no exercise")) += 1;
    }
    counts.retain(|_, count| *count < 3);
    assert!(counts.is_empty(), "fewer than three: {counts:?}");
}

#[apply(test_without_lab)]
fn wrong_words() {
    let says = |which, what| play(lab(), &[which]).code(2).says(what).output.clone();
    says("06-9", "there is no exercise 06-9; chapter 06 has 06-1, ");
    says("6-0", "there is no exercise 6-0; chapter 06 has 06-1, ");
    says(
        "99",
        "there is no chapter \"99\"; the chapters are 00, 01, ",
    );
    says("six", "there is no chapter \"six\"");
    says("06-", "there is no exercise 06-; ");
    says("00", "chapter 00 has no exercises");
}

#[apply(test_in_lab)]
#[needs(PING)]
fn hints_come_one_by_one() {
    let base = temporary("hints");
    let hint = |which: &str| {
        let mut lab = lab();
        lab.arg("--out").arg(&base);
        run(lab.args(["exercise", which, "--hint"]))
    };
    hint("03-3").code(1).says("not yet").says("  hint 1 of 2: ");
    // Of a chapter, the first that is not done has its next hint.
    let done = hint("3");
    done.code(1).says("  hint 1 of 2: ");
    assert_eq!(done.output.matches("hint ").count(), 1, "{}", done.output);
    hint("3-3").says("  hint 2 of 2: ");
    hint("03-3")
        .says("that was the last hint")
        .says("03-3.patch");
    hint("03-3").says("  hint 1 of 2: ");
    fs::remove_dir_all(base).unwrap();
}

/// Whatever the lab does with a reader's tree, it changes nothing in it; and a
/// solution does not overwrite what the reader wrote.
#[apply(test_in_lab)]
#[needs(PING, GIT)]
fn a_tree_is_left_as_it_is() {
    let tree = Tree::new();
    let program = tree.path.join("chapters/ch03_answer_ping.rs");
    let ours = fs::read_to_string(&program).unwrap();
    let theirs = ours.replace("reply[icmp + 3] ^= 1;", "reply[icmp + 3] ^= 3; // mine");
    assert_ne!(ours, theirs);
    fs::write(&program, &theirs).unwrap();
    let before = tree.contents();

    let broken = theirs.replace("fn run(args: Args)", "fn run(args: Arguments)");
    fs::write(&program, &broken).unwrap();
    let base = temporary("dirty");
    let exercise = |which: &str| {
        let out = base.to_str().unwrap();
        tree.cargo(&["run", "--bin", "lab", "--", "--out", out, "exercise", which])
    };
    let done = exercise("3");
    done.code(2).says("cannot find type `Arguments`");
    let last = done.output.trim_end().lines().last().unwrap();
    assert_eq!(
        last,
        "error: the chapter programs do not compile; Cargo says why, above"
    );
    assert_eq!(fs::read_to_string(&program).unwrap(), broken);

    fs::write(&program, &theirs).unwrap();
    exercise("3-3")
        .code(1)
        .says("03-3 Port unreachable: not yet");
    assert!(tree.contents() == before);

    // The first solution changes the lines above the reader's own.
    tree.apply("chapters/solutions/03-1.patch")
        .code(1)
        .says("patch does not apply");
    assert!(tree.contents() == before);
    fs::remove_dir_all(base).unwrap();
}
