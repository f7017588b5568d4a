//! Names for the layers of a packet that say which one of two is meant.

use ip_over_udp::packet::{Layer, LayerKind};

/// How deep in a packet a layer is.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Headers of ICMP errors before it, which repeat a packet.
    quotes: usize,
    /// Since the last of them, headers of UDP that carry a packet.
    tunnels: usize,
}

/// A name for each layer. What carries a packet is "outer", what is carried
/// "inner", and "quoted" is what an ICMP error repeats.
pub fn titles(layers: &[Layer]) -> Vec<String> {
    let mut place = Place::default();
    let mut before = None;
    let mut places = Vec::new();
    for layer in layers {
        match before {
            Some(LayerKind::Icmp | LayerKind::Icmpv6) if layer.kind.is_ip() => {
                place.quotes += 1;
                place.tunnels = 0;
            }
            Some(LayerKind::Udp) if layer.kind.is_ip() => place.tunnels += 1,
            _ => (),
        }
        places.push(place);
        before = Some(layer.kind);
    }

    let mut titles: Vec<String> = Vec::new();
    for (layer, place) in layers.iter().zip(&places) {
        let mut alike = places.iter().filter(|other| other.quotes == place.quotes);
        let side = match alike.any(|place| place.tunnels > 0) {
            false => "",
            true if place.tunnels == 0 => "outer ",
            true => "inner ",
        };
        let quoted = if place.quotes > 0 { "quoted " } else { "" };
        titles.push(match (layer.kind, titles.last()) {
            (LayerKind::Data, Some(before)) => format!("{before} data"),
            // Of a trailer, nothing says which of the packets it belongs to.
            (kind @ (LayerKind::Ethernet | LayerKind::Trailer | LayerKind::Padding), _) => {
                kind.to_string()
            }
            (kind, _) => format!("{quoted}{side}{kind}"),
        });
    }
    titles
}
