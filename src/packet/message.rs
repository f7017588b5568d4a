//! What a message of ICMP or ICMPv6 says, by its type and code.

use std::fmt;

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type, icmpv6};

/// A message of ICMP or ICMPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names are the text, which is below.
pub enum Message {
    EchoRequest,
    EchoReply,
    NetworkUnreachable,
    HostUnreachable,
    PortUnreachable,
    FragmentationNeeded { mtu: u16 },
    DestinationUnreachable { code: u8 },
    PacketTooBig { mtu: u32 },
    Redirect,
    TimeExceeded,
    ParameterProblem,
    RouterSolicitation,
    RouterAdvertisement,
    NeighbourSolicitation,
    NeighbourAdvertisement,
    MulticastListenerReport,
    Other { kind: u8, code: u8 },
}

impl Message {
    pub(super) fn v4(message: &Icmpv4Slice) -> Message {
        match message.icmp_type() {
            Icmpv4Type::EchoRequest(_) => Message::EchoRequest,
            Icmpv4Type::EchoReply(_) => Message::EchoReply,
            Icmpv4Type::DestinationUnreachable(reason) => match reason {
                DestUnreachableHeader::Network => Message::NetworkUnreachable,
                DestUnreachableHeader::Host => Message::HostUnreachable,
                DestUnreachableHeader::Port => Message::PortUnreachable,
                DestUnreachableHeader::FragmentationNeeded { next_hop_mtu } => {
                    Message::FragmentationNeeded { mtu: next_hop_mtu }
                }
                other => Message::DestinationUnreachable {
                    code: other.code_u8(),
                },
            },
            Icmpv4Type::Redirect(_) => Message::Redirect,
            Icmpv4Type::TimeExceeded(_) => Message::TimeExceeded,
            Icmpv4Type::ParameterProblem(_) => Message::ParameterProblem,
            _ => Message::Other {
                kind: message.type_u8(),
                code: message.code_u8(),
            },
        }
    }

    pub(super) fn v6(message: &Icmpv6Slice) -> Message {
        let (kind, code) = (message.type_u8(), message.code_u8());
        match message.icmp_type() {
            Icmpv6Type::EchoRequest(_) => Message::EchoRequest,
            Icmpv6Type::EchoReply(_) => Message::EchoReply,
            Icmpv6Type::DestinationUnreachable(_) => Message::DestinationUnreachable { code },
            Icmpv6Type::PacketTooBig { mtu } => Message::PacketTooBig { mtu },
            Icmpv6Type::TimeExceeded(_) => Message::TimeExceeded,
            Icmpv6Type::ParameterProblem(_) => Message::ParameterProblem,
            _ => match kind {
                icmpv6::TYPE_ROUTER_SOLICITATION => Message::RouterSolicitation,
                icmpv6::TYPE_ROUTER_ADVERTISEMENT => Message::RouterAdvertisement,
                icmpv6::TYPE_NEIGHBOR_SOLICITATION => Message::NeighbourSolicitation,
                icmpv6::TYPE_NEIGHBOR_ADVERTISEMENT => Message::NeighbourAdvertisement,
                143 => Message::MulticastListenerReport, // RFC 9777, section 5.2
                _ => Message::Other { kind, code },
            },
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Message::EchoRequest => write!(f, "echo request"),
            Message::EchoReply => write!(f, "echo reply"),
            Message::NetworkUnreachable => write!(f, "network unreachable"),
            Message::HostUnreachable => write!(f, "host unreachable"),
            Message::PortUnreachable => write!(f, "port unreachable"),
            Message::FragmentationNeeded { mtu } => write!(f, "fragmentation needed, mtu {mtu}"),
            Message::DestinationUnreachable { code } => {
                write!(f, "destination unreachable, code {code}")
            }
            Message::PacketTooBig { mtu } => write!(f, "packet too big, mtu {mtu}"),
            Message::Redirect => write!(f, "redirect"),
            Message::TimeExceeded => write!(f, "time exceeded"),
            Message::ParameterProblem => write!(f, "parameter problem"),
            Message::RouterSolicitation => write!(f, "router solicitation"),
            Message::RouterAdvertisement => write!(f, "router advertisement"),
            Message::NeighbourSolicitation => write!(f, "neighbour solicitation"),
            Message::NeighbourAdvertisement => write!(f, "neighbour advertisement"),
            Message::MulticastListenerReport => write!(f, "multicast listener report"),
            Message::Other { kind, code } => write!(f, "type {kind}, code {code}"),
        }
    }
}
