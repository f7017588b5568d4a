//! The programs as the tree has them now, and the lab's command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use lab::book::Book;
use lab::programs::{beside_this_one, tree};

use crate::user::{as_user, temporary, user};

/// The folder with the programs as the tree has them now. They are those of
/// other packages, which Cargo does not build for these tests: so this builds
/// them, the first time that a test program asks.
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = beside_this_one().unwrap();
        build(&folder);
        folder
    })
}

/// Builds all that a reader's commands build, into this folder.
fn build(folder: &Path) {
    // Set by `cargo test`.
    let Some(cargo) = std::env::var_os("CARGO") else {
        return;
    };
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--bins", "--profile", profile]);
    for package in ["ip-over-udp", "lab", "tests", "figures"] {
        build.args(["--package", package]);
    }
    build
        .arg("--manifest-path")
        .arg(tree().unwrap().join("Cargo.toml"));
    build.arg("--target-dir").arg(folder.parent().unwrap());
    assert!(build.status().unwrap().success());
}

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// A folder that other users can reach, with copies of all programs, of the
/// book and of the reference captures: the tree may be in somebody's home.
pub fn programs() -> &'static Path {
    FOLDER.get_or_init(|| {
        if user().is_none() {
            return built().to_owned();
        }
        let folder = temporary("programs");
        copy_programs(built(), &folder);
        fs::copy(built().join(VIEW), folder.join(VIEW)).unwrap();
        let tree = tree().unwrap();
        // Chapter 8 compiles the one in C, which it looks for next to the other.
        for peer in ["tunnel.py", "trusting.c", "matrix.sh", "steps.sh"] {
            fs::copy(tree.join("tests/peers").join(peer), folder.join(peer)).unwrap();
        }
        copy(&tree.join("book/src"), &folder.join("book"));
        copy(&tree.join("captures"), &folder.join("captures"));
        folder
    })
}

/// All that `cargo build --bins` builds for the hosts of the lab.
pub const PROGRAMS: [&str; 22] = [
    "lab",
    "serve",
    "fetch",
    "ch01",
    "ch02",
    "ch03",
    "ch04",
    "ch05",
    "ch06",
    "ch07",
    "ch08",
    "ch09",
    "ch09-lost",
    "ch10",
    "ch10-tcp",
    "ch11",
    "burst",
    "lost",
    "probe",
    "attack",
    "relay",
    "trusting",
];

/// What makes a page of their packets.
const VIEW: &str = "view";

/// Copies what `cargo build --bins` has built.
pub fn copy_programs(built: &Path, to: &Path) {
    for name in PROGRAMS {
        fs::copy(built.join(name), to.join(name)).unwrap();
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Removes what [`programs`] made.
pub(crate) fn clean_up() {
    if let (Some(programs), Some(_)) = (FOLDER.get(), user()) {
        let _ = fs::remove_dir_all(programs);
    }
}

/// The path of one of the programs.
pub fn program(name: &str) -> PathBuf {
    programs().join(name)
}

/// The chapters of the book, in order: `00`, `01` and so on.
pub fn chapters() -> Vec<String> {
    Book::at(None, None).unwrap().names().unwrap()
}

/// The program `lab`, to be run by the right user, away from the tree.
pub fn lab() -> Command {
    lab_with(programs())
}

/// The same, with other programs on its hosts.
pub fn lab_with(programs_on_hosts: &Path) -> Command {
    let mut command = bare_lab(programs_on_hosts);
    if user().is_some() {
        command.arg("--book").arg(programs().join("book"));
        command.arg("--captures").arg(programs().join("captures"));
    }
    command
}

/// The same, for a test that says where the book is.
pub fn lab_without_book() -> Command {
    bare_lab(programs())
}

fn bare_lab(programs_on_hosts: &Path) -> Command {
    let mut command = as_user(programs().join("lab"));
    command.arg("--bin-dir").arg(programs_on_hosts);
    command
}

pub(crate) fn lab_works() -> bool {
    let trial = lab().arg("trial").output();
    trial.is_ok_and(|output| output.status.success())
}
