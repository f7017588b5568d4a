//! The header of packets on a loopback interface of BSD and macOS: 4 bytes with the
//! address family, by which the system knows what follows (LINKTYPE_NULL and
//! LINKTYPE_LOOP of tcpdump.org).

use super::dissector::{Dissector, field};
use super::ip;
use super::names::{FieldName, LayerKind};

/// IPv4 has one number everywhere, IPv6 one on each system: Linux, Windows, NetBSD and
/// OpenBSD, FreeBSD, macOS.
const IP: [u32; 6] = [2, 10, 23, 24, 28, 30];

pub(super) fn dissect(packet: &[u8], dissector: &mut Dissector) {
    let Some((header, rest)) = packet.split_first_chunk::<4>() else {
        return dissector.cut(LayerKind::Loopback, packet, 0);
    };
    // A capture does not say in which byte order it is; as a family is a small
    // number, the order shows.
    let big = u32::from_be_bytes(*header);
    let family = match big {
        ..0x1_0000 => big,
        _ => u32::from_le_bytes(*header),
    };
    let fields = vec![field(FieldName::AddressFamily, 0..4, family)];
    dissector.layer(LayerKind::Loopback, 0, header.len(), fields);
    match IP.contains(&family) {
        true => ip::dissect(rest, header.len(), dissector),
        false => dissector.unknown(format_args!("address family {family}"), rest, header.len()),
    }
}

#[cfg(test)]
mod tests {
    use crate::packet::{FieldName, LinkType, dissect};

    #[test]
    fn either_byte_order() {
        let packet = [
            0x45, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        for (link, header) in [
            (LinkType::Null, [2, 0, 0, 0]),
            (LinkType::Null, [0, 0, 0, 2]),
            (LinkType::Loop, [0, 0, 0, 2]),
        ] {
            let dissection = dissect(link, &[&header[..], &packet].concat());
            let family = dissection.layers[0].number(FieldName::AddressFamily);
            assert_eq!(family, Some(2));
            let line = dissection.to_string();
            assert!(line.starts_with("1.2.3.4 > 5.6.7.8 "), "{line}");
        }
    }

    #[test]
    fn another_family_and_a_cut_header() {
        let line = |packet: &[u8]| dissect(LinkType::Null, packet).to_string();
        let other = "address family 7, 2 bytes of data (6 bytes)";
        assert_eq!(line(&[7, 0, 0, 0, 1, 2]), other);
        let cut = "loopback, cut off in its header (3 bytes)";
        assert_eq!(line(&[2, 0, 0]), cut);
    }
}
