//! The value of a field. [`Display`](fmt::Display) writes it for people;
//! [`Value::number`] and the variants give it to code.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::flags::{IpFlags, TcpFlags};

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// `64`
    Number(u32),
    /// `0x0800`: an identifier or a code, in hexadecimal with this many digits.
    Hex(u32, usize),
    /// `20 bytes`: a length or an offset.
    Bytes(usize),
    /// `true`
    Flag(bool),
    /// `192.168.0.1`
    Ip(IpAddr),
    /// `02:00:00:00:01:02`
    Mac(MacAddress),
    /// `DF`
    IpFlags(IpFlags),
    /// `SYN ACK`
    TcpFlags(TcpFlags),
    /// `mss 1460, sack permitted`
    TcpOptions(Vec<TcpOption>),
    /// `0xf7f7, correct`
    Checksum(u16, Verdict),
}

impl Value {
    /// The value as a number, if it is one.
    pub fn number(&self) -> Option<u32> {
        match *self {
            Value::Number(number) | Value::Hex(number, _) => Some(number),
            Value::Bytes(bytes) => u32::try_from(bytes).ok(),
            Value::Checksum(checksum, _) => Some(checksum.into()),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            // The width counts the two characters before the digits.
            Value::Hex(number, digits) => write!(f, "{number:#0width$x}", width = digits + 2),
            Value::Bytes(bytes) => write!(f, "{bytes} bytes"),
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::Ip(address) => address.fmt(f),
            Value::Mac(address) => address.fmt(f),
            Value::IpFlags(flags) => flags.fmt(f),
            Value::TcpFlags(flags) => flags.fmt(f),
            Value::TcpOptions(options) => {
                for (at, option) in options.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{option}")?;
                }
                Ok(())
            }
            Value::Checksum(checksum, verdict @ (Verdict::Right | Verdict::Wrong)) => {
                write!(f, "{checksum:#06x}, {verdict}")
            }
            Value::Checksum(checksum, _) => write!(f, "{checksum:#06x}"),
        }
    }
}

/// Types that become a [`Value`] without further information.
macro_rules! from {
    ($($type:ty => $value:expr,)+) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Value {
                $value(value.into())
            }
        })+
    };
}

from! {
    u8 => Value::Number,
    u16 => Value::Number,
    u32 => Value::Number,
    Ipv4Addr => Value::Ip,
    Ipv6Addr => Value::Ip,
    MacAddress => Value::Mac,
}

/// Whether a checksum matches the bytes that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is.
    Right,
    /// Something that it covers was damaged, or the checksum itself. Or the sender
    /// leaves it to the network card, and the capture saw the packet before that.
    Wrong,
    /// The sender did without, as UDP over IPv4 may. (Over IPv6 the receiver has to
    /// discard such a datagram: RFC 8200, section 8.1.)
    Absent,
    /// Not all that it covers is there.
    Unknown,
}

impl Verdict {
    /// Judges by the sum over all that the checksum covers and the checksum
    /// itself: 0 if it is right. `None` where that cannot be known.
    pub(super) fn of(sum: Option<u16>) -> Verdict {
        match sum {
            Some(0) => Verdict::Right,
            Some(_) => Verdict::Wrong,
            None => Verdict::Unknown,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Verdict::Right => "correct",
            Verdict::Wrong => "wrong",
            Verdict::Absent => "none",
            Verdict::Unknown => "cannot be judged",
        })
    }
}

/// The hardware address of an Ethernet interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// An option of TCP (RFC 9293, section 3.2; RFC 7323; RFC 2018), other than those that
/// only fill up the header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TcpOption {
    /// The largest segment that the sender can receive.
    MaximumSegmentSize(u16),
    /// By how many bits its window field is shifted left (RFC 7323, section 2).
    WindowScale(u8),
    /// It understands selective acknowledgements.
    SackPermitted,
    /// Ranges of sequence numbers that have arrived.
    Sack(Vec<(u32, u32)>),
    /// The sender's clock, and the last that it saw of the other one.
    Timestamps(u32, u32),
    /// Of a kind that etherparse does not know; what follows it is not read.
    Unknown(u8),
    /// Of an impossible length.
    Unreadable,
}

impl fmt::Display for TcpOption {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            TcpOption::MaximumSegmentSize(size) => write!(f, "mss {size}"),
            TcpOption::WindowScale(shift) => write!(f, "window scale {shift}"),
            TcpOption::SackPermitted => write!(f, "sack permitted"),
            TcpOption::Sack(ranges) => {
                write!(f, "sack")?;
                ranges
                    .iter()
                    .try_for_each(|(from, to)| write!(f, " {from}-{to}"))
            }
            TcpOption::Timestamps(now, echo) => write!(f, "timestamps {now} {echo}"),
            TcpOption::Unknown(kind) => write!(f, "an option of kind {kind}"),
            TcpOption::Unreadable => write!(f, "an option that cannot be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_one_writes_them() {
        let mac = MacAddress([2, 0, 0, 0, 1, 0xfe]);
        let options = vec![
            TcpOption::MaximumSegmentSize(1460),
            TcpOption::Sack(vec![(1, 2), (5, 9)]),
            TcpOption::Timestamps(7, 0),
        ];
        let (df, ack) = (
            IpFlags {
                dont_fragment: true,
                more_fragments: false,
            },
            TcpFlags(0x12),
        );
        for (value, shown) in [
            (Value::Number(64), "64"),
            (Value::Hex(0x800, 4), "0x0800"),
            (Value::Hex(0, 5), "0x00000"),
            (Value::Bytes(20), "20 bytes"),
            (Value::Flag(true), "true"),
            (Ipv4Addr::LOCALHOST.into(), "127.0.0.1"),
            (Ipv6Addr::LOCALHOST.into(), "::1"),
            (mac.into(), "02:00:00:00:01:fe"),
            (Value::IpFlags(df), "DF"),
            (Value::TcpFlags(ack), "SYN ACK"),
            (Value::TcpFlags(TcpFlags(0)), "without flags"),
            (
                Value::TcpOptions(options),
                "mss 1460, sack 1-2 5-9, timestamps 7 0",
            ),
            (Value::Checksum(0xf7, Verdict::Right), "0x00f7, correct"),
            (Value::Checksum(0xf7, Verdict::Wrong), "0x00f7, wrong"),
            (Value::Checksum(0, Verdict::Absent), "0x0000"),
            (Value::Checksum(0xf7, Verdict::Unknown), "0x00f7"),
        ] {
            assert_eq!(value.to_string(), shown, "{value:?}");
        }
    }
}
