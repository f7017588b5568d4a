//! Figures: each says in words what it shows, for those who cannot see it.

use scraper::ElementRef;

use super::finished::{Origin, Page, selector};
use crate::problem::Problem;

/// The figures of a page without a text alternative.
pub fn problems(origin: &Origin, page: &Page) -> Vec<Problem> {
    let mut problems = Vec::new();
    for element in page
        .html
        .select(&selector("main img, main svg, main figure"))
    {
        if described(element) {
            continue;
        }
        let name = element.value().name();
        let what = match name {
            "img" => {
                "this picture has no text alternative; write ![what it shows](file)".to_owned()
            }
            _ => format!(
                "this <{name}> has no text alternative; give it an aria-label, a <title> or a <figcaption>"
            ),
        };
        let source = element.attr("src").unwrap_or("");
        // What was drawn has no line of its own: a directive or raw HTML has.
        let tag = format!("<{name}");
        problems.push(origin.first(&[source, &tag, "{{#packet", "{{#journey"], what));
    }
    problems
}

fn described(element: ElementRef) -> bool {
    let has = |name| {
        element
            .attr(name)
            .is_some_and(|text| !text.trim().is_empty())
    };
    let child = |name| {
        let mut children = element.child_elements();
        children
            .any(|child| child.value().name() == name && child.text().any(|t| !t.trim().is_empty()))
    };
    if has("aria-label")
        || has("aria-labelledby")
        || has("alt")
        || child("title")
        || child("figcaption")
        || is_list_with_summary(element)
        || is_only_a_drawing(element)
    {
        return true;
    }
    // An ornament, or a part of something that is described.
    let mut around = element.ancestors().filter_map(ElementRef::wrap);
    let ornament =
        |e: &ElementRef| e.attr("aria-hidden") == Some("true") || e.value().classes().any(is_icon);
    ornament(&element) || around.any(|outer| ornament(&outer) || is_described_figure(outer))
}

/// In the explorer, a list is folded behind a line that says what it is.
fn is_list_with_summary(element: ElementRef) -> bool {
    let around = element.parent().and_then(ElementRef::wrap);
    let first = around.and_then(|around| around.child_elements().next());
    element.value().name() == "figure"
        && first.is_some_and(|first| first.value().name() == "summary")
}

/// In the explorer, the map stands alone in its figure, and is described itself.
fn is_only_a_drawing(element: ElementRef) -> bool {
    let mut children = element.child_elements();
    let drawing = children
        .next()
        .filter(|child| child.value().name() == "svg");
    element.value().name() == "figure"
        && children.next().is_none()
        && drawing.is_some_and(described)
}

/// mdBook's icons stand beside words.
fn is_icon(class: &str) -> bool {
    class == "fa-svg" || class == "blockquote-tag-title"
}

fn is_described_figure(element: ElementRef) -> bool {
    element.value().name() == "figure"
        && element
            .child_elements()
            .any(|child| child.value().name() == "figcaption")
}
