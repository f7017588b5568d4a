//! Rounds: something is done now, and again after each change of a file.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ip_over_udp::output::written;
use nix::poll::{PollFd, PollFlags, poll};

/// How often the times of the files are compared, in milliseconds.
///
/// mdBook's own watcher does the same by default, because notifications are less
/// reliable. The crate `notify` would add five crates, and make this file no
/// shorter.
const LOOK_EVERY: u16 = 300;

/// Does a round now, and another one after each change of these files, or of
/// those below these folders, until the process ends. Only files that `counts`
/// names are looked at, and none that an editor keeps for itself.
///
/// # Errors
/// The first one of a round, which is the last round then.
pub fn repeat(
    paths: &[PathBuf],
    counts: fn(&Path) -> bool,
    mut round: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Infallible> {
    loop {
        // Listed first: a file that is saved during a round has another one.
        let known = files(paths, counts);
        round()?;
        let mut now = files(paths, counts);
        loop {
            let before = now;
            pause();
            now = files(paths, counts);
            // Of several files that are saved at once, the last is there too.
            if now != known && now == before {
                break;
            }
        }
    }
}

/// The time until the next look. The program ends if its output has no reader
/// any more, which it would not notice as long as it prints nothing.
fn pause() {
    let output = io::stdout();
    // Nothing is asked for; that a pipe or a terminal is closed is always told.
    let mut fds = [PollFd::new(output.as_fd(), PollFlags::empty())];
    let _ = poll(&mut fds, LOOK_EVERY);
    if fds[0].any() == Some(true) {
        written(Err::<(), _>(ErrorKind::BrokenPipe.into()));
    }
}

/// When a file was last changed, as far as that can be told.
type Files = BTreeMap<PathBuf, Option<SystemTime>>;

/// The files that are there now. What cannot be read is not there: a folder can
/// vanish for a moment, while `git` puts another in its place.
fn files(paths: &[PathBuf], counts: fn(&Path) -> bool) -> Files {
    let mut found = Files::new();
    let mut paths = paths.to_vec();
    while let Some(path) = paths.pop() {
        // Those of a link itself: one to a folder above would lead in circles.
        let Ok(data) = fs::symlink_metadata(&path) else {
            continue;
        };
        if data.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            let shown = entries.filter(|entry| !is_private(&entry.file_name().to_string_lossy()));
            paths.extend(shown.map(|entry| entry.path()));
        } else if counts(&path) {
            // Behind a link to a file, that file is what is saved.
            let file = fs::metadata(&path).ok().filter(fs::Metadata::is_file);
            let changed = file.unwrap_or(data).modified();
            found.insert(path, changed.ok());
        }
    }
    found
}

/// Whether an editor keeps such a file for itself, and writes to it while the
/// reader types: `.ch06.rs.swp`, `.#ch06.rs`, `#ch06.rs#` or `ch06.rs~`.
fn is_private(name: &str) -> bool {
    name.starts_with(['.', '#']) || name.ends_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_counts_as_a_change() {
        let base = std::env::temp_dir().join(format!("ip-over-udp-rounds-{}", std::process::id()));
        let (folder, one) = (base.join("folder"), base.join("Cargo.toml"));
        fs::create_dir_all(folder.join("deeper")).unwrap();
        let program = folder.join("deeper/ch06.rs");
        fs::write(&program, "").unwrap();
        fs::write(&one, "").unwrap();
        let paths = [folder.clone(), one.clone(), base.join("nothing")];
        let look = || files(&paths, |path| !path.ends_with("capture.pcap"));
        let first = look();
        assert!(first.keys().eq([&one, &program]), "{first:?}");

        // Nobody's program.
        for name in [".ch06.rs.swp", "#ch06.rs#", "ch06.rs~", "capture.pcap"] {
            fs::write(folder.join("deeper").join(name), "").unwrap();
        }
        symlink("someone@somewhere", folder.join("deeper/.#ch06.rs")).unwrap();
        fs::create_dir_all(folder.join(".git")).unwrap();
        fs::write(folder.join(".git/index"), "").unwrap();
        assert_eq!(look(), first);

        // Links that lead nowhere, or in circles.
        symlink("nowhere", folder.join("link.rs")).unwrap();
        symlink("..", folder.join("circle")).unwrap();
        let links = look();
        assert_eq!(links.len(), 4, "{links:?}");

        // Saved in place, saved by renaming, and gone for a moment.
        let second = SystemTime::UNIX_EPOCH;
        let file = fs::File::options().write(true).open(&program).unwrap();
        file.set_modified(second).unwrap();
        assert_ne!(look(), links);
        let saved = look();
        fs::write(folder.join("deeper/new~"), "").unwrap();
        fs::rename(folder.join("deeper/new~"), &program).unwrap();
        assert_ne!(look(), saved);
        let saved = look();
        fs::rename(&folder, base.join("away")).unwrap();
        assert!(look().keys().eq([&one]));
        fs::rename(base.join("away"), &folder).unwrap();
        assert_eq!(look(), saved);
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn a_change_during_a_round_has_another_one() {
        let file = std::env::temp_dir().join(format!("ip-over-udp-round-{}", std::process::id()));
        let mut rounds = 0;
        let ended = repeat(
            std::slice::from_ref(&file),
            |_| true,
            || {
                rounds += 1;
                fs::write(&file, "")?;
                anyhow::ensure!(rounds < 2, "enough");
                Ok(())
            },
        );
        assert_eq!(ended.unwrap_err().to_string(), "enough");
        fs::remove_file(file).unwrap();
    }
}
