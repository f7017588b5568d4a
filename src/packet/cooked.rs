//! The headers that Linux gives to packets of a capture of all interfaces
//! (`tcpdump -i any`), whose own headers differ: 16 bytes, or 20 in version 2
//! (LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 of tcpdump.org). All is in network
//! byte order.
//!
//! ```text
//! version 1          version 2
//! bytes  0 to  1     byte  10          packet type: 0 to this host, 1 to all, 2 to a
//!                                      group, 3 to another host, 4 from this host
//! bytes  2 to  3     bytes  8 to  9    ARPHRD type: the kind of hardware
//! bytes  4 to  5     byte  11          length of the link-layer address, in bytes
//! bytes  6 to 13     bytes 12 to 19    link-layer address of the sender, filled up
//!                                      with zeros, or its first 8 bytes
//! bytes 14 to 15     bytes  0 to  1    protocol type: what follows, mostly an EtherType
//!                    bytes  2 to  3    reserved
//!                    bytes  4 to  7    interface index
//! ```

use etherparse::EtherType;

use super::dissection::Field;
use super::dissector::{Dissector, field};
use super::ethernet;
use super::names::{FieldName, LayerKind};
use super::value::{MacAddress, Value};

/// Kinds of hardware whose packets have no EtherType: frame relay (ARPHRD_FRAD),
/// Wi-Fi with its radio header (ARPHRD_IEEE80211_RADIOTAP), and what programs and
/// the kernel tell each other (ARPHRD_NETLINK).
const WITHOUT_ETHER_TYPE: [u16; 3] = [770, 803, 824];

pub(super) fn v1(packet: &[u8], dissector: &mut Dissector) {
    let Some((header, rest)) = packet.split_first_chunk::<16>() else {
        return dissector.cut(LayerKind::LinuxCooked, packet, 0);
    };
    let &[k0, k1, h0, h1, l0, l1, .., p0, p1] = header;
    let (kind, hardware) = (u16::from_be_bytes([k0, k1]), u16::from_be_bytes([h0, h1]));
    let length = u16::from_be_bytes([l0, l1]);
    let protocol = u16::from_be_bytes([p0, p1]);
    let mut fields = vec![
        field(FieldName::PacketType, 0..2, kind),
        field(FieldName::ArphrdType, 2..4, hardware),
        field(FieldName::AddressLength, 4..6, length),
    ];
    fields.extend(address(header, 6, length));
    let hex = Value::Hex(protocol.into(), 4);
    fields.push(field(FieldName::ProtocolType, 14..16, hex));
    dissector.layer(LayerKind::LinuxCooked, 0, header.len(), fields);
    carried(hardware, protocol, rest, header.len(), dissector);
}

pub(super) fn v2(packet: &[u8], dissector: &mut Dissector) {
    let Some((header, rest)) = packet.split_first_chunk::<20>() else {
        return dissector.cut(LayerKind::LinuxCookedV2, packet, 0);
    };
    let &[p0, p1, r0, r1, i0, i1, i2, i3, h0, h1, kind, length, ..] = header;
    let hardware = u16::from_be_bytes([h0, h1]);
    let protocol = u16::from_be_bytes([p0, p1]);
    let hex = Value::Hex(protocol.into(), 4);
    let interface = u32::from_be_bytes([i0, i1, i2, i3]);
    let mut fields = vec![
        field(FieldName::ProtocolType, 0..2, hex),
        field(FieldName::Reserved, 2..4, u16::from_be_bytes([r0, r1])),
        field(FieldName::InterfaceIndex, 4..8, interface),
        field(FieldName::ArphrdType, 8..10, hardware),
        field(FieldName::PacketType, 10..11, kind),
        field(FieldName::AddressLength, 11..12, length),
    ];
    fields.extend(address(header, 12, length.into()));
    dissector.layer(LayerKind::LinuxCookedV2, 0, header.len(), fields);
    carried(hardware, protocol, rest, header.len(), dissector);
}

/// The sender's address, and what is behind it in the eight bytes from `at` on.
fn address(header: &[u8], at: usize, length: u16) -> Vec<Field> {
    let all = at..at + 8;
    let used = at..at + usize::from(length).min(8);
    let value = match header[used.clone()] {
        [a, b, c, d, e, f] => MacAddress([a, b, c, d, e, f]).into(),
        // Of a tunnel in IPv4: its end.
        [a, b, c, d] => Value::Ip([a, b, c, d].into()),
        _ => Value::Bytes(used.len()),
    };
    let unused = used.end..all.end;
    let fields = [
        field(FieldName::SourceAddress, used, value),
        field(
            FieldName::Unused,
            unused.clone(),
            Value::Bytes(unused.len()),
        ),
    ];
    let there = fields.into_iter().filter(|field| !field.bytes.is_empty());
    there.collect()
}

