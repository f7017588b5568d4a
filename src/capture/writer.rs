//! Capture files: the classic pcap, and pcapng for several interfaces at once.
//!
//! A classic pcap is a header of 24 bytes, which says what the packets begin
//! with, and then for each packet 16 bytes (seconds, nanoseconds, bytes stored,
//! bytes on the wire) and the packet. A pcapng is a row of blocks: one for each
//! interface, one for each packet. The formats are Internet drafts of the
//! opsawg working group: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
//!
//! Both are written little-endian on every machine, and handed to the kernel
//! packet by packet: a file is complete up to its last packet, even when the
//! program is killed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriteError, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::{PcapNgWriteError, PcapNgWriter};
use pcap_file::{DataLink, Endianness};

use super::packet::{Direction, now};
use crate::error::{Error, Result};
use crate::packet::LinkType;

/// The largest packet that the files announce, in bytes: tcpdump's default, and
/// more than the 64 KiB that segmentation offload produces.
const SNAPLEN: u32 = 262_144;

/// No file grows beyond this many bytes, so that no experiment fills a disk: a
/// routing loop makes 100 MB in a second. The captures of
/// this book's experiments are a thousand times smaller.
const LIMIT: u64 = 256_000_000;

impl From<LinkType> for DataLink {
    fn from(link: LinkType) -> DataLink {
        link.number().into()
    }
}

/// A file that grows by whole records, with one write for each, or not at all:
/// where the disk is full, the piece of a record that did fit is removed, and
/// what was written before can be read. It stops growing at 256 MB.
pub struct RecordFile {
    file: File,
    record: Vec<u8>,
    /// Length of the file in bytes, up to the last whole record.
    whole: u64,
}

impl RecordFile {
    /// Creates `dir` if it is not there, and in it an empty file.
    fn create(dir: &Path, name: &str) -> Result<(PathBuf, RecordFile)> {
        let path = dir.join(name);
        fs::create_dir_all(dir).map_err(|err| Error::capture_file(dir, err))?;
        let file = RecordFile {
            file: File::create(&path).map_err(|err| Error::capture_file(&path, err))?,
            record: Vec::new(),
            whole: 0,
        };
        Ok((path, file))
    }
}

impl Write for RecordFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.record.extend(bytes);
        Ok(bytes.len())
    }

    /// Ends a record.
    fn flush(&mut self) -> io::Result<()> {
        let length = self.whole + self.record.len() as u64;
        let written = match length {
            ..=LIMIT => self.file.write_all(&self.record),
            _ => Err(io::Error::new(
                ErrorKind::FileTooLarge,
                "it has 256 MB, and no capture grows beyond that",
            )),
        };
        self.record.clear();
        match written {
            Ok(()) => self.whole = length,
            Err(_) => {
                self.file.set_len(self.whole)?;
                // Or the next record would leave a hole of zeros before it.
                self.file.seek(SeekFrom::Start(self.whole))?;
            }
        }
        written
    }
}

/// A classic pcap file: the packets of one interface.
pub struct Pcap {
    path: PathBuf,
    writer: PcapWriter<RecordFile>,
}

