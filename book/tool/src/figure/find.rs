//! The part of a packet, and the field, that a name means.

use anyhow::{Context, bail};
use figures::part::Part;
use ip_over_udp::packet::Field;

/// The part that a name means: `UDP` the UDP header, `IPv4` the first IPv4
/// header, `IPv4[2]` the second.
pub(super) fn part<'a>(parts: &'a [Part], name: &str) -> anyhow::Result<&'a Part> {
    let (layer, which) = match name.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((layer, which)) => (layer, which.parse().unwrap_or(0)),
        None => (name, 1usize),
    };
    let mut of_name = parts.iter().filter(|part| part.kind.as_str() == layer);
    of_name.nth(which.wrapping_sub(1)).with_context(|| {
        let all: Vec<&str> = parts.iter().map(|part| part.kind.as_str()).collect();
        format!(
            "this packet has no layer {name}: its layers are {}",
            all.join(", ")
        )
    })
}

/// The field that a name means: `UDP.length`, `IPv4[2].time to live`, or
/// `time to live` if only one layer has it.
pub(super) fn field<'a>(parts: &'a [Part], name: &str) -> anyhow::Result<&'a Field> {
    if let Some((layer, name)) = name.split_once('.') {
        let part = part(parts, layer)?;
        let mut fields = part.fields.iter();
        return fields
            .find(|field| field.name.as_str() == name)
            .with_context(|| {
                let all: Vec<&str> = part
                    .fields
                    .iter()
                    .map(|field| field.name.as_str())
                    .collect();
                format!(
                    "{layer} has no field {name:?}: its fields are {}",
                    all.join(", ")
                )
            });
    }
    let of_name = parts.iter().filter_map(|part| {
        let mut fields = part.fields.iter();
        Some((part, fields.find(|field| field.name.as_str() == name)?))
    });
    match of_name.collect::<Vec<_>>().as_slice() {
        [(_, field)] => Ok(field),
        [] => bail!("no layer of this packet has a field {name:?}"),
        several => {
            let layers: Vec<&str> = several
                .iter()
                .map(|(part, _)| part.label.as_str())
                .collect();
            bail!(
                "{name:?} is in {}: write the layer before it, as UDP.{name}, or IPv4[2].{name} for the second IPv4",
                layers.join(" and in ")
            )
        }
    }
}
