//! The name of a field, as a figure prints it.

use ip_over_udp::packet::{FieldName, LayerKind};
use maud::{Markup, html};

/// The name of a field of this layer. Figures that explain fields print every
/// name by this function, so that all can lead to the same place.
pub(super) fn name(_layer: LayerKind, field: FieldName) -> Markup {
    html! { (field) }
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
