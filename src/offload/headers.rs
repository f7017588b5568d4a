//! Where the headers of a TCP or UDP packet begin and end.

/// Protocol numbers in an IP header.
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// Where the checksum stands in a header of TCP and of UDP.
pub(super) const TCP_CHECKSUM: usize = 16;
pub(super) const UDP_CHECKSUM: usize = 6;

/// Flags of TCP, in byte 13 of its header.
pub(super) const FIN: u8 = 0x01;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;
pub(super) const CWR: u8 = 0x80;

/// The layout of a TCP or UDP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Headers {
    pub(super) ipv4: bool,
    /// [`TCP`] or [`UDP`].
    pub(super) protocol: u8,
    /// Where its header begins.
    pub(super) transport: usize,
    /// Where its data begin.
    pub(super) data: usize,
}

impl Headers {
    /// The layout of a packet whose TCP or UDP header begins at `transport`. `None` if
    /// that cannot be.
    pub(super) fn at(packet: &[u8], protocol: u8, transport: usize) -> Option<Headers> {
        let ipv4 = match packet.first()? >> 4 {
            4 => true,
            6 => false,
            _ => return None,
        };
        let ip_header = match ipv4 {
            true => usize::from(packet[0] & 0x0f) * 4,
            false => 40,
        };
        // Between the header of IPv6 and that of TCP there may be others (RFC 8200,
        // section 4).
        let behind_ip = match ipv4 {
            true => ip_header >= 20 && transport == ip_header && packet.get(9) == Some(&protocol),
            false => transport > 40 || transport == 40 && packet.get(6) == Some(&protocol),
        };
        let length = match protocol {
            UDP => 8,
            _ => usize::from(packet.get(transport + 12)? >> 4) * 4,
        };
        let headers = Headers {
            ipv4,
            protocol,
            transport,
            data: transport + length,
        };
        let whole = length >= headers.least() && packet.len() >= headers.data;
        (behind_ip && whole).then_some(headers)
    }

    /// The layout of a whole packet in which TCP or UDP follows the IP header at once, and
    /// the IPv4 header has no options. `None` for all others, and for fragments.
    pub(super) fn plain(packet: &[u8]) -> Option<Headers> {
        let (protocol, transport) = match packet.first()? {
            0x45 => {
                // "More fragments", or a place that is not the beginning (RFC 791,
                // section 3.1).
                let fragment = packet.get(6)? & 0x3f != 0 || *packet.get(7)? != 0;
                (!fragment).then_some((*packet.get(9)?, 20))?
            }
            first if first >> 4 == 6 => (*packet.get(6)?, 40),
            _ => return None,
        };
        [TCP, UDP]
            .contains(&protocol)
            .then(|| Headers::at(packet, protocol, transport))?
    }

    /// The source and destination address, beside each other in both versions.
    pub(super) fn addresses(self, packet: &[u8]) -> &[u8] {
        match self.ipv4 {
            true => &packet[12..20],
            false => &packet[8..40],
        }
    }

    /// Where the checksum of TCP or UDP stands, counted from its header.
    pub(super) fn checksum_offset(self) -> usize {
        match self.protocol {
            UDP => UDP_CHECKSUM,
            _ => TCP_CHECKSUM,
        }
    }

    /// The length of a header without options, in bytes.
    fn least(self) -> usize {
        match self.protocol {
            UDP => 8,
            _ => 20,
        }
    }
}
