//! A caption: what there is to see, and below it in quiet type where it is from.

use maud::{Markup, PreEscaped, html};

use super::arguments::Arguments;
use crate::html::sentence;

/// The option `caption="…"`, the point of a figure in a sentence.
pub(super) struct Caption(Option<String>);

impl Caption {
    pub fn of(arguments: &mut Arguments) -> Caption {
        Caption(arguments.option("caption"))
    }

    /// The caption with its source, which every figure from a capture names.
    pub fn above(&self, source: Markup) -> Markup {
        html! {
            figcaption {
                @if let Some(point) = &self.0 {
                    span .point { (PreEscaped(sentence(point))) } " "
                }
                span .source { (source) }
            }
        }
    }
}
