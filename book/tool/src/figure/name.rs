//! The name of a field, as a figure prints it.

use ip_over_udp::packet::{FieldName, LayerKind};
use maud::{Markup, html};

use super::explained;

/// The name of a field of this layer. Figures that explain fields print every
/// name by this function, as a link to its explanation.
pub(super) fn name(layer: LayerKind, field: FieldName) -> Markup {
    html! { a href=(explained::place(layer, field.as_str())) { (field) } }
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
