//! What a captured packet begins with.

/// What a captured packet begins with: the "link type" of a capture, by the numbers
/// of <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkType {
    /// The IP header itself, as on a TUN device: LINKTYPE_RAW, 101.
    Raw,
    /// An Ethernet header: LINKTYPE_ETHERNET, 1.
    Ethernet,
    /// The header that Linux gives packets of all interfaces at once:
    /// LINKTYPE_LINUX_SLL, 113.
    LinuxSll,
    /// The same, with the interface in it: LINKTYPE_LINUX_SLL2, 276.
    LinuxSll2,
    /// An address family in the byte order of the machine that captured:
    /// LINKTYPE_NULL, 0, the loopback interface of BSD and macOS.
    Null,
    /// An address family in network byte order: LINKTYPE_LOOP, 108, the loopback
    /// interface of OpenBSD.
    Loop,
    /// Something that this library does not take apart.
    Other(u32),
}

impl LinkType {
    /// Its number in a capture file.
    pub fn number(self) -> u32 {
        match self {
            LinkType::Raw => 101,
            LinkType::Ethernet => 1,
            LinkType::LinuxSll => 113,
            LinkType::LinuxSll2 => 276,
            LinkType::Null => 0,
            LinkType::Loop => 108,
            LinkType::Other(number) => number,
        }
    }
}

impl From<u32> for LinkType {
    fn from(number: u32) -> LinkType {
        match number {
            // 12 and 14 are the numbers that systems have for RAW themselves, and
            // that some programs write. 228 and 229 are RAW with one IP version.
            101 | 12 | 14 | 228 | 229 => LinkType::Raw,
            1 => LinkType::Ethernet,
            113 => LinkType::LinuxSll,
            276 => LinkType::LinuxSll2,
            0 => LinkType::Null,
            108 => LinkType::Loop,
            other => LinkType::Other(other),
        }
    }
}
