//! Other runs, with other values of all that a kernel chooses.

use std::net::IpAddr;

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::flags::TcpFlags;
use ip_over_udp::packet::{Field, FieldName, Layer, LayerKind, Value, Verdict};
use lab::compare::compare;
use proptest::prelude::*;

use crate::mine::Mine;
use crate::packets::{field, get, is_wrong, layers, mend, put};

/// What another run of an experiment chooses: what is added to, or turned
/// around in, the values of the reference.
#[derive(Clone, Debug)]
struct Run {
    port: u16,
    identifier: u16,
    fragments: u16,
    sequence: [u32; 2],
    hardware: u8,
    time: [u8; 16],
    /// Of the values that are not compared at all.
    any: u16,
}

impl Run {
    fn change(&self, packet: &mut Packet) {
        let layers = layers(packet);
        // One reply of chapter 3 has a wrong checksum, and so have datagrams at `lo`,
        // where Linux computes none. They keep it.
        let wrong = layers.iter().find(|layer| is_wrong(layer));
        let wrong = wrong.map(|layer| layer.kind);
        let (mut ip, mut ping) = (&layers[0], false);
        for layer in &layers {
            if layer.kind.is_ip() {
                ip = layer;
            }
            let time = &mut packet.data[layer.bytes.clone()];
            if ping && layer.kind == LayerKind::Data {
                let time = time.iter_mut().zip(self.time);
                time.for_each(|(byte, other)| *byte ^= other);
            }
            ping = layer.field(FieldName::Identifier).is_some();
            for field in &layer.fields {
                self.change_field(packet, ip, layer, field);
            }
        }
        mend(packet);
        if let Some(kind) = wrong {
            let sum = field(packet, kind, FieldName::Checksum);
            packet.data[sum.start] ^= 1;
            // Zero would mean that UDP has no checksum.
            if get(packet, sum.clone()) == 0 {
                packet.data[sum.start] ^= 2;
            }
        }
    }

    fn change_field(&self, packet: &mut Packet, ip: &Layer, layer: &Layer, field: &Field) {
        use FieldName::*;
        let at = field.bytes.clone();
        let (source, destination) = match is_from_left(ip) {
            true => (self.sequence[0], self.sequence[1]),
            false => (self.sequence[1], self.sequence[0]),
        };
        let now = || get(packet, at.clone());
        let new = match (layer.kind, field.name) {
            (LayerKind::Ethernet, Source | Destination) => {
                packet.data[at.end - 1] ^= self.hardware;
                return;
            }
            // A question has zeros in place of the address that it asks for.
            (LayerKind::Arp, SenderHardwareAddress | TargetHardwareAddress)
                if packet.data[at.clone()] != [0; 6] =>
            {
                packet.data[at.end - 1] ^= self.hardware;
                return;
            }
            (LayerKind::Ipv4, Identification) => match is_fragment(layer) {
                true => now() ^ u32::from(self.fragments),
                false => now() ^ u32::from(self.any),
            },
            (_, SourcePort | DestinationPort) if now() >= 32_768 => {
                now() ^ u32::from(self.port >> 1)
            }
            (_, Identifier) => now() ^ u32::from(self.identifier),
            (LayerKind::Tcp, SequenceNumber) => now().wrapping_add(source),
            (LayerKind::Tcp, AcknowledgementNumber) if is_ack(layer) => {
                now().wrapping_add(destination)
            }
            (LayerKind::Tcp, Window) => now() ^ u32::from(self.any),
            _ => return,
        };
        put(packet, at, new);
    }
}

fn is_from_left(ip: &Layer) -> bool {
    match ip.value(FieldName::SourceAddress) {
        Some(Value::Ip(IpAddr::V4(source))) => source.octets()[3] == 1,
        _ => false,
    }
}

fn is_ack(tcp: &Layer) -> bool {
    match tcp.value(FieldName::Flags) {
        Some(Value::TcpFlags(flags)) => flags.contains(TcpFlags::ACK),
        _ => false,
    }
}

