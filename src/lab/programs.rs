//! The chapter programs: where they are, and how they get there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::world;

/// The root of the source tree that this program was built from.
pub const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// The folder of the program that runs now. Cargo puts them all in one.
pub fn beside_this_one() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find this program's own file")?;
    let folder = this.parent().context("this program's file has no folder")?;
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
                 --bin-dir names the folder that `cargo build --bins` filled",
                folder.display()
            );
        }
    }
    Ok(())
}

/// Builds all programs into that folder, so that what the reader changed is
/// what runs. Cargo shows its progress on standard error.
pub fn build() -> anyhow::Result<()> {
    let manifest = Path::new(TREE).join("Cargo.toml");
    if !manifest.exists() {
        bail!(
            "cannot build the chapter programs: there is no {}\n  \
             run the lab from its source tree, or name a folder with the programs: --bin-dir DIR",
            manifest.display()
        );
    }
    let folder = beside_this_one()?;
    if !folder.join("ch01").exists() {
        eprintln!("next, the programs that will run on the hosts:");
    }
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    // Set while this program runs under `cargo run`.
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut build = Command::new(&cargo);
    build
        .args(["build", "--bins", "--profile", profile])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(folder.parent().unwrap_or(&folder));
    let code = world::run_family(&mut build)
        .with_context(|| format!("cannot run {}", cargo.display()))
        .context("cannot build the chapter programs; name a folder that has them: --bin-dir DIR")?;
    if code != 0 {
        bail!("the chapter programs do not compile; Cargo says why, above");
    }
    Ok(())
}
