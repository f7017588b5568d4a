//! Source files as pages of the book, so that a listing can link to its line
//! without a network; and the links to them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;

use crate::anchor::Source;
use crate::html::escape;
use crate::listing::language;

const TEMPLATE: &str = include_str!("source_page.html");

/// Links from one page of the book to source files.
pub struct Links {
    /// The way from the page up to the root of the book.
    root: String,
    /// The files that the page links to.
    files: RefCell<BTreeSet<String>>,
}

impl Links {
    /// For a page that is this many folders below the root of the book.
    pub fn from_depth(depth: usize) -> Links {
        Links {
            root: "../".repeat(depth),
            files: RefCell::default(),
        }
    }

    /// A file's name, as a link to its page and to a line of it.
    pub fn to(&self, file: &str, line: Option<usize>) -> String {
        self.files.borrow_mut().insert(file.to_owned());
        let line = line.map(|line| format!("#L{line}")).unwrap_or_default();
        let (root, address, name) = (&self.root, escape(&address(file)), escape(file));
        format!("<a href=\"{root}{address}{line}\"><code>{name}</code></a>")
    }

    /// The files that the page links to: each needs a page.
    pub fn into_files(self) -> BTreeSet<String> {
        self.files.into_inner()
    }
}

/// Where the page of a source file is, from the root of the book.
fn address(file: &str) -> String {
    format!("source/{file}.html")
}

/// Writes the page of one file. `pages` are those that show it: their titles by
/// their addresses.
pub fn write(
    tree: &Path,
    built: &Path,
    file: &str,
    pages: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let source = Source::read(tree, file)?;
    let path = built.join(address(file));
    let folder = path.parent().unwrap_or(built);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, page(file, &source, pages)?))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn page(file: &str, source: &Source, pages: &BTreeMap<String, String>) -> std::io::Result<String> {
    let lines = source.lines(None).map_err(std::io::Error::other)?;
    let root = "../".repeat(file.split('/').count());
    let mut numbers = String::new();
    let mut code = String::new();
    for (number, line) in lines {
        // The numbers are those of the file, anchors counted.
        numbers += &format!("<a id=\"L{number}\" href=\"#L{number}\">{number}</a>\n");
        code += &format!("{}\n", escape(line));
    }
    let shown: Vec<_> = pages
        .iter()
        .map(|(page, title)| format!("<a href=\"{root}{}\">{}</a>", escape(page), escape(title)))
        .collect();
    Ok(TEMPLATE
        .replace("{file}", &escape(file))
        .replace("{root}", &root)
        .replace("{language}", language(file))
        .replace("{pages}", &shown.join(", "))
        .replace("{numbers}", &numbers)
        .replace("{code}", &code))
}
