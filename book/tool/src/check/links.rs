//! Links: each leads to a file of the book and to a place in it, or to an
//! address of the web with `https`, which is not looked up.
//!
//! A checker of web sites, such as hyperlink, would be a program to install, and
//! does not report all of these: read from its folder, the book has no root, so
//! `/index.html` is dead, and `../..` leads out of it. And it can only guess
//! which line of the Markdown a link comes from. lychee as a library is 217 more
//! crates.

use std::path::Path;

use scraper::{ElementRef, Selector};

use super::finished::{Origin, Page, Pages, selector};
use crate::problem::Problem;

/// The dead links of a page.
pub fn problems(
    origin: &Origin,
    path: &str,
    page: &Page,
    pages: &Pages,
    built: &Path,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for element in page.html.select(&selector("[href], [src]")) {
        let link = element.attr("href").or(element.attr("src")).unwrap_or("");
        let Some(reason) = dead(link, path, pages, built) else {
            continue;
        };
        // In Markdown, a link to another page names its Markdown file.
        let written = link.replace(".html", ".md");
        let words: String = element.text().collect();
        let mut places = vec![written];
        // In a figure, no link is written anywhere, and its words may stand anywhere.
        match directive(element) {
            Some(directive) => places.extend(directive),
            None => places.extend([link.to_owned(), words.trim().to_owned()]),
        }
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        problems.push(origin.first(&places, format!("{link}: {reason}")));
    }
    problems
}

/// How the directive begins that drew this link, if one did: the name of a field,
/// which leads to the field's explanation, or the number of a packet. First as
/// exactly as the figure's caption says it, then less so.
fn directive(element: ElementRef) -> Option<[String; 3]> {
    let mut around = element.ancestors().filter_map(ElementRef::wrap);
    let figure = around.find(|outer| outer.value().name() == "figure")?;
    let directives = [
        ("bits", "header"),
        ("packet", "packet"),
        ("packets", "packets"),
    ];
    let (_, name) = directives
        .into_iter()
        .find(|(class, _)| figure.value().classes().any(|of| of == *class))?;
    let words = |part: Selector| -> String {
        let parts = figure.select(&part).next();
        parts.iter().flat_map(ElementRef::text).collect()
    };
    // "Packet 1", "Packets 1 to 8".
    let title = words(selector(".source strong"));
    let number = title.split(' ').nth(1).unwrap_or("");
    let capture = words(selector(".source code"));
    Some([
        format!("{{{{#{name} {capture} {number}"),
        format!("{{{{#{name} {capture} "),
        format!("{{{{#{name} "),
    ])
}

/// The reason why a link of a page is dead, if it is.
fn dead(link: &str, path: &str, pages: &Pages, built: &Path) -> Option<String> {
    if let Some((scheme, _)) = link.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        return match scheme {
            "https" | "mailto" | "data" => None,
            _ => Some(format!(
                "links to the web begin with https, not with {scheme}"
            )),
        };
    }
    let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => path.to_owned(),
        _ => match resolve(path, file) {
            Some(target) => target,
            None => return Some("this link leads out of the book".to_owned()),
        },
    };
    if !built.join(&target).is_file() {
        return Some(format!("this link is dead: the book has no file {target}"));
    }
    let ids = pages.get(&target).map(|page| &page.ids);
    if fragment.is_empty() || ids.is_some_and(|ids| ids.contains(fragment)) {
        return None;
    }
    Some(format!("this link is dead: {target} has no #{fragment}"))
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// The file that a link on a page means, from the root of the book.
fn resolve(page: &str, link: &str) -> Option<String> {
    if link.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    let (link, _query) = link.split_once('?').unwrap_or((link, ""));
    for part in link.split('/') {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
