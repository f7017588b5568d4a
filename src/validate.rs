//! What is checked before a packet is passed on, and what is counted when it
//! is not.
//!
//! An open port receives anything that any host sends. The check lets only whole
//! IP packets into the device. The kernel would drop the others too, but further
//! in, where this program cannot count them. The check does not find out who sent
//! a packet: a whole packet with a false sender passes.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use nix::errno::Errno;

use crate::error::errno;

/// Why a packet was dropped. Reasons are printed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// A datagram with nothing in it.
    Empty,
    /// The version in its first four bits is neither 4 nor 6.
    NotIp,
    /// It ends before its IP header does.
    TooShort,
    /// Its length is not the one in its header, or its header length is below 20.
    WrongLength,
    /// The interface is down: EIO.
    InterfaceDown,
    /// The device refused it for another reason.
    Refused,
    /// It is larger than a datagram can be: EMSGSIZE.
    TooBig,
    /// The kernel's header in front of a super-packet does not fit the packet.
    BadOffload,
    /// The send buffer is full of datagrams that still wait on this host: EAGAIN.
    /// A datagram that finds a queue below the socket full, an interface's for
    /// example, counts as sent: without IP_RECVERR (ip(7)) the kernel does not
    /// report it, and only counts it in UdpSndbufErrors.
    BufferFull,
    /// The socket refused it for another reason: no route, a filter.
    NotSent,
    /// The program's own queue was full.
    QueueFull,
    /// It was dropped from the program's own queue before that was full, because
    /// packets waited there for too long.
    Early,
}

impl DropReason {
    /// The reason for an error of [`Device::send`](crate::device::Device::send)
    /// that is not [fatal](crate::error::is_fatal).
    pub fn from_device_error(err: &io::Error) -> DropReason {
        match errno(err) {
            Errno::EIO => DropReason::InterfaceDown,
            _ => DropReason::Refused,
        }
    }

    /// The reason for an error of
    /// [`UdpSocket::send_to`](std::net::UdpSocket::send_to).
    pub fn from_socket_error(err: &io::Error) -> DropReason {
        match errno(err) {
            Errno::EMSGSIZE => DropReason::TooBig,
            Errno::EAGAIN => DropReason::BufferFull,
            _ => DropReason::NotSent,
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            DropReason::Empty => "empty",
            DropReason::NotIp => "not IP",
            DropReason::TooShort => "too short",
            DropReason::WrongLength => "wrong length",
            DropReason::InterfaceDown => "interface down",
            DropReason::Refused => "refused by the device",
            DropReason::TooBig => "too big",
            DropReason::BadOffload => "bad offload header",
            DropReason::BufferFull => "send buffer full",
            DropReason::NotSent => "not sent",
            DropReason::QueueFull => "queue full",
            DropReason::Early => "early",
        })
    }
}

// ANCHOR: validate
/// Checks that these bytes are one whole IP packet, by the fields that say
/// where it ends (RFC 791, section 3.1; RFC 8200, section 3).
pub fn validate(packet: &[u8]) -> Result<(), DropReason> {
    // A 16-bit number in network byte order.
    let be16 = |at: usize| {
        packet
            .get(at..at + 2)
            .map(|pair| usize::from(pair[0]) << 8 | usize::from(pair[1]))
    };
    let first = *packet.first().ok_or(DropReason::Empty)?;
    let (header, length) = match first >> 4 {
        // The lower half of the first byte counts in units of four bytes.
        4 => (usize::from(first & 0x0f) * 4, be16(2)),
        6 => (40, be16(4).map(|payload| 40 + payload)),
        _ => return Err(DropReason::NotIp),
    };
    // Whatever its length field says, an IPv4 header has at least 20 bytes.
    if packet.len() < 20.max(header) {
        return Err(DropReason::TooShort);
    }
    if header < 20 || length != Some(packet.len()) {
        return Err(DropReason::WrongLength);
    }
    Ok(())
}
// ANCHOR_END: validate

/// How many packets were dropped, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DropCounters(BTreeMap<DropReason, u64>);

impl DropCounters {
    /// Counts one.
    pub fn add(&mut self, reason: DropReason) {
        self.add_many(reason, 1);
    }

    /// Counts several.
    pub fn add_many(&mut self, reason: DropReason, count: u64) {
        *self.0.entry(reason).or_default() += count;
    }
}

impl fmt::Display for DropCounters {
    /// `5 dropped: 2 empty, 3 not IP`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} dropped", self.0.values().sum::<u64>())?;
        for (nth, (reason, count)) in self.0.iter().enumerate() {
            let separator = if nth == 0 { ": " } else { ", " };
            write!(f, "{separator}{count} {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    // tests/fuzz.rs compares what passes with what etherparse finds whole.

    fn ping() -> Vec<u8> {
        let mut packet = Vec::new();
        let ping = PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64);
        let _ = ping.icmpv4_echo_request(7, 1).write(&mut packet, &[0; 56]);
        packet
    }

    fn ping6() -> Vec<u8> {
        let mut packet = Vec::new();
        let ping = PacketBuilder::ipv6([1; 16], [2; 16], 64);
        let _ = ping.icmpv6_echo_request(7, 1).write(&mut packet, &[0; 56]);
        packet
    }

    #[test]
    fn whole_packets_pass_and_others_say_why() {
        assert_eq!(validate(&ping()), Ok(()));
        assert_eq!(validate(&ping6()), Ok(()));
        assert_eq!(validate(b""), Err(DropReason::Empty));
        assert_eq!(validate(b"zzz"), Err(DropReason::NotIp));
        // Its first byte is 0x68: version 6. The kernel would take it.
        assert_eq!(validate(b"hello"), Err(DropReason::TooShort));
        assert_eq!(validate(&[0x45]), Err(DropReason::TooShort));
        assert_eq!(validate(&[0x41; 40]), Err(DropReason::WrongLength));
        let mut longer = ping();
        longer.push(0);
        assert_eq!(validate(&longer), Err(DropReason::WrongLength));
    }

    #[test]
    fn cut_anywhere_a_packet_is_dropped() {
        for packet in [ping(), ping6()] {
            for length in 0..packet.len() {
                assert!(validate(&packet[..length]).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn reasons_are_counted_by_name() {
        let mut drops = DropCounters::default();
        assert_eq!(drops.to_string(), "0 dropped");
        for reason in [DropReason::NotIp, DropReason::Empty, DropReason::NotIp] {
            drops.add(reason);
        }
        assert_eq!(drops.to_string(), "3 dropped: 1 empty, 2 not IP");
    }
}
