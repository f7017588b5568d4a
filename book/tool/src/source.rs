//! Source files as pages of the book, so that a listing can link to its line
//! without a network.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use crate::anchor::Source;
use crate::html::escape;
use crate::listing;

const TEMPLATE: &str = include_str!("source.html");

/// Where the page of a source file is, from the root of the book.
pub fn address(file: &str) -> String {
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
    let source = listing::read(tree, file)?;
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
        .replace("{pages}", &shown.join(", "))
        .replace("{numbers}", &numbers)
        .replace("{code}", &code))
}
