//! The whole book, into `target/book`; or all that is wrong with it, and the
//! book of before stays where it is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use crate::page::{Sources, Taken, expand};
use crate::problem::{Problem, Problems};
use crate::{check, source};

/// What became of a build.
#[derive(Debug)]
pub struct Built {
    /// The folder of the finished book.
    pub folder: PathBuf,
    /// What a draft may have wrong.
    pub warnings: Vec<Problem>,
}

/// Builds the book of a tree. In a draft, anchors that no page uses are only
/// warned of.
///
/// An error is [`Problems`] where the writer of the book can mend it.
pub fn build(tree: &Path, draft: bool) -> anyhow::Result<Built> {
    let book = tree.join("book");
    let mut problems = check::config::problems(tree);
    problems.extend(check::pages::problems(tree)?);
    // Without its settings and pages there is no book to look at.
    Problems::none(problems)?;

    let target = tree.join("target");
    std::fs::create_dir_all(&target)
        .with_context(|| format!("cannot create {}", target.display()))?;
    let fresh = tempfile::Builder::new()
        .prefix(".book-")
        .tempdir_in(&target)
        .with_context(|| format!("cannot write to {}", target.display()))?;

    let mut config = Config::from_disk(book.join("book.toml"))?;
    config.build.build_dir = fresh.path().join("book");
    // Or mdBook would run the directives a second time, as stock mdBook does.
    config.set("preprocessor", toml::Table::new())?;
    let mut mdbook = MDBook::load_with_config(&book, config)?;
    let taken = expand(tree, &mut mdbook.book, Sources::Linked);
    mdbook.build()?;
    let built = fresh.path().join("book");
    for (file, pages) in &taken.sources {
        source::write(tree, &built, file, pages)?;
    }

    let Taken {
        shown, problems, ..
    } = taken;
    let mut problems = problems;
    problems.extend(check::finished::problems(tree, &built)?);
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

/// Puts a finished book where the last one is: in one step, where the file
/// system can. The last one goes with the temporary folder.
fn swap(built: &Path, folder: &Path) -> std::io::Result<()> {
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
                // Back to what was there; the error of before is the one to tell.
                let _ = std::fs::rename(&old, folder);
            })
        }
        Err(why) => Err(why.into()),
    }
}
