//! The same directives for stock `mdbook build`, which hands the book over as
//! JSON and takes it back: see <https://rust-lang.github.io/mdBook/>.
//!
//! What the finished HTML must be is checked by `cargo book` only, and only
//! that makes the pages of source files, so listings do not link to them here.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context;

use crate::page::{Sources, expand};
use crate::problem::Problems;

/// Whether the directives can be drawn for a renderer: they become HTML.
pub fn supports(renderer: &str) -> bool {
    renderer == "html"
}

/// Takes a book from `input`, and gives it back to `output`.
pub fn run(tree: &Path, input: impl Read, mut output: impl Write) -> anyhow::Result<()> {
    let (_, mut book) = mdbook_preprocessor::parse_input(input)
        .context("this command is for mdbook, which feeds it a book as JSON")?;
    let taken = expand(tree, &mut book, Sources::Named);
    Problems::none(taken.problems)?;
    let written = serde_json::to_writer(&mut output, &book).map_err(std::io::Error::from);
    written
        .and_then(|()| output.flush())
        .context("cannot hand the book back to mdbook")
}
