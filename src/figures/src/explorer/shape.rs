//! The forms that packets have: layers with markup that has slots for the bytes
//! and values of a packet, each once.

use std::collections::HashMap;
use std::ops::Range;

use ip_over_udp::packet::{FieldName, LayerKind};
use maud::{Markup, html};

use crate::anatomy::{Anatomy, Source};
use crate::explained::Explained;
use crate::part::{Group, Part};

/// What makes the markup of two layers the same.
#[derive(PartialEq, Eq, Hash)]
struct Form {
    label: String,
    kind: LayerKind,
    /// Where it begins in the packet, and for a header where it ends.
    start: usize,
    end: Option<usize>,
    fields: Vec<(FieldName, Range<usize>)>,
}

/// A layer of a shape: the number of its markup, where it begins, and where it ends
/// if that is not the end of the packet.
pub type Layer = [Option<usize>; 3];

/// The shapes of all packets so far.
#[derive(Default)]
pub struct Shapes {
    forms: HashMap<Form, usize>,
    shapes: HashMap<Vec<Layer>, usize>,
    layers: Vec<Markup>,
    list: Vec<Vec<Vec<Option<usize>>>>,
}

impl Shapes {
    /// The shape of a packet in these parts, which has that many bytes.
    pub fn number(&mut self, parts: &[Part], length: usize, explained: &Explained) -> usize {
        let layers = parts.iter().map(|part| {
            let end =
                (!part.fields.is_empty() || part.bytes.end < length).then_some(part.bytes.end);
            [
                Some(self.layer(part, explained)),
                Some(part.bytes.start),
                end,
            ]
        });
        let layers: Vec<Layer> = layers.collect();
        if let Some(&number) = self.shapes.get(&layers) {
            return number;
        }
        let number = self.list.len();
        self.list
            .push(layers.iter().map(|layer| layer.to_vec()).collect());
        self.shapes.insert(layers, number);
        number
    }

    fn layer(&mut self, part: &Part, explained: &Explained) -> usize {
        let fields = part.fields.iter();
        let form = Form {
            label: part.label.clone(),
            kind: part.kind,
            start: part.bytes.start,
            end: (!part.fields.is_empty()).then_some(part.bytes.end),
            fields: fields
                .map(|field| (field.name, field.bytes.clone()))
                .collect(),
        };
        let next = self.layers.len();
        let number = *self.forms.entry(form).or_insert(next);
        if number == next {
            self.layers.push(markup(number, part, explained));
        }
        number
    }

    /// The markup of the layers, in the order of their numbers.
    pub fn layers(&self) -> &[Markup] {
        &self.layers
    }

    /// The shapes, by their numbers.
    pub fn list(&self) -> &[Vec<Vec<Option<usize>>>] {
        &self.list
    }
}

/// What a figure of a packet has of a layer: where in the figure it belongs is
/// said by `data-in`.
fn markup(number: usize, part: &Part, explained: &Explained) -> Markup {
    let anatomy = Anatomy {
        source: Source::Slots,
        marked: &[],
        explained,
    };
    let whole = || Group {
        bytes: part.bytes.clone(),
        fields: Vec::new(),
    };
    let groups = match part.fields.is_empty() {
        true => vec![whole()],
        false => part.groups(),
    };
    let none = || 0..0;
    html! {
      template id={ "layer-" (number) } data-fields=(part.fields.len()) {
        ol data-in=".layers" { (anatomy.item(part)) }
        div data-in=".hex" { @for group in &groups { (anatomy.label(part, group, none())) } }
        div data-in=".text" { @for group in &groups { (anatomy.text(part, group, none())) } }
        div data-in=".tables" { (anatomy.table(part, true)) }
      }
    }
}
