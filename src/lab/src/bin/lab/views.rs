//! `cargo lab view`: a page with all packets of captures.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::bail;
use ip_over_udp::output::println;
use lab::summary::{command, shown};
use lab::view::View;

use crate::cli::Options;

/// Writes the page, says where it is, and opens it if that is asked.
pub fn view(
    options: &Options,
    what: &[String],
    page: Option<&Path>,
    open: bool,
) -> anyhow::Result<u8> {
    let view = find(options, what)?;
    let place = page.map_or(view.place.clone(), Path::to_owned);
    view.write(&place)?;
    let page = shown(&place);
    if !open {
        println!("the page is {}", page.display());
        return Ok(0);
    }
    match open_in_browser(&place) {
        Ok(()) => println!("opened {}", page.display()),
        Err(why) => println!(
            "cannot open a browser: {why}\n  open this page in one: {}",
            page.display()
        ),
    }
    Ok(0)
}

/// The captures that the words mean.
fn find(options: &Options, what: &[String]) -> anyhow::Result<View> {
    let base = options.base()?;
    if let [word] = what {
        let book = options.book()?;
        if let Some(chapter) = book.name(word)? {
            let folder = base.join(&chapter);
            if !folder.exists() {
                let play = command(&base, &chapter);
                bail!("you have no captures of chapter {chapter} yet; make them with: {play}");
            }
            return View::of_chapter(&folder, &chapter, &book.reference(&chapter));
        }
        let path = PathBuf::from(word);
        // A lab that is no chapter, such as `up`, by its name.
        for folder in [path, base.join(word)] {
            if folder.is_dir() {
                let name = shown(&folder).display().to_string();
                return View::of_folder(&folder, format!("Your packets in {name}"));
            }
        }
    }
    let paths: Vec<PathBuf> = what.iter().map(PathBuf::from).collect();
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        let chapters = options.book()?.names()?.join(", ");
        bail!(
            "there is no chapter, no folder and no file {}\n  the chapters are {chapters}",
            path.display()
        );
    }
    View::of_files(&paths)
}

/// Hands the page to the program that opens files on this desktop.
fn open_in_browser(page: &Path) -> Result<(), String> {
    let opened = Command::new("xdg-open")
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match opened {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("xdg-open ended with {status}")),
        Err(err) => Err(format!("xdg-open: {err}")),
    }
}
