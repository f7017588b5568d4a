//! The flags of IPv4 and TCP, by the names that the RFCs give them.

use std::fmt;

/// What IPv4 says about fragments (RFC 791, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpFlags {
    /// DF: a router may not make fragments of this packet.
    pub dont_fragment: bool,
    /// MF: this is a fragment, and not the last.
    pub more_fragments: bool,
}

impl fmt::Display for IpFlags {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match (self.dont_fragment, self.more_fragments) {
            (false, false) => "none",
            (true, false) => "DF",
            (false, true) => "MF",
            (true, true) => "DF and MF",
        })
    }
}

/// The flags of TCP: byte 13 of its header (RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// The flag that opens a connection.
    pub const SYN: TcpFlags = TcpFlags(0x02);
    /// The flag that ends what one side sends.
    pub const FIN: TcpFlags = TcpFlags(0x01);
    /// The flag that breaks a connection off.
    pub const RST: TcpFlags = TcpFlags(0x04);
    /// The flag that says that the acknowledgement number counts.
    pub const ACK: TcpFlags = TcpFlags(0x10);

    /// SYN, FIN and RST come first: they open, end and abort a connection.
    const NAMES: [(u8, &str); 8] = [
        (0x02, "SYN"),
        (0x01, "FIN"),
        (0x04, "RST"),
        (0x08, "PSH"),
        (0x10, "ACK"),
        (0x20, "URG"),
        (0x40, "ECE"),
        (0x80, "CWR"),
    ];

    /// Whether all of these are set.
    pub fn contains(self, flags: TcpFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl fmt::Display for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut names = TcpFlags::NAMES
            .iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .map(|(_, name)| name);
        let Some(first) = names.next() else {
            return f.write_str("without flags");
        };
        f.write_str(first)?;
        names.try_for_each(|name| write!(f, " {name}"))
    }
}
