//! The finished book, read as a browser reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use scraper::{Html, Selector};
use walkdir::WalkDir;

use crate::explorer;
use crate::problem::Problem;

/// All pages, by their path from the root of the book.
pub type Pages = BTreeMap<String, Page>;

/// A finished page.
pub struct Page {
    /// Its elements.
    pub html: Html,
    /// The ids of its elements, which a link can point at.
    pub ids: BTreeSet<String>,
}

/// Reads all pages in the folder `built`. A problem is an id that two elements of
/// a page have.
pub fn read(tree: &Path, built: &Path) -> anyhow::Result<(Pages, Vec<Problem>)> {
    let (mut pages, mut problems) = (Pages::new(), Vec::new());
    for entry in WalkDir::new(built).sort_by_file_name() {
        let entry = entry?;
        if entry
            .path()
            .extension()
            .is_none_or(|extension| extension != "html")
        {
            continue;
        }
        let path = entry.path().strip_prefix(built)?.display().to_string();
        let text = std::fs::read_to_string(entry.path())
            .with_context(|| format!("cannot read {path} of the finished book"))?;
        let html = Html::parse_document(&text);
        let mut ids = BTreeSet::new();
        for element in html.select(&selector("[id]")) {
            let id = element.attr("id").unwrap_or("");
            if !ids.insert(id.to_owned()) {
                let what = format!("two elements of this page have the id {id}");
                problems.push(Origin::of(tree, &path).last(&[id], what));
            }
        }
        pages.insert(path, Page { html, ids });
    }
    Ok((pages, problems))
}

/// The Markdown, source or capture file that a finished page was made from.
pub struct Origin {
    file: String,
    text: String,
}

impl Origin {
    /// Finds it for a page's path in the finished book.
    pub fn of(tree: &Path, page: &str) -> Origin {
        let name = page.trim_end_matches(".html");
        let file = match (name.strip_prefix("source/"), explorer::Page::at(page)) {
            (Some(source), _) => source.to_owned(),
            (None, Some(explorer)) => explorer.all_packets(),
            (None, None) => format!("book/src/{name}.md"),
        };
        // A capture has no lines.
        let text = std::fs::read_to_string(tree.join(&file)).unwrap_or_default();
        Origin { file, text }
    }

    /// A problem in the first line that contains one of these texts. They are tried
    /// in order.
    pub fn first(&self, texts: &[&str], what: impl std::fmt::Display) -> Problem {
        let lines = |text: &&str| self.lines_with(text).into_iter().next();
        Problem::somewhere(&self.file, texts.iter().find_map(lines), what)
    }

    /// The same in the last such line: of two headings, the second is the mistake.
    fn last(&self, texts: &[&str], what: impl std::fmt::Display) -> Problem {
        let lines = |text: &&str| self.lines_with(text).into_iter().next_back();
        Problem::somewhere(&self.file, texts.iter().find_map(lines), what)
    }

    fn lines_with(&self, text: &str) -> Vec<usize> {
        if text.is_empty() {
            return Vec::new();
        }
        let lines = (1..).zip(self.text.lines());
        lines
            .filter(|(_, line)| line.contains(text))
            .map(|(number, _)| number)
            .collect()
    }
}

/// Parses a selector, which is written in this program and so has no mistake.
pub fn selector(text: &'static str) -> Selector {
    Selector::parse(text).unwrap_or_else(|err| unreachable!("{text}: {err}"))
}
