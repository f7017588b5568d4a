//! The whole book, into `target/book`; or all that is wrong with it, and the
//! last good book stays where it is.
//!
//! mdBook is a library here, so that a reader has to install nothing. Stock
//! `mdbook` with a preprocessor could not do the rest: the pages of source
//! files, the checks of the finished HTML, and keeping the last good book.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::Context;
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use tempfile::TempDir;

use crate::page::{Taken, expand};
use crate::problem::{Problem, Problems};
use crate::{check, explorer, source_page};

/// The names of the folders in which books are built begin with this.
const PREFIX: &str = ".book-";

/// A finished build.
#[derive(Debug)]
pub struct Built {
    /// The folder of the finished book.
    pub folder: PathBuf,
    /// Problems that do not fail the build of a draft.
    pub warnings: Vec<Problem>,
}

/// Builds the book of a tree. In a draft, anchors that no page uses are only
/// warned of.
///
/// An error is [`Problems`] where the writer of the book can mend it.
pub fn build(tree: &Path, draft: bool) -> anyhow::Result<Built> {
    attempt(tree, draft).map_err(|err| match remedy(&err) {
        Some(remedy) => anyhow::anyhow!("{err:#}\n  {remedy}"),
        None => err,
    })
}

/// What to do where the book cannot be written.
fn remedy(err: &anyhow::Error) -> Option<&'static str> {
    let cause = err
        .chain()
        .find_map(|cause| cause.downcast_ref::<io::Error>())?;
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Some("make room on that disk, and build the book again")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Some("build the book in a copy of the tree that you may write to")
        }
        _ => None,
    }
}

fn attempt(tree: &Path, draft: bool) -> anyhow::Result<Built> {
    let book = tree.join("book");
    let mut problems = check::config::problems(tree);
    problems.extend(check::pages::problems(tree)?);
    // Without its settings and pages there is no book to look at.
    Problems::none(problems)?;

    let target = tree.join("target");
    std::fs::create_dir_all(&target)
        .with_context(|| format!("cannot create {}", target.display()))?;
    let (_lock, fresh) =
        workplace(&target).with_context(|| format!("cannot write to {}", target.display()))?;

    let mut config = Config::from_disk(book.join("book.toml"))?;
    config.build.build_dir = fresh.path().join("book");
    let mut mdbook = MDBook::load_with_config(&book, config)?;
    let taken = expand(tree, &mut mdbook.book);
    mdbook
        .build()
        .with_context(|| format!("cannot build the book in {}", target.display()))?;
    let built = fresh.path().join("book");
    let unreadable = explorer::write(tree, &built, &mdbook.book)?;
    for (file, pages) in &taken.sources {
        source_page::write(tree, &built, file, pages)?;
    }

    let Taken {
        shown, problems, ..
    } = taken;
    let mut problems = problems;
    problems.extend(unreadable);
    problems.extend(check::finished_book(tree, &built)?);
    let (unused, broken) = check::anchors::problems(tree, &shown)?;
    problems.extend(broken);
    let mut warnings = Vec::new();
    match draft {
        true => warnings = unused,
        false => problems.extend(unused),
    }
    Problems::none(problems)?;

    let folder = target.join("book");
    swap(&built, &folder).with_context(|| format!("cannot replace {}", folder.display()))?;
    Ok(Built { folder, warnings })
}

/// A folder to build in, and the lock that says that a build is at work there.
///
/// Removes the folders of builds that were killed: no process holds their locks.
/// On a file system without locks, none is removed.
fn workplace(target: &Path) -> io::Result<(File, TempDir)> {
    // Held until this function ends: another build could remove the new folder
    // between its creation and its lock.
    let parent = File::open(target)?;
    let _ = parent.lock();
    for entry in std::fs::read_dir(target)?.flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
            && let Ok(folder) = File::open(entry.path())
            && folder.try_lock().is_ok()
        {
            // A folder that cannot be removed does not stop this build.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(target)?;
    let lock = File::open(folder.path())?;
    let _ = lock.lock();
    Ok((lock, folder))
}

/// Exchanges the finished book and the last one, in one step where the file system
/// can do that. The last one is then removed with the temporary folder.
fn swap(built: &Path, folder: &Path) -> io::Result<()> {
    // One build at a time gets past this lock.
    let parent = File::open(folder.parent().unwrap_or(folder))?;
    let _ = parent.lock();
    if !folder.exists() {
        return std::fs::rename(built, folder);
    }
    match renameat2(
        AT_FDCWD,
        built,
        AT_FDCWD,
        folder,
        RenameFlags::RENAME_EXCHANGE,
    ) {
        Ok(()) => Ok(()),
        Err(Errno::EINVAL | Errno::ENOSYS) => {
            let old = built.with_extension("old");
            std::fs::rename(folder, &old)?;
            std::fs::rename(built, folder).inspect_err(|_| {
                // Puts the last one back. The error to report is that of the line above.
                let _ = std::fs::rename(&old, folder);
            })
        }
        Err(err) => Err(err.into()),
    }
}
