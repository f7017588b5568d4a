//! Where a field is explained.

use ip_over_udp::packet::LayerKind;

/// The page on which every header and every field has its explanation.
const PAGE: &str = "headers.html";

/// The place of a field's explanation: `headers.html#ipv4-time-to-live`.
///
/// That it exists is checked in the finished book, where a figure's link is a
/// link like any other.
pub(super) fn place(kind: LayerKind, field: &str) -> String {
    let layer = match kind {
        // Both versions have the same fields.
        LayerKind::Icmpv6 => LayerKind::Icmp,
        kind => kind,
    };
    let words = format!("{layer} {field}").to_lowercase();
    format!("{PAGE}#{}", words.replace(' ', "-"))
}