fn carried(hardware: u16, protocol: u16, bytes: &[u8], at: usize, dissector: &mut Dissector) {
    if WITHOUT_ETHER_TYPE.contains(&hardware) {
        dissector.unknown(format_args!("ARPHRD type {hardware}"), bytes, at);
    } else if protocol < ethernet::MIN_ETHER_TYPE {
        // What Linux has no EtherType for: 4 for example is IEEE 802.3.
        dissector.unknown(format_args!("protocol type {protocol}"), bytes, at);
    } else {
        ethernet::carried(EtherType(protocol), bytes, at, dissector);
    }
}

#[cfg(test)]
mod tests {
    use crate::packet::{FieldName, LayerKind, LinkType, dissect};

    const PING: [u8; 28] = [
        0x45, 0, 0, 28, 0, 1, 0x40, 0, 64, 1, 0xb9, 0x8c, 192, 168, 0, 1, 192, 168, 0, 2, 8, 0,
        0xf7, 0xf7, 0, 7, 0, 1,
    ];
    const LINE: &str = "192.168.0.1 > 192.168.0.2 ICMP echo request, id 7, seq 1";

    fn shown(link: LinkType, header: &[u8], carried: &[u8]) -> (String, Vec<String>) {
        let packet = [header, carried].concat();
        let dissection = dissect(link, &packet);
        let fields = dissection.layers[0]
            .fields
            .iter()
            .map(|field| format!("{:?} {}: {}", field.bytes, field.name, field.value));
        (dissection.to_string(), fields.collect())
    }

    #[test]
    fn the_fields_of_version_1() {
        let header = [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 1, 2, 0xaa, 0xbb, 8, 0];
        let (line, fields) = shown(LinkType::LinuxSll, &header, &PING);
        assert_eq!(line, format!("{LINE} (44 bytes)"));
        assert_eq!(
            fields,
            [
                "0..2 packet type: 4",
                "2..4 ARPHRD type: 1",
                "4..6 link-layer address length: 6",
                "6..12 source address: 02:00:00:00:01:02",
                "12..14 unused: 2 bytes",
                "14..16 protocol type: 0x0800",
            ]
        );
    }

    #[test]
    fn the_fields_of_version_2() {
        let mut header = [
            0x08, 0, 0, 0, 0, 0, 1, 3, 0xff, 0xfe, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        let (line, fields) = shown(LinkType::LinuxSll2, &header, &PING);
        assert_eq!(line, format!("{LINE} (48 bytes)"));
        assert_eq!(
            fields,
            [
                "0..2 protocol type: 0x0800",
                "2..4 reserved: 0",
                "4..8 interface index: 259",
                "8..10 ARPHRD type: 65534",
                "10..11 packet type: 0",
                "11..12 link-layer address length: 0",
                "12..20 unused: 8 bytes",
            ]
        );
        for (length, last) in [
            (
                4,
                ["12..16 source address: 1.2.3.4", "16..20 unused: 4 bytes"].as_slice(),
            ),
            (8, &["12..20 source address: 8 bytes"]),
            (20, &["12..20 source address: 8 bytes"]),
        ] {
            header[11] = length;
            let (_, fields) = shown(LinkType::LinuxSll2, &header, &PING);
            assert_eq!(fields[6..], *last);
        }
    }

    #[test]
    fn what_is_no_ip_packet_is_named() {
        for (hardware, protocol, line) in [
            (
                1,
                0x88cc,
                "Ethernet type 0x88cc, 28 bytes of data (44 bytes)",
            ),
            (1, 4, "protocol type 4, 28 bytes of data (44 bytes)"),
            (
                824_u16,
                0x0800_u16,
                "ARPHRD type 824, 28 bytes of data (44 bytes)",
            ),
        ] {
            let (h, p) = (hardware.to_be_bytes(), protocol.to_be_bytes());
            let header = [&[0, 0], &h[..], &[0; 10], &p].concat();
            assert_eq!(shown(LinkType::LinuxSll, &header, &PING).0, line);
        }
    }

    #[test]
    fn cut_in_its_header_it_says_so() {
        for (link, kind, length) in [
            (LinkType::LinuxSll, LayerKind::LinuxCooked, 16),
            (LinkType::LinuxSll2, LayerKind::LinuxCookedV2, 20),
        ] {
            let line = format!("{kind}, cut off in its header (15 bytes)");
            assert_eq!(dissect(link, &[0; 15]).to_string(), line);
            let header = &dissect(link, &vec![0; length]).layers[0];
            assert_eq!((header.kind, header.bytes.end), (kind, length));
            assert!(header.field(FieldName::ProtocolType).is_some());
        }
    }
}
