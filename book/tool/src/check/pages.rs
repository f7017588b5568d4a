//! `SUMMARY.md` and the pages: each names the other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use mdbook_markdown::pulldown_cmark::{Event, Parser, Tag};
use walkdir::WalkDir;

use crate::problem::Problem;

const SUMMARY: &str = "book/src/SUMMARY.md";

/// Pages that are not there, and pages that the summary leaves out.
pub fn problems(tree: &Path) -> anyhow::Result<Vec<Problem>> {
    let source = tree.join("book/src");
    let summary = std::fs::read_to_string(tree.join(SUMMARY))
        .with_context(|| format!("cannot read {SUMMARY}"))?;
    let mut named = BTreeSet::new();
    let mut problems = Vec::new();
    for (event, range) in Parser::new(&summary).into_offset_iter() {
        if let Event::Start(Tag::Link { dest_url, .. }) = event
            && !dest_url.is_empty()
        {
            let page = PathBuf::from(dest_url.as_ref());
            if !source.join(&page).is_file() {
                let line = summary[..range.start].matches('\n').count() + 1;
                let what = format!("there is no page book/src/{}", page.display());
                problems.push(Problem::at(SUMMARY, line, what));
            }
            named.insert(page);
        }
    }
    for entry in WalkDir::new(&source).sort_by_file_name() {
        let entry = entry?;
        let page = entry.path().strip_prefix(&source)?.to_owned();
        let is_page = page.extension().is_some_and(|extension| extension == "md");
        if is_page && page != Path::new("SUMMARY.md") && !named.contains(&page) {
            let file = format!("book/src/{}", page.display());
            problems.push(Problem::at(
                file,
                1,
                format!("{SUMMARY} does not name this page"),
            ));
        }
    }
    Ok(problems)
}
