//! Reading captures back, classic pcap and pcapng.

use std::fs::{self, File, FileType};
use std::io::{self, BufReader, ErrorKind, Read, Seek};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use pcap_file::pcap::{PcapReadError, PcapReader};
use pcap_file::pcapng::blocks::Block;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::{PcapNgReadError, PcapNgReader};

use super::packet::{Direction, Packet};
use crate::error::{Error, Result};

/// Size of the read buffer in bytes: four of the largest packets that Wireshark
/// writes. A larger block is an error. With pcap-file's default of 8 MB, clearing
/// the buffer takes longer than reading a small file.
const BUFFER: usize = 1 << 20;

/// What could be read of a capture.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its packets, in the order of the file.
    pub packets: Vec<Packet>,
    /// How many more there are, beyond the limit.
    pub left_out: usize,
    /// How many of `packets` have no time in the file: theirs is 0.
    pub without_time: usize,
    /// Why nothing is read behind these packets, in words, if it is not that the file
    /// ends: it was cut, or is just being written, or is damaged.
    pub damage: Option<String>,
}

/// The packets of a capture file, in its order.
///
/// # Errors
/// The file cannot be opened, is no file or no capture, is damaged, or has packets
/// without a time.
pub fn read(path: &Path) -> Result<Vec<Packet>> {
    open(path, read_from)
}

/// The packets of a capture file up to where it is cut or damaged, but no more than
/// `limit`.
///
/// # Errors
/// The file cannot be opened, is no file or no capture.
pub fn read_what_is_there(path: &Path, limit: usize) -> Result<Reading> {
    open(path, |file| read_what_is_there_from(file, limit))
}

fn open<T>(
    path: &Path,
    read: impl FnOnce(BufReader<File>) -> std::result::Result<T, String>,
) -> Result<T> {
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
    read(BufReader::new(file)).map_err(failed)
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

/// [`read`] from any source of bytes; an error says what is wrong with it.
pub fn read_from(file: impl Read + Seek) -> std::result::Result<Vec<Packet>, String> {
    let reading = read_what_is_there_from(file, usize::MAX)?;
    match (reading.damage, reading.without_time) {
        (Some(damage), _) => Err(damage),
        (None, 0) => Ok(reading.packets),
        (None, _) => Err("its packets are in blocks without a time".to_owned()),
    }
}

/// [`read_what_is_there`] from any source of bytes; an error says what is wrong with
/// it.
pub fn read_what_is_there_from(
    mut file: impl Read + Seek,
    limit: usize,
) -> std::result::Result<Reading, String> {
    let mut magic = [0; 4];
    file.read_exact(&mut magic)
        .and_then(|()| file.rewind())
        .map_err(|_| "it is too short to be a capture".to_owned())?;
    // The type of a pcapng's first block reads the same in either byte order
    // (draft-ietf-opsawg-pcapng, section 4.1).
    match magic {
        [0x0a, 0x0d, 0x0d, 0x0a] => pcapng(file, limit),
        _ => pcap(file, limit),
    }
}

impl Reading {
    fn push(&mut self, packet: Packet, limit: usize) {
        match self.packets.len() < limit {
            true => self.packets.push(packet),
            false => self.left_out += 1,
        }
    }

    /// Notes where the file is damaged.
    fn damaged(mut self, err: impl std::fmt::Display) -> Reading {
        let good = self.packets.len() + self.left_out;
        self.damage = Some(format!("it is damaged after packet {good}: {err}"));
        self
    }

    /// Notes where it ends too early.
    fn cut(mut self) -> Reading {
        let good = self.packets.len() + self.left_out;
        self.damage = Some(format!(
            "it ends in the middle of what comes after packet {good}"
        ));
        self
    }
}

fn pcap(file: impl Read, limit: usize) -> std::result::Result<Reading, String> {
    let mut reader = PcapReader::with_capacity(file, BUFFER)
        .map_err(|err| format!("it is no capture: {err}"))?;
    let link = u32::from(reader.header().datalink).into();
    let mut reading = Reading::default();
    while let Some(packet) = reader.next_packet() {
        let packet = match packet {
            Ok(packet) => packet,
            Err(PcapReadError::Io(err)) if is_end(&err) => return Ok(reading.cut()),
            Err(err) => return Ok(reading.damaged(err)),
        };
        let packet = Packet {
            interface: String::new(),
            link,
            direction: None,
            time: packet.timestamp(),
            length: packet.orig_len(),
            data: packet.data().to_vec(),
        };
        reading.push(packet, limit);
    }
    Ok(reading)
}

fn pcapng(file: impl Read, limit: usize) -> std::result::Result<Reading, String> {
    let mut reader = PcapNgReader::with_capacity(file, BUFFER)
        .map_err(|err| format!("it is no capture: {err}"))?;
    let mut reading = Reading::default();
    while let Some(block) = reader.next_block() {
        let (block, state) = match block {
            Ok(block) => block,
            Err(PcapNgReadError::Io(err)) if is_end(&err) => return Ok(reading.cut()),
            Err(err) => return Ok(reading.damaged(err)),
        };
        let interfaces = state.interfaces();
        // Of which interface it is, and what else the block says.
        let (interface, direction, time, length, data) = match block {
            Block::EnhancedPacket(packet) => {
                let number = packet.interface_id as usize;
                let (way, time) = (direction(&packet), Some(packet.timestamp));
                (number, way, time, packet.original_len, packet.data)
            }
            // An old kind, and one without a time.
            Block::Packet(packet) => {
                let number = usize::from(packet.interface_id);
                let time = Some(packet.timestamp);
                (number, None, time, packet.original_len, packet.data)
            }
            Block::SimplePacket(packet) => (0, None, None, packet.original_len, packet.data),
            // Statistics for example.
            _ => continue,
        };
        let Some(interface) = interfaces.get(interface) else {
            return Ok(reading.damaged("a packet of an unknown interface"));
        };
        reading.without_time += usize::from(time.is_none());
        let packet = Packet {
            interface: name(interface),
            link: u32::from(interface.linktype).into(),
            direction,
            time: time.unwrap_or_default(),
            length,
            data: data.into_owned(),
        };
        reading.push(packet, limit);
    }
    Ok(reading)
}

/// Whether this is the end of the file, where more was to come.
fn is_end(err: &io::Error) -> bool {
    err.kind() == ErrorKind::UnexpectedEof
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
