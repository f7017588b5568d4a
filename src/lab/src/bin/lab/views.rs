//! `cargo lab view`: a page with all packets of captures. Here the reader's words are
//! understood; another program makes the page, and is compiled when it is needed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;
use lab::book::Chapter;
use lab::summary::command;
use lab::{namespace, programs};

use crate::cli::Options;
use crate::terminals;

/// Has the page made, and opened if that is asked.
pub fn view(
    options: &Options,
    what: &[String],
    page: Option<&Path>,
    open: bool,
) -> anyhow::Result<u8> {
    let captures = find(options, what)?;
    let mut view = program(options)?;
    match captures {
        Captures::Chapter {
            name,
            folder,
            reference,
        } => {
            view.arg("--chapter")
                .arg(name)
                .arg("--reference")
                .arg(reference)
                .arg(folder);
        }
        Captures::Of(paths) => {
            view.args(paths);
        }
    }
    if let Some(page) = page {
        view.arg("--page").arg(page);
    }
    if open {
        view.arg("--open");
    }
    namespace::run_family(&mut view)
}

/// Has the page of the running lab served until that ends.
pub fn live(options: &Options, open: bool) -> anyhow::Result<u8> {
    let base = options.base()?;
    let running = terminals::running(&base)?;
    let folder = running.path();
    if !folder.join("all.pcapng").exists() {
        bail!(
            "the running lab captures nothing\n  \
             end it, and start one in another terminal: {}",
            command(&base, "up")
        );
    }
    let mut view = program(options)?;
    view.arg("--live").arg(folder);
    if open {
        view.arg("--open");
    }
    namespace::run_family(&mut view)
}

/// The program that makes the page, as the tree has it now.
fn program(options: &Options) -> anyhow::Result<Command> {
    if options.bin_dir.is_none() {
        programs::build_view()?;
    }
    programs::view(&options.bin_dir()?)
}

/// What makes the page of a chapter that has been played, but for the folder with the
/// captures. `None` where the reader has named a folder of programs without it.
pub fn after(options: &Options, chapter: &Chapter) -> Option<Command> {
    let mut view = programs::view(&options.bin_dir().ok()?).ok()?;
    view.args(["--quiet", "--chapter", &chapter.name]);
    view.arg("--reference")
        .arg(options.book().ok()?.reference(&chapter.name));
    Some(view)
}

/// What the reader's words mean.
enum Captures {
    Chapter {
        name: String,
        folder: PathBuf,
        reference: PathBuf,
    },
    Of(Vec<PathBuf>),
}

fn find(options: &Options, what: &[String]) -> anyhow::Result<Captures> {
    let base = options.base()?;
    let book = options.book()?;
    if let [word] = what {
        if let Some(name) = book.name(word)? {
            let folder = base.join(&name);
            if !folder.exists() {
                let play = command(&base, &name);
                bail!("you have no captures of chapter {name} yet; make them with: {play}");
            }
            let reference = book.reference(&name);
            return Ok(Captures::Chapter {
                name,
                folder,
                reference,
            });
        }
        // A lab that is no chapter, such as `up`, by its name.
        let lab = base.join(word);
        if !Path::new(word).exists() && lab.is_dir() {
            return Ok(Captures::Of(vec![lab]));
        }
    }
    let paths: Vec<PathBuf> = what.iter().map(PathBuf::from).collect();
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        bail!(
            "there is no chapter, no folder and no file {}\n  the chapters are {}",
            path.display(),
            book.names()?.join(", ")
        );
    }
    Ok(Captures::Of(paths))
}
