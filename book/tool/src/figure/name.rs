//! The name of a field, as a figure of the book prints it.

use figures::explained::{self, Explained};
use ip_over_udp::packet::{FieldName, LayerKind};
use maud::{Markup, html};

/// The name of a field of this layer, as a link to its explanation.
pub(super) fn name(layer: LayerKind, field: FieldName) -> Markup {
    Explained::in_the_book().name(layer, field)
}

/// Several names with commas.
pub(super) fn names(layer: LayerKind, fields: &[FieldName]) -> Markup {
    html! {
        @for (place, field) in fields.iter().enumerate() {
            @if place > 0 { ", " }
            (name(layer, *field))
        }
    }
}

/// Where a field is explained.
pub(super) fn explained(layer: LayerKind, field: &str) -> String {
    explained::place(explained::PAGE, layer, field)
}
