//! The chapter programs: where they are, and how they get there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::namespace;
use ip_over_udp::output::eprintln;

/// The root of the source tree: the current folder, or one above it. Where that
/// is none, it is the tree that this program's own file is in.
///
/// It is looked for each time: a tree can be moved or copied, with all that was
/// built in it.
pub fn tree() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let above = |folder: &Path| {
        folder
            .ancestors()
            .find(|folder| is_tree(folder))
            .map(Path::to_owned)
    };
    let found = above(&here).or_else(|| above(&beside_this_one().ok()?));
    found.with_context(|| {
        format!(
            "{} is not in the source tree: no folder above it has chapters and book/src\n  \
             go to the source tree, or name the folders: --bin-dir DIR --book DIR --out DIR",
            here.display()
        )
    })
}

fn is_tree(folder: &Path) -> bool {
    ["chapters", "book/src"]
        .iter()
        .all(|part| folder.join(part).is_dir())
        && folder.join("Cargo.toml").is_file()
}

/// The folder in which each run has its own, if the reader names no other.
pub fn captures() -> anyhow::Result<PathBuf> {
    Ok(tree()?.join("target/lab"))
}

/// The folder of the program that runs now. Cargo puts them all in one, and tests
/// in a folder `deps` below it.
pub fn beside_this_one() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find this program's own file")?;
    let mut folders = this
        .ancestors()
        .skip(1)
        .filter(|folder| !folder.ends_with("deps"));
    let folder = folders
        .next()
        .context("this program's file has no folder")?;
    Ok(folder.to_owned())
}

/// Where programs are looked for: the path, and where system programs are on
/// machines that keep them from ordinary users' paths.
pub fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin:/usr/bin:/bin")
}

/// Whether a program of this name is there.
pub fn installed(program: &str) -> bool {
    search_path()
        .split(':')
        .any(|folder| Path::new(folder).join(program).is_file())
}

/// Whether the chapter programs are in this folder.
pub fn check(folder: &Path) -> anyhow::Result<()> {
    for program in ["ch01", "ch06", "serve", "fetch"] {
        if !folder.join(program).is_file() {
            bail!(
                "there is no program {program} in {}\n  \
                 give --bin-dir the folder that `cargo build --bins` writes to",
                folder.display()
            );
        }
    }
    Ok(())
}

/// Builds all programs into the folder of this one, so that what the reader
/// changed is what runs. Cargo shows its progress on standard error.
pub fn build() -> anyhow::Result<()> {
    if !beside_this_one()?.join("ch01").exists() {
        eprintln!("building the programs that will run on the hosts:");
    }
    cargo_build(&["--bins"], "the chapter programs do")
}

/// Builds the program that makes the page of `cargo lab view`. It draws, and so
/// needs crates that nothing else here needs.
pub fn build_view() -> anyhow::Result<()> {
    let mut package = vec!["--package", "figures", "--bin", VIEW];
    // The first time it takes a while; later Cargo has only errors to tell.
    match beside_this_one()?.join(VIEW).exists() {
        true => package.push("--quiet"),
        false => eprintln!("building the program that makes the page with your packets:"),
    }
    cargo_build(&package, "the program that makes the page does")
}

const VIEW: &str = "view";

/// The program that makes a page of captures, in this folder.
pub fn view(folder: &Path) -> anyhow::Result<Command> {
    let program = folder.join(VIEW);
    if !program.is_file() {
        bail!(
            "there is no program {VIEW} in {}\n  \
             this builds it: cargo build --package figures",
            folder.display()
        );
    }
    Ok(Command::new(program))
}

fn cargo_build(what: &[&str], whose: &str) -> anyhow::Result<()> {
    let manifest = tree()
        .context("cannot build the programs")?
        .join("Cargo.toml");
    let folder = beside_this_one()?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    // Set while this program runs under `cargo run`.
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut build = Command::new(&cargo);
    build
        .arg("build")
        .args(what)
        .args(["--profile", profile])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(folder.parent().unwrap_or(&folder));
    let code = namespace::run_family(&mut build)
        .context("cannot build the programs; name a folder that has them: --bin-dir DIR")?;
    if code != 0 {
        bail!("{whose} not compile; Cargo says why, above");
    }
    Ok(())
}
