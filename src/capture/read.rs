//! Reading captures back, classic pcap and pcapng.

use std::fs::{self, File, FileType};
use std::io::{BufReader, Read, Seek};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::PcapNgReader;
use pcap_file::pcapng::blocks::Block;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};

use super::{Direction, LinkType, Packet};
use crate::error::{Error, Result};

/// How much of a file is held at a time, in bytes: four of the largest packets
/// that Wireshark writes. A block that is larger is refused. The library would
/// take 8 MB, and to clear that takes longer than to read a small file.
const BUFFER: usize = 1 << 20;

/// The packets of a capture file, in its order.
///
/// # Errors
/// The file cannot be opened, is no file or no capture, is damaged, or has
/// packets of a link type that this project does not write.
pub fn read(path: &Path) -> Result<Vec<Packet>> {
    let failed = |why: String| Error::CaptureRead {
        path: path.to_owned(),
        why,
    };
    // To open a pipe would wait for its writer.
    let kind = fs::metadata(path).map_err(|why| failed(why.to_string()))?;
    if let Some(kind) = other_than_file(kind.file_type()) {
        return Err(failed(format!("it is a {kind}, not a file")));
    }
    let file = File::open(path).map_err(|why| failed(why.to_string()))?;
    read_from(BufReader::new(file)).map_err(failed)
}

/// What it is that bears the name of a file, if it is something else.
fn other_than_file(kind: FileType) -> Option<&'static str> {
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("folder"),
        _ if kind.is_fifo() => Some("pipe"),
        _ if kind.is_socket() => Some("socket"),
        _ => Some("device"),
    }
}

/// The packets of a capture, from any source of bytes; an error says what is
/// wrong with it.
pub fn read_from(mut file: impl Read + Seek) -> std::result::Result<Vec<Packet>, String> {
    let mut magic = [0; 4];
    file.read_exact(&mut magic)
        .and_then(|()| file.rewind())
        .map_err(|_| "it is too short to be a capture".to_owned())?;
    // The type of a pcapng's first block reads the same in either byte order
    // (draft-ietf-opsawg-pcapng, section 4.1).
    match magic {
        [0x0a, 0x0d, 0x0d, 0x0a] => pcapng(file),
        _ => pcap(file),
    }
}

fn pcap(file: impl Read) -> std::result::Result<Vec<Packet>, String> {
    let mut reader = PcapReader::with_capacity(file, BUFFER)
        .map_err(|why| format!("it is no capture: {why}"))?;
    let link = link_type(reader.header().datalink)?;
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.map_err(|why| damaged(packets.len(), why))?;
        packets.push(Packet {
            interface: String::new(),
            link,
            direction: None,
            time: packet.timestamp(),
            length: packet.orig_len(),
            data: packet.data().to_vec(),
        });
    }
    Ok(packets)
}

fn pcapng(file: impl Read) -> std::result::Result<Vec<Packet>, String> {
    let mut reader = PcapNgReader::with_capacity(file, BUFFER)
        .map_err(|why| format!("it is no capture: {why}"))?;
    let mut packets = Vec::new();
    while let Some(block) = reader.next_block() {
        let (block, state) = block.map_err(|why| damaged(packets.len(), why))?;
        // Blocks of other kinds, statistics for example, hold no packets.
        let Block::EnhancedPacket(packet) = block else {
            continue;
        };
        let Some(interface) = state.interfaces().get(packet.interface_id as usize) else {
            return Err(damaged(packets.len(), "a packet of an unknown interface"));
        };
        packets.push(Packet {
            interface: name(interface),
            link: link_type(interface.linktype)?,
            direction: direction(&packet),
            time: packet.timestamp,
            length: packet.original_len,
            data: packet.data.into_owned(),
        });
    }
    Ok(packets)
}

fn damaged(good: usize, why: impl std::fmt::Display) -> String {
    format!("it is damaged after packet {good}: {why}")
}

fn link_type(link: DataLink) -> std::result::Result<LinkType, String> {
    match link {
        DataLink::RAW => Ok(LinkType::Raw),
        DataLink::ETHERNET => Ok(LinkType::Ethernet),
        other => Err(format!(
            "its packets are of link type {}, and only RAW and ETHERNET are read here",
            u32::from(other)
        )),
    }
}

fn name(interface: &InterfaceDescriptionBlock) -> String {
    let mut options = interface.options.iter();
    let name = options.find_map(|option| match option {
        InterfaceDescriptionOption::IfName(name) => Some(name.to_string()),
        _ => None,
    });
    name.unwrap_or_default()
}

fn direction(packet: &EnhancedPacketBlock) -> Option<Direction> {
    let mut options = packet.options.iter();
    options.find_map(|option| match option {
        EnhancedPacketOption::Flags(flags) => match flags & 3 {
            1 => Some(Direction::In),
            2 => Some(Direction::Out),
            _ => None,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests;
