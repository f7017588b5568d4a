//! Packets that are changed, and made sound again.

use std::net::IpAddr;
use std::ops::Range;

use ip_over_udp::capture::Packet;
use ip_over_udp::checksum::{checksum, segment_checksum};
use ip_over_udp::packet::{FieldName, Layer, LayerKind, Value, Verdict};

/// The number of the first packet that this is true of.
#[track_caller]
pub fn find(packets: &[Packet], what: &str) -> usize {
    let mut packets = packets.iter();
    packets
        .position(|packet| packet.info().contains(what))
        .unwrap_or_else(|| panic!("no packet says {what:?}"))
}

pub fn layers(packet: &Packet) -> Vec<Layer> {
    packet.dissect().layers
}

/// Where in a packet a field of the innermost layer of this name is.
#[track_caller]
pub fn field(packet: &Packet, kind: LayerKind, name: FieldName) -> Range<usize> {
    let layers = layers(packet);
    let layer = layers.iter().rfind(|layer| layer.kind == kind).unwrap();
    layer.field(name).unwrap().bytes.clone()
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
        let Some(at) = layers.iter().rposition(is_wrong) else {
            return;
        };
        let (layer, ip) = (&layers[at], &layers[..at]);
        let sum = layer.field(FieldName::Checksum).unwrap().bytes.clone();
        packet.data[sum.clone()].fill(0);
        let right = if layer.kind == LayerKind::Ipv4 {
            checksum(&packet.data[layer.bytes.clone()])
        } else {
            let ip = ip.iter().rfind(|layer| layer.kind.is_ip()).unwrap();
            let length = match ip.kind {
                LayerKind::Ipv4 => ip.number(FieldName::TotalLength).unwrap(),
                _ => 40 + ip.number(FieldName::PayloadLength).unwrap(),
            };
            let end = ip.bytes.start + length as usize;
            let segment = &packet.data[layer.bytes.start..end];
            let around = |protocol| {
                let from = address(ip, FieldName::SourceAddress);
                let to = address(ip, FieldName::DestinationAddress);
                segment_checksum(from, to, protocol, segment)
            };
            match layer.kind {
                LayerKind::Icmp => checksum(segment),
                LayerKind::Icmpv6 => around(58),
                LayerKind::Tcp => around(6),
                _ => around(17),
            }
        };
        put(packet, sum, right.into());
        assert!(!is_wrong(&self::layers(packet)[at]), "{packet:?}");
    }
}

fn verdict(layer: &Layer) -> Option<Verdict> {
    match layer.value(FieldName::Checksum) {
        Some(&Value::Checksum(_, verdict)) => Some(verdict),
        _ => None,
    }
}

pub fn is_wrong(layer: &Layer) -> bool {
    verdict(layer) == Some(Verdict::Wrong)
}

#[track_caller]
pub fn address(ip: &Layer, name: FieldName) -> IpAddr {
    match ip.value(name) {
        Some(&Value::Ip(address)) => address,
        other => panic!("{name}: {other:?}"),
    }
}
