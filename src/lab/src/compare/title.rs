//! Names for the layers of a packet that say which one of two is meant.

use ip_over_udp::packet::Layer;

pub fn is_ip(layer: &Layer) -> bool {
    matches!(layer.name, "IPv4" | "IPv6")
}

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
    let mut before = "";
    let mut places = Vec::new();
    for layer in layers {
        match before {
            "ICMP" | "ICMPv6" if is_ip(layer) => {
                place.quotes += 1;
                place.tunnels = 0;
            }
            "UDP" if is_ip(layer) => place.tunnels += 1,
            _ => (),
        }
        places.push(place);
        before = layer.name;
    }

    let mut titles: Vec<String> = Vec::new();
    for (layer, place) in layers.iter().zip(&places) {
        let mut alike = places.iter().filter(|it| it.quotes == place.quotes);
        let side = match alike.any(|it| it.tunnels > 0) {
            false => "",
            true if place.tunnels == 0 => "outer ",
            true => "inner ",
        };
        let quoted = if place.quotes > 0 { "quoted " } else { "" };
        titles.push(match (layer.name, titles.last()) {
            ("data", Some(before)) => format!("{before} data"),
            // Of a trailer, nothing says which of the packets it belongs to.
            (name @ ("Ethernet" | "trailer" | "padding"), _) => name.to_owned(),
            (name, _) => format!("{quoted}{side}{name}"),
        });
    }
    titles
}
