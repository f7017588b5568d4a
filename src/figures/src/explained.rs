//! The name of a field, and where it is explained.

use ip_over_udp::packet::{FieldName, LayerKind};
use maud::{Markup, html};

/// The page on which every header and every field has its explanation.
pub const PAGE: &str = "headers.html";

/// Where that page is, seen from the page with the figure.
pub enum Explained {
    At(String),
    /// There is none: the book has not been built.
    Nowhere,
}

impl Explained {
    /// In the book, where all pages are in one folder.
    pub fn in_the_book() -> Explained {
        Explained::At(PAGE.to_owned())
    }

    /// The name of a field of this layer. Figures that explain fields print every
    /// name by this function, as a link to its explanation.
    pub fn name(&self, layer: LayerKind, field: FieldName) -> Markup {
        match self {
            Explained::At(page) => {
                html! { a href=(place(page, layer, field.as_str())) { (field) } }
            }
            Explained::Nowhere => html! { (field) },
        }
    }

    /// Words as a link to the explanation of a field.
    pub fn link(&self, layer: LayerKind, field: &str, words: impl maud::Render) -> Markup {
        match self {
            Explained::At(page) => html! { a href=(place(page, layer, field)) { (words) } },
            Explained::Nowhere => html! { (words) },
        }
    }
}

/// The place of a field's explanation: `headers.html#ipv4-time-to-live`.
///
/// That it exists is checked in the finished book, where a figure's link is a
/// link like any other.
pub fn place(page: &str, kind: LayerKind, field: &str) -> String {
    let layer = match kind {
        // Both versions have the same fields.
        LayerKind::Icmpv6 => LayerKind::Icmp,
        kind => kind,
    };
    let words = format!("{layer} {field}").to_lowercase();
    format!("{page}#{}", words.replace(' ', "-"))
}
