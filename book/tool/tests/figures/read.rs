//! Reads a figure's HTML.

use scraper::{Html, Selector};

/// The text of all elements that match.
pub fn texts(html: &str, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let html = Html::parse_fragment(html);
    let elements = html.select(&selector);
    elements.map(|element| element.text().collect()).collect()
}
