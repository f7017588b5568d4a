//! What must be true of the book, besides what its directives check.
//!
//! mdBook says nothing of any of these: it accepts a misspelt setting, leaves a
//! page out that its summary does not name, and writes links that lead nowhere.

use std::path::Path;

use crate::problem::Problem;

pub mod anchors;
pub mod config;
mod figures;
mod finished;
mod links;
pub mod pages;
mod terms;

/// What is wrong with the finished book in the folder `built`.
pub fn finished_book(tree: &Path, built: &Path) -> anyhow::Result<Vec<Problem>> {
    let (pages, mut problems) = finished::read(tree, built)?;
    let terms = terms::of_glossary(&pages);
    for (path, page) in &pages {
        // mdBook's copies of other pages: print.html of all of them, index.html of
        // the first.
        if path == "print.html" || path == "index.html" {
            continue;
        }
        let origin = finished::Origin::of(tree, path);
        problems.extend(links::problems(&origin, path, page, &pages, built));
        problems.extend(figures::problems(&origin, page));
        if let Some(terms) = &terms {
            problems.extend(terms::problems(&origin, path, page, terms));
        }
    }
    Ok(problems)
}