fn is_fragment(ip: &Layer) -> bool {
    let more = match ip.value(FieldName::Flags) {
        Some(Value::IpFlags(flags)) => flags.more_fragments,
        _ => false,
    };
    more || ip.number(FieldName::FragmentOffset) != Some(0)
}

/// Whether another value of this byte makes no difference.
fn is_left_out(packet: &Packet, byte: usize) -> bool {
    let layers = layers(packet);
    let date = packet
        .data
        .windows(8)
        .position(|bytes| bytes == b"\r\nDate: ");
    let in_date = date.is_some_and(|at| (at + 8..at + 8 + 29).contains(&byte));
    in_date
        || layers.iter().any(|layer| {
            let mut fields = layer
                .fields
                .iter()
                .filter(|field| field.bytes.contains(&byte));
            fields.any(|field| match (field.name, &field.value) {
                (FieldName::Identification, _) => !is_fragment(layer),
                (FieldName::Window, _) => true,
                // Another wrong checksum is as wrong.
                (_, Value::Checksum(_, verdict)) => *verdict != Verdict::Right,
                // Of the options, the numbers in a time stamp.
                (FieldName::Options, _) => {
                    let options = &packet.data[field.bytes.clone()];
                    let stamps = options.windows(2).position(|pair| pair == [8, 10]);
                    let stamps = field.bytes.start + stamps.unwrap() + 2;
                    (stamps..stamps + 8).contains(&byte)
                }
                _ => false,
            })
        })
}

fn runs() -> impl Strategy<Value = Run> {
    let hardware = 1..=255_u8;
    let all = (
        any::<[u16; 4]>(),
        any::<[u32; 2]>(),
        hardware,
        any::<[u8; 16]>(),
    );
    all.prop_map(
        |([port, identifier, fragments, any], sequence, hardware, time)| Run {
            port,
            identifier,
            fragments,
            sequence,
            hardware,
            time,
            any,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Another run is the same as the reference, and with one bit of one packet
    /// changed it is not.
    #[test]
    fn any_run_and_any_bit(
        run in runs(),
        chapter in prop::sample::select(vec!["02", "03", "04", "05", "06"]),
        interface: prop::sample::Index,
        packet: prop::sample::Index,
        byte: prop::sample::Index,
        bit in 0..8_u8,
    ) {
        let mut mine = Mine::of(chapter);
        let interfaces = mine.interfaces();
        for interface in &interfaces {
            mine = mine.change(interface, |packets| {
                packets.iter_mut().for_each(|packet| run.change(packet));
            });
        }
        mine = mine.change_all(|packets| {
            packets.iter_mut().for_each(|packet| run.change(packet));
        });
        let found = mine.compare();
        prop_assert!(found.is_none(), "{found:?}");

        let mut changed = String::new();
        mine = mine.change(interface.get::<String>(&interfaces), |packets| {
            let packet = packet.get(packets).clone();
            let byte = byte.index(packet.data.len());
            if is_left_out(&packet, byte) {
                return;
            }
            changed = format!("byte {byte} of {}", packet.info());
            let at = packets.iter().position(|other| *other == packet).unwrap();
            packets[at].data[byte] ^= 1_u8 << bit;
        });
        let found = mine.compare();
        prop_assert!(changed.is_empty() || found.is_some(), "{changed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever was captured, it is compared; and it is like itself.
    #[test]
    fn anything_can_be_compared(
        changes in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, u8)>(), 1..60),
        ends in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..4),
    ) {
        let mine = Mine::of("06").change("left-eth0", |packets| {
            for (packet, byte, value) in changes {
                let packet = packet.index(packets.len());
                let data = &mut packets[packet].data;
                let byte = byte.index(data.len());
                data[byte] = value;
            }
            for (packet, end) in ends {
                let packet = packet.index(packets.len());
                let data = &mut packets[packet].data;
                data.truncate(end.index(data.len()).max(1));
            }
        });
        let found = compare(&mine.folder(), &mine.folder()).unwrap();
        prop_assert!(found.is_none(), "{found:?}");
        if let Some(found) = mine.compare() {
            prop_assert!(!found.words.is_empty());
        }
    }
}
