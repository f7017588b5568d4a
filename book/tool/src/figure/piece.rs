//! Fragments put together again (RFC 791, section 3.2; RFC 8200, section 4.5).

use anyhow::{Context, bail};
use ip_over_udp::capture::Packet;
use ip_over_udp::packet::dissection::{Dissection, Layer};
use ip_over_udp::packet::{FieldName, LayerKind};

/// A packet that is a fragment.
pub(super) struct Piece<'a> {
    /// Its number in the capture.
    pub number: usize,
    packet: &'a Packet,
    /// The header that makes it a fragment.
    pub kind: LayerKind,
    pub identification: String,
    /// Where in the bytes of the packet its IP header begins.
    start: usize,
    /// Length of its headers of IP.
    pub header: usize,
    /// Where what it carries belongs.
    pub offset: usize,
    /// How much it carries.
    pub length: usize,
    pub more: bool,
}

/// The packet that was cut.
pub(super) struct Whole {
    pub packet: Packet,
    /// Where what it carries begins.
    pub carried: usize,
}

impl<'a> Piece<'a> {
    pub fn of(number: usize, packet: &'a Packet) -> anyhow::Result<Piece<'a>> {
        let Dissection { packets, layers } = packet.dissect();
        let outermost = packets.first().and_then(|packet| packet.fragment);
        let fragment = outermost.with_context(|| {
            format!(
                "packet {number} is not a fragment; it is:\n    {}",
                packet.info()
            )
        })?;
        let says = |layer: &&Layer| layer.field(FieldName::FragmentOffset).is_some();
        let ip = layers.iter().find(|layer| layer.kind.is_ip());
        let (ip, header) = ip
            .zip(layers.iter().find(says))
            .context("a fragment without IP")?;
        let identification = header
            .value(FieldName::Identification)
            .context("a fragment without identification")?;
        let header_length = header.bytes.end - ip.bytes.start;
        Ok(Piece {
            number,
            packet,
            kind: header.kind,
            identification: identification.to_string(),
            start: ip.bytes.start,
            header: header_length,
            offset: fragment.offset,
            length: fragment.length,
            more: fragment.more,
        })
    }

    /// `0 to 1479`
    pub fn range(&self) -> String {
        format!(
            "{} to {}",
            self.offset,
            (self.offset + self.length).saturating_sub(1)
        )
    }

    /// What all fragments of one packet have in common.
    fn origin(&self) -> (String, Option<(std::net::IpAddr, std::net::IpAddr)>) {
        let packets = self.packet.dissect().packets;
        let addresses = packets.first().and_then(|packet| packet.addresses);
        (self.identification.clone(), addresses)
    }

    fn carried(&self) -> anyhow::Result<&'a [u8]> {
        let from = self.start + self.header;
        let bytes = self.packet.data.get(from..from + self.length);
        bytes.with_context(|| format!("packet {} is cut", self.number))
    }
}

/// The packet that these are the fragments of, if they are.
pub(super) fn whole(pieces: &[Piece]) -> anyhow::Result<Whole> {
    let first = pieces.first().context("there is no fragment")?;
    for piece in pieces {
        if piece.origin() != first.origin() {
            bail!(
                "packets {} and {} are fragments of two packets: source, destination and identification must be the same",
                first.number,
                piece.number
            );
        }
    }
    let mut in_order: Vec<&Piece> = pieces.iter().collect();
    in_order.sort_by_key(|piece| piece.offset);
    let mut carried: Vec<u8> = Vec::new();
    for (place, piece) in in_order.iter().enumerate() {
        if piece.offset > carried.len() {
            bail!(
                "bytes {} to {} of what the packet carried are in no fragment",
                carried.len(),
                piece.offset - 1
            );
        }
        if piece.offset < carried.len() {
            bail!("two fragments have the byte {} of the packet", piece.offset);
        }
        if piece.more != (place + 1 < in_order.len()) {
            bail!("the last fragment of the packet is not among them, or it is not the last");
        }
        carried.extend(piece.carried()?);
    }
    let first = in_order[0];
    let mut data = first.packet.data[..first.start + first.header].to_vec();
    uncut(&mut data[first.start..], first.kind, carried.len())?;
    data.extend(carried);
    let length = data.len().try_into()?;
    let packet = Packet {
        data,
        length,
        ..first.packet.clone()
    };
    Ok(Whole {
        packet,
        carried: first.start + first.header,
    })
}

/// Makes the headers of the first fragment those of the whole packet.
fn uncut(headers: &mut [u8], kind: LayerKind, carried: usize) -> anyhow::Result<()> {
    let (at, length) = match kind {
        LayerKind::Ipv4 => (2, headers.len() + carried),
        _ => (4, headers.len() + carried - 40),
    };
    let length = u16::try_from(length).context("the fragments are longer than a packet can be")?;
    headers[at..at + 2].copy_from_slice(&length.to_be_bytes());
    let end = headers.len();
    match kind {
        // Flags and offset, of which only "don't fragment" stays.
        LayerKind::Ipv4 => {
            headers[6] &= 0x40;
            headers[7] = 0;
        }
        // The fragment header is the last 8 bytes: offset and flag.
        _ => headers[end - 6..end - 4].fill(0),
    }
    Ok(())
}
