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

use super::packet::{Direction, Packet};
use crate::error::{Error, Result};
use crate::packet::LinkType;

/// Size of the read buffer in bytes: four of the largest packets that Wireshark
/// writes. A larger block is an error. With pcap-file's default of 8 MB, clearing
/// the buffer takes longer than reading a small file.
const BUFFER: usize = 1 << 20;

/// The packets of a capture file, in its order.
///
/// # Errors
/// The file cannot be opened, is no file or no capture, is damaged, or has
/// packets of a link type that this project does not write.
pub fn read(path: &Path) -> Result<Vec<Packet>> {
    let failed = |err: String| Error::CaptureRead {
        path: path.to_owned(),
        err,
    };
    // To open a pipe would wait for its writer.
    let kind = fs::metadata(path).map_err(|err| failed(err.to_string()))?;
    if let Some(kind) = other_than_file(kind.file_type()) {
        return Err(failed(format!("it is a {kind}, not a file")));
    }
    let file = File::open(path).map_err(|err| failed(err.to_string()))?;
    read_from(BufReader::new(file)).map_err(failed)
}

/// What kind of file it is, if not a regular one.
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
        .map_err(|err| format!("it is no capture: {err}"))?;
    let link = link_type(reader.header().datalink)?;
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.map_err(|err| damaged(packets.len(), err))?;
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
        .map_err(|err| format!("it is no capture: {err}"))?;
    let mut packets = Vec::new();
    while let Some(block) = reader.next_block() {
        let (block, state) = block.map_err(|err| damaged(packets.len(), err))?;
        let packet = match block {
            Block::EnhancedPacket(packet) => packet,
            Block::SimplePacket(_) | Block::Packet(_) => {
                return Err(
                    "its packets are in blocks without a time, or of an old kind".to_owned(),
                );
            }
            // Statistics for example.
            _ => continue,
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

fn damaged(good: usize, err: impl std::fmt::Display) -> String {
    format!("it is damaged after packet {good}: {err}")
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