impl Pcap {
    /// Creates `DIR/INTERFACE.pcap`, and the folder if it is not there.
    pub fn create(dir: &Path, interface: &str, link: LinkType) -> Result<Pcap> {
        let (path, file) = RecordFile::create(dir, &format!("{interface}.pcap"))?;
        let header = PcapHeader {
            snaplen: SNAPLEN,
            datalink: link.into(),
            ts_resolution: PcapTsResolution::NanoSecond,
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let writer = PcapWriter::with_header(file, header)
            .and_then(|mut writer| writer.flush().map(|()| writer))
            .map_err(|err| Error::capture_file(&path, pcap_error(err)))?;
        Ok(Pcap { path, writer })
    }

    /// Writes a packet with the time of this moment.
    pub fn write_now(&mut self, packet: &[u8]) -> Result<()> {
        self.write(now(), packet.len() as u32, packet)
    }

    /// Writes a packet that was on the wire at `time`, `length` bytes long.
    pub fn write(&mut self, time: Duration, length: u32, packet: &[u8]) -> Result<()> {
        let packet = RawPcapPacket {
            ts_sec: time.as_secs() as u32,
            ts_frac: time.subsec_nanos(),
            incl_len: packet.len() as u32,
            orig_len: length,
            data: packet.into(),
        };
        self.writer
            .write_raw_packet(&packet)
            .and_then(|_| self.writer.flush())
            .map_err(|err| Error::capture_file(&self.path, pcap_error(err)))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A pcapng: the packets of several interfaces, each with its name, its link
/// type, and the direction of every packet.
pub struct PcapNg<W: Write> {
    path: PathBuf,
    writer: PcapNgWriter<W>,
}

impl PcapNg<RecordFile> {
    /// Creates `DIR/NAME`, and the folder if it is not there.
    pub fn create(dir: &Path, name: &str) -> Result<Self> {
        let (path, file) = RecordFile::create(dir, name)?;
        PcapNg::new(path, file)
    }
}

impl<W: Write> PcapNg<W> {
    /// Begins a pcapng on any writer; errors call it `path`.
    pub fn new(path: PathBuf, writer: W) -> Result<Self> {
        PcapNgWriter::with_endianness(writer, Endianness::Little)
            .map_err(|err| Error::capture_file(&path, pcapng_error(err)))
            .and_then(|writer| {
                let mut file = PcapNg { path, writer };
                file.flush()?;
                Ok(file)
            })
    }

    /// Announces an interface, and returns the number that packets refer to.
    pub fn interface(&mut self, name: &str, link: LinkType) -> Result<u32> {
        let number = self.writer.interfaces().len() as u32;
        let mut block = InterfaceDescriptionBlock::new(link.into(), SNAPLEN);
        block.options = vec![
            InterfaceDescriptionOption::IfName(name.into()),
            InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO),
        ];
        self.writer
            .write_pcapng_block(block)
            .map_err(|err| Error::capture_file(&self.path, pcapng_error(err)))?;
        self.flush()?;
        Ok(number)
    }

    /// Writes a packet that interface number `interface` saw at `time`,
    /// `length` bytes long on the wire.
    pub fn write(
        &mut self,
        interface: u32,
        direction: Direction,
        time: Duration,
        length: u32,
        packet: &[u8],
    ) -> Result<()> {
        // Bits 0 and 1 of the flags: 1 is inbound, 2 is outbound.
        let flags = match direction {
            Direction::In => 1,
            Direction::Out => 2,
        };
        let block = EnhancedPacketBlock {
            interface_id: interface,
            timestamp: time,
            original_len: length,
            data: packet.into(),
            options: vec![EnhancedPacketOption::Flags(flags)],
        };
        self.writer
            .write_pcapng_block(block)
            .map_err(|err| Error::capture_file(&self.path, pcapng_error(err)))?;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        self.writer
            .get_mut()
            .flush()
            .map_err(|err| Error::capture_file(&self.path, err))
    }
}

/// The system error inside an error of the pcap writer.
fn pcap_error(error: PcapWriteError) -> io::Error {
    match error {
        PcapWriteError::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// The system error inside an error of the pcapng writer.
fn pcapng_error(error: PcapNgWriteError) -> io::Error {
    match error {
        PcapNgWriteError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use nix::sys::signal::{SigSet, Signal};

    use super::*;
    use crate::capture::read;

    fn folder(purpose: &str) -> PathBuf {
        std::env::temp_dir().join(format!("ip-over-udp-{purpose}-{}", std::process::id()))
    }

    /// A disk that is full and has room again: a limit as of `ulimit -f`. The
    /// limit is one for the whole process, so this has a process of its own.
    #[test]
    fn after_a_failed_write_the_next_record_follows_the_last_whole_one() {
        let alone = "ONLY_THIS_TEST";
        if std::env::var_os(alone).is_none() {
            let name =
                "capture::tests::after_a_failed_write_the_next_record_follows_the_last_whole_one";
            let mut again = Command::new(std::env::current_exe().unwrap());
            again.args(["--exact", name, "--nocapture"]).env(alone, "1");
            let done = again.output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "{said}");
            return;
        }
        SigSet::from(Signal::SIGXFSZ).thread_block().unwrap();
        let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
        let dir = folder("full");
        let mut pcap = Pcap::create(&dir, "tun0", LinkType::Raw).unwrap();
        let mut both = PcapNg::create(&dir, "both.pcapng").unwrap();
        let tun0 = both.interface("tun0", LinkType::Raw).unwrap();
        let mut write = |byte: u8| {
            let (time, packet) = (Duration::from_secs(1), [byte; 1000]);
            let one = pcap.write(time, 1000, &packet);
            let all = both.write(tun0, Direction::In, time, 1000, &packet);
            (one.is_ok(), all.is_ok())
        };
        assert_eq!(write(1), (true, true));
        setrlimit(Resource::RLIMIT_FSIZE, 1500, hard).unwrap();
        assert_eq!(write(2), (false, false));
        setrlimit(Resource::RLIMIT_FSIZE, soft, hard).unwrap();
        assert_eq!(write(3), (true, true));
        for file in ["tun0.pcap", "both.pcapng"] {
            let packets = read(&dir.join(file)).unwrap();
            let first: Vec<u8> = packets.iter().map(|packet| packet.data[0]).collect();
            assert_eq!(first, [1, 3], "{file}");
        }
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_file_ends_at_its_limit() {
        let dir = folder("limit");
        let (path, mut file) = RecordFile::create(&dir, "file").unwrap();
        file.whole = LIMIT - 4; // as if
        file.file.set_len(LIMIT - 4).unwrap(); // a hole, which takes no room
        file.file.seek(SeekFrom::End(0)).unwrap();
        let mut write = |bytes| file.write_all(bytes).and_then(|()| file.flush());
        let err = write(b"12345").unwrap_err().to_string();
        assert_eq!(err, "it has 256 MB, and no capture grows beyond that");
        write(b"1234").unwrap();
        write(b"5").unwrap_err();
        assert_eq!(fs::metadata(path).unwrap().len(), LIMIT);
        fs::remove_dir_all(dir).unwrap();
    }
}
