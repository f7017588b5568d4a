//! Packets that are changed, and made sound again.

use std::ops::Range;

use ip_over_udp::capture::Packet;
use ip_over_udp::icmp::{checksum, segment_checksum};
use ip_over_udp::packet::{Layer, dissect};

/// The number of the first packet that this is true of.
#[track_caller]
pub fn find(packets: &[Packet], what: &str) -> usize {
    let mut packets = packets.iter();
    packets
        .position(|it| it.describe().contains(what))
        .unwrap_or_else(|| panic!("no packet says {what:?}"))
}

pub fn layers(packet: &Packet) -> Vec<Layer> {
    dissect(packet.link, &packet.data).layers
}

/// Where in a packet a field of the innermost layer of this name is.
#[track_caller]
pub fn field(packet: &Packet, layer: &str, field: &str) -> Range<usize> {
    let layers = layers(packet);
    let layer = layers.iter().rfind(|it| it.name == layer).unwrap();
    let mut fields = layer.fields.iter();
    fields.find(|it| it.name == field).unwrap().bytes.clone()
}

/// Puts a number of two or four bytes into a packet.
pub fn put(packet: &mut Packet, at: Range<usize>, value: u32) {
    let bytes = value.to_be_bytes();
    packet.data[at.clone()].copy_from_slice(&bytes[4 - at.len()..]);
}

pub fn get(packet: &Packet, at: Range<usize>) -> u32 {
    let bytes = packet.data[at].iter();
    bytes.fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// Makes every checksum of a packet right that can be told to be wrong, the
/// innermost first.
pub fn mend(packet: &mut Packet) {
    loop {
        let layers = layers(packet);
        let wrong = |layer: &Layer| {
            let mut fields = layer.fields.iter();
            let sum = fields.find(|it| it.name == "checksum");
            sum.is_some_and(|it| it.value.ends_with("wrong"))
        };
        let Some(at) = layers.iter().rposition(wrong) else {
            return;
        };
        let (layer, ip) = (&layers[at], &layers[..at]);
        let sum = layer.fields.iter().find(|it| it.name == "checksum");
        let sum = sum.unwrap().bytes.clone();
        packet.data[sum.clone()].fill(0);
        let right = if layer.name == "IPv4" {
            checksum(&packet.data[layer.bytes.clone()])
        } else {
            let ip = ip.iter().rfind(|it| it.name.starts_with("IPv")).unwrap();
            let value = |name| &ip.fields.iter().find(|it| it.name == name).unwrap().value;
            let end = match ip.name {
                "IPv4" => value("total length").parse::<usize>().unwrap(),
                _ => 40 + value("payload length").parse::<usize>().unwrap(),
            };
            let segment = &packet.data[layer.bytes.start..ip.bytes.start + end];
            let around = |protocol| {
                let (from, to) = (value("source address"), value("destination address"));
                segment_checksum(
                    from.parse().unwrap(),
                    to.parse().unwrap(),
                    protocol,
                    segment,
                )
            };
            match layer.name {
                "ICMP" => checksum(segment),
                "ICMPv6" => around(58),
                "TCP" => around(6),
                _ => around(17),
            }
        };
        put(packet, sum, right.into());
    }
}
