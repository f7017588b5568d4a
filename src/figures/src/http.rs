//! HTTP in a packet, in a line.

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::LayerKind;

use crate::part;

/// The first line of a request or an answer of HTTP, as in `HTTP GET / HTTP/1.1`
/// and `HTTP/1.1 200 OK`.
pub fn http(packet: &Packet) -> Option<String> {
    let parts = part::parts(packet);
    let [.., tcp, data] = parts.as_slice() else {
        return None;
    };
    let text = std::str::from_utf8(&packet.data[data.bytes.clone()]).ok()?;
    let line = text.lines().next()?;
    match tcp.kind {
        LayerKind::Tcp if line.starts_with("HTTP/1.") => Some(line.to_owned()),
        LayerKind::Tcp if line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0") => {
            Some(format!("HTTP {line}"))
        }
        _ => None,
    }
}
