//! ARP: which hardware address has this IPv4 address? (RFC 826)
//!
//! ```text
//! bytes  0 to  1   kind of hardware, 1 for Ethernet
//! bytes  2 to  3   EtherType of the protocol, 0x0800 for IPv4
//! byte   4         length of a hardware address, 6
//! byte   5         length of a protocol address, 4
//! bytes  6 to  7   operation: 1 asks, 2 answers
//! bytes  8 to 13   hardware address of the sender
//! bytes 14 to 17   protocol address of the sender
//! bytes 18 to 23   hardware address of the target; empty in a question
//! bytes 24 to 27   protocol address of the target
//! ```

use std::net::Ipv4Addr;

use etherparse::{ArpHardwareId, ArpOperation, ArpPacketSlice, EtherType};

use super::{Sink, ethernet};

pub(super) fn dissect(bytes: &[u8], at: usize, sink: &mut Sink) {
    let Ok(slice) = ArpPacketSlice::from_slice(bytes) else {
        return sink.cut("ARP", bytes, at);
    };
    let length = slice.slice().len();
    let operation = slice.operation();
    sink.layer("ARP", at, length);
    sink.field("operation", 6..8, operation.0);
    let sender: Result<[u8; 4], _> = slice.sender_protocol_addr().try_into();
    let target: Result<[u8; 4], _> = slice.target_protocol_addr().try_into();
    let ordinary = slice.hw_addr_type() == ArpHardwareId::ETHERNET
        && slice.proto_addr_type() == EtherType::IPV4
        && length == 28;
    if let (Ok(sender), Ok(target), true) = (sender, target, ordinary) {
        let (sender, target) = (Ipv4Addr::from(sender), Ipv4Addr::from(target));
        let hardware = ethernet::address(slice.sender_hw_addr());
        let words = match operation {
            ArpOperation::REQUEST => format!("ARP {sender} asks who has {target}"),
            ArpOperation::REPLY => format!("ARP {sender} is at {hardware}"),
            ArpOperation(other) => format!("ARP operation {other}"),
        };
        sink.say(&words);
        sink.field("sender hardware address", 8..14, hardware);
        sink.field("sender protocol address", 14..18, sender);
        let asked = ethernet::address(slice.target_hw_addr());
        sink.field("target hardware address", 18..24, asked);
        sink.field("target protocol address", 24..28, target);
    } else {
        sink.say("ARP of another kind than IPv4 on Ethernet");
    }
    // A frame has 60 bytes at least; what is missing is filled up.
    sink.data("padding", &bytes[length..], at + length);
}
