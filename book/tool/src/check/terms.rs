//! New words: each is in italics where a page explains it, and the glossary has
//! it, as "How to use this book" promises.

use std::collections::BTreeSet;

use super::finished::{Origin, Page, Pages, selector};
use crate::problem::Problem;

/// The page that has all terms.
const GLOSSARY: &str = "glossary.html";

/// Words in italics that are no terms.
const STRESSED: [&str; 9] = [
    "enter", "italics", "last", "leave", "make", "new", "up", "verify", "which",
];

/// The terms of the glossary, in small letters. `None` in a book without one.
pub fn of_glossary(pages: &Pages) -> Option<BTreeSet<String>> {
    let glossary = pages.get(GLOSSARY)?;
    let mut terms = BTreeSet::new();
    for entry in glossary.html.select(&selector("main dt")) {
        let names: String = entry.text().collect();
        let names = names.to_lowercase().replace('’', "'");
        terms.extend(names.split(',').map(|name| name.trim().to_owned()));
    }
    Some(terms)
}

/// The words in italics of a page that are not among the terms.
pub fn problems(
    origin: &Origin,
    path: &str,
    page: &Page,
    terms: &BTreeSet<String>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if path == GLOSSARY {
        return problems;
    }
    for element in page.html.select(&selector("main em")) {
        let written: String = element.text().collect();
        let words: Vec<_> = written.split_whitespace().collect();
        let word = words.join(" ").to_lowercase().replace('’', "'");
        if STRESSED.contains(&word.as_str()) || singular(&word).any(|word| terms.contains(&word)) {
            continue;
        }
        let what = format!(
            "the glossary does not have the word in italics {word:?}: add it there, or write the \
             word without italics"
        );
        let (whole, start) = (format!("*{written}*"), format!("*{}", words[0]));
        problems.push(origin.first(&[&whole, &start], what));
    }
    problems
}

/// A word as it is, and what it is one of if it is a plural.
fn singular(word: &str) -> impl Iterator<Item = String> {
    let one = |ending, instead| {
        word.strip_suffix(ending)
            .map(|stem| format!("{stem}{instead}"))
    };
    let whole = Some(word.to_owned());
    [whole, one("s", ""), one("es", ""), one("ies", "y")]
        .into_iter()
        .flatten()
}
