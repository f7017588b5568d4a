//! The book, built again after each change.
//!
//! A browser reads the book from its folder, so there is no server here, and the
//! browser's own reload shows the new page.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use walkdir::WalkDir;

/// How often the times of the files are compared.
///
/// mdBook's own watcher does the same by default, because notifications are less
/// reliable. The crate `notify` would add five crates, and make this file no
/// shorter.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What the book is made of.
const WATCHED: [&str; 6] = [
    "book/book.toml",
    "book/src",
    "book/theme",
    "captures",
    "chapters",
    "src",
];

/// Calls `build` now, and again after each change, until the process ends.
pub fn watch(tree: &Path, mut build: impl FnMut()) -> ! {
    loop {
        // Listed first: a file that changes during a build is built again.
        let built = files(tree);
        build();
        while files(tree) == built {
            sleep(LOOK_EVERY);
        }
    }
}

/// The files and folders, and when each was last changed.
fn files(tree: &Path) -> Vec<(PathBuf, Option<SystemTime>)> {
    let entries = WATCHED
        .iter()
        .flat_map(|path| WalkDir::new(tree.join(path)).sort_by_file_name());
    entries
        .flatten()
        .map(|entry| {
            let changed = entry.metadata().ok().and_then(|data| data.modified().ok());
            (entry.into_path(), changed)
        })
        .collect()
}
