//! ICMP (RFC 792) and ICMPv6 (RFC 4443): 8 bytes, and what the type adds.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |     type      |     code      |           checksum            |
//! +---------------+---------------+-------------------------------+
//! |    echo: identifier           |       echo: sequence          |
//! +-------------------------------+-------------------------------+
//! ```

use etherparse::{
    IcmpEchoHeader, Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type, icmpv4, icmpv6,
};

pub(super) fn describe_v4(slice: &Icmpv4Slice) -> String {
    use icmpv4::DestUnreachableHeader as Unreachable;
    match slice.icmp_type() {
        Icmpv4Type::EchoRequest(echo) => echo_line("ICMP echo request", echo),
        Icmpv4Type::EchoReply(echo) => echo_line("ICMP echo reply", echo),
        Icmpv4Type::DestinationUnreachable(code) => match code {
            Unreachable::Network => "ICMP network unreachable".to_owned(),
            Unreachable::Host => "ICMP host unreachable".to_owned(),
            Unreachable::Port => "ICMP port unreachable".to_owned(),
            Unreachable::FragmentationNeeded { next_hop_mtu } => {
                format!("ICMP fragmentation needed, mtu {next_hop_mtu}")
            }
            other => format!("ICMP destination unreachable, code {}", other.code_u8()),
        },
        Icmpv4Type::TimeExceeded(_) => "ICMP time exceeded".to_owned(),
        _ => format!("ICMP type {}, code {}", slice.type_u8(), slice.code_u8()),
    }
}

pub(super) fn describe_v6(slice: &Icmpv6Slice) -> String {
    match slice.icmp_type() {
        Icmpv6Type::EchoRequest(echo) => echo_line("ICMPv6 echo request", echo),
        Icmpv6Type::EchoReply(echo) => echo_line("ICMPv6 echo reply", echo),
        Icmpv6Type::PacketTooBig { mtu } => format!("ICMPv6 packet too big, mtu {mtu}"),
        Icmpv6Type::DestinationUnreachable(code) => {
            format!("ICMPv6 destination unreachable, code {}", code.code_u8())
        }
        Icmpv6Type::TimeExceeded(_) => "ICMPv6 time exceeded".to_owned(),
        _ => match slice.type_u8() {
            icmpv6::TYPE_ROUTER_SOLICITATION => "ICMPv6 router solicitation".to_owned(),
            icmpv6::TYPE_ROUTER_ADVERTISEMENT => "ICMPv6 router advertisement".to_owned(),
            icmpv6::TYPE_NEIGHBOR_SOLICITATION => "ICMPv6 neighbour solicitation".to_owned(),
            icmpv6::TYPE_NEIGHBOR_ADVERTISEMENT => "ICMPv6 neighbour advertisement".to_owned(),
            // RFC 9777; etherparse has no name for it.
            143 => "ICMPv6 multicast listener report".to_owned(),
            other => format!("ICMPv6 type {other}, code {}", slice.code_u8()),
        },
    }
}

fn echo_line(what: &str, echo: IcmpEchoHeader) -> String {
    format!("{what}, id {}, seq {}", echo.id, echo.seq)
}
