//! ARP: which hardware address has this IPv4 address? (RFC 826)
//!
//! ```text
//! bytes  0 to  1   kind of hardware, 1 for Ethernet
//! bytes  2 to  3   EtherType of the protocol, 0x0800 for IPv4
//! byte   4         length of a hardware address, 6
//! byte   5         length of a protocol address, 4
//! bytes  6 to  7   operation: 1 is a request, 2 a reply
//! bytes  8 to 13   hardware address of the sender
//! bytes 14 to 17   protocol address of the sender
//! bytes 18 to 23   hardware address of the target; ignored in a request
//! bytes 24 to 27   protocol address of the target
//! ```

use std::net::Ipv4Addr;

use etherparse::{ArpHardwareId, ArpOperation, ArpPacketSlice, EtherType};

use super::dissector::{Dissector, field};
use super::names::{FieldName, LayerKind};
use super::value::MacAddress;

pub(super) fn dissect(bytes: &[u8], at: usize, dissector: &mut Dissector) {
    let Ok(slice) = ArpPacketSlice::from_slice(bytes) else {
        return dissector.cut(LayerKind::Arp, bytes, at);
    };
    let length = slice.slice().len();
    let operation = slice.operation();
    let mut fields = vec![field(FieldName::Operation, 6..8, operation.0)];
    dissector.summary().protocol = Some(LayerKind::Arp);
    if let Some([sender, target]) = ends(&slice) {
        match operation {
            ArpOperation::REQUEST => dissector.push(format_args!(
                "{} asks who has {}",
                sender.protocol, target.protocol
            )),
            ArpOperation::REPLY => {
                dissector.push(format_args!(
                    "{} is at {}",
                    sender.protocol, sender.hardware
                ));
            }
            ArpOperation(other) => dissector.push(format_args!("operation {other}")),
        }
        fields.extend([
            field(FieldName::SenderHardwareAddress, 8..14, sender.hardware),
            field(FieldName::SenderProtocolAddress, 14..18, sender.protocol),
            field(FieldName::TargetHardwareAddress, 18..24, target.hardware),
            field(FieldName::TargetProtocolAddress, 24..28, target.protocol),
        ]);
    } else {
        dissector.push(format_args!("of another kind than IPv4 on Ethernet"));
    }
    dissector.layer(LayerKind::Arp, at, length, fields);
    // A frame has 60 bytes at least; what is missing is filled up.
    dissector.data(LayerKind::Padding, &bytes[length..], at + length);
}

/// One of the two that a message is about.
struct End {
    hardware: MacAddress,
    protocol: Ipv4Addr,
}

/// Sender and target, if the message is about IPv4 on Ethernet.
fn ends(slice: &ArpPacketSlice) -> Option<[End; 2]> {
    let ordinary = slice.hw_addr_type() == ArpHardwareId::ETHERNET
        && slice.proto_addr_type() == EtherType::IPV4;
    if !ordinary {
        return None;
    }
    let end = |hardware: &[u8], protocol: &[u8]| {
        Some(End {
            hardware: MacAddress(hardware.try_into().ok()?),
            protocol: <[u8; 4]>::try_from(protocol).ok()?.into(),
        })
    };
    let sender = end(slice.sender_hw_addr(), slice.sender_protocol_addr())?;
    let target = end(slice.target_hw_addr(), slice.target_protocol_addr())?;
    Some([sender, target])
}
