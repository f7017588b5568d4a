//! Captures of other programs, and damaged ones: read, or refused in words.

use std::io::Cursor;
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapPacket, PcapTsResolution, PcapWriter};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::simple_packet::SimplePacketBlock;
use pcap_file::pcapng::blocks::unknown::UnknownBlock;
use pcap_file::{DataLink, Endianness};
use proptest::prelude::*;

use super::{Reading, read_from, read_what_is_there_from};
use crate::capture::LinkType;

const PING: &[u8] = &[0x45, 0, 0, 20];

fn classic(datalink: DataLink, endianness: Endianness, resolution: PcapTsResolution) -> Vec<u8> {
    let header = PcapHeader {
        datalink,
        endianness,
        ts_resolution: resolution,
        ..PcapHeader::default()
    };
    let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
    let time = Duration::new(1_700_000_000, 123_456_789);
    for _ in 0..3 {
        let packet = PcapPacket::new(time, 20, PING).unwrap();
        writer.write_packet(&packet).unwrap();
    }
    writer.into_inner()
}

fn what_is_there(bytes: &[u8]) -> Reading {
    read_what_is_there_from(Cursor::new(bytes), usize::MAX).unwrap()
}

fn error(bytes: &[u8]) -> String {
    read_from(Cursor::new(bytes)).unwrap_err()
}

#[test]
fn either_byte_order_and_either_resolution() {
    for endianness in [Endianness::Little, Endianness::Big] {
        for (resolution, nanoseconds) in [
            (PcapTsResolution::NanoSecond, 123_456_789),
            (PcapTsResolution::MicroSecond, 123_456_000),
        ] {
            let file = classic(DataLink::RAW, endianness, resolution);
            let packets = read_from(Cursor::new(file)).unwrap();
            assert_eq!(packets.len(), 3);
            assert_eq!(packets[0].time, Duration::new(1_700_000_000, nanoseconds));
            assert_eq!((packets[0].link, packets[0].length), (LinkType::Raw, 20));
            assert_eq!(packets[0].data, PING);
        }
    }
}

#[test]
fn a_pcapng_of_another_program_with_blocks_we_do_not_know() {
    for endianness in [Endianness::Little, Endianness::Big] {
        let mut writer = PcapNgWriter::with_endianness(Vec::new(), endianness).unwrap();
        let mut block = InterfaceDescriptionBlock::new(DataLink::ETHERNET, 0);
        block.options = vec![
            InterfaceDescriptionOption::IfName("wlan0".into()),
            InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::MICRO),
        ];
        writer.write_pcapng_block(block).unwrap();
        writer
            .write_pcapng_block(UnknownBlock::new(0x0bad, 8, &[1; 8]))
            .unwrap();
        let packet = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::from_micros(1_700_000_000_123_456),
            original_len: 1500,
            data: PING.into(),
            options: vec![],
        };
        writer.write_pcapng_block(packet).unwrap();
        let packets = read_from(Cursor::new(writer.into_inner())).unwrap();
        assert_eq!(packets.len(), 1);
        assert_eq!(packets[0].interface, "wlan0");
        assert_eq!(
            packets[0].time,
            Duration::from_micros(1_700_000_000_123_456)
        );
        assert_eq!((packets[0].length, packets[0].direction), (1500, None));
    }
}

/// Wireshark's limit, the snap length that it and tcpdump begin with.
#[test]
fn the_largest_packet_of_wireshark() {
    let header = PcapHeader {
        snaplen: 262_144,
        datalink: DataLink::RAW,
        ..PcapHeader::default()
    };
    let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
    let data = vec![0x45; 262_144];
    for _ in 0..6 {
        let packet = PcapPacket::new(Duration::ZERO, 262_144, &data).unwrap();
        writer.write_packet(&packet).unwrap();
    }
    let packets = read_from(Cursor::new(writer.into_inner())).unwrap();
    assert!(packets.len() == 6 && packets.iter().all(|packet| packet.data == data));
}

#[test]
fn a_link_type_that_is_not_ours() {
    let file = classic(
        DataLink::IEEE802_11,
        Endianness::Little,
        PcapTsResolution::MicroSecond,
    );
    let packets = read_from(Cursor::new(file)).unwrap();
    assert_eq!(packets[0].link, LinkType::Other(105));
    assert_eq!(packets[0].data, PING);
}

#[test]
fn what_is_no_capture() {
    assert_eq!(error(b""), "it is too short to be a capture");
    assert_eq!(error(b"abc"), "it is too short to be a capture");
    assert!(error(b"GET / HTTP/1.1\r\nHost: 192.168.0.2\r\n").starts_with("it is no capture: "));
    assert!(error(&[0x0a, 0x0d, 0x0d, 0x0a, 0, 0]).starts_with("it is no capture: "));
}

#[test]
fn an_empty_capture_has_no_packets() {
    let file = classic(
        DataLink::RAW,
        Endianness::Little,
        PcapTsResolution::NanoSecond,
    );
    assert_eq!(read_from(Cursor::new(&file[..24])).unwrap(), []);
}

#[test]
fn cut_anywhere_it_says_after_which_packet() {
    let file = classic(
        DataLink::RAW,
        Endianness::Little,
        PcapTsResolution::NanoSecond,
    );
    let record = 16 + PING.len();
    for length in 24..file.len() {
        let (whole, rest) = ((length - 24) / record, (length - 24) % record);
        let there = what_is_there(&file[..length]);
        assert_eq!(there.packets.len(), whole);
        let found = read_from(Cursor::new(&file[..length]));
        if rest == 0 {
            assert_eq!((found.unwrap().len(), there.damage), (whole, None));
        } else {
            let err = found.unwrap_err();
            let words = format!("it ends in the middle of what comes after packet {whole}");
            assert_eq!(
                (&err, there.damage),
                (&words, Some(words.clone())),
                "{length}"
            );
        }
    }
}

#[test]
fn a_packet_without_a_time_is_refused() {
    let mut writer = PcapNgWriter::with_endianness(Vec::new(), Endianness::Little).unwrap();
    let interface = InterfaceDescriptionBlock::new(DataLink::RAW, 0);
    writer.write_pcapng_block(interface).unwrap();
    let packet = SimplePacketBlock {
        original_len: 4,
        data: PING.into(),
    };
    writer.write_pcapng_block(packet).unwrap();
    let file = writer.into_inner();
    assert_eq!(error(&file), "its packets are in blocks without a time");
    let there = what_is_there(&file);
    assert_eq!((there.packets.len(), there.without_time), (1, 1));
    assert_eq!(there.packets[0].data, PING);
}

/// A pcapng with two interfaces: Ethernet and Linux cooked, and two sections.
fn two_sections() -> Vec<u8> {
    let section = |name: &str, link: DataLink, resolution, offset: i64, units: u64| {
        let mut writer = PcapNgWriter::with_endianness(Vec::new(), Endianness::Big).unwrap();
        let mut block = InterfaceDescriptionBlock::new(link, 0);
        block.options = vec![
            InterfaceDescriptionOption::IfName(name.to_owned().into()),
            InterfaceDescriptionOption::IfTsResol(resolution),
            InterfaceDescriptionOption::IfTsOffset(offset),
        ];
        writer.write_pcapng_block(block).unwrap();
        let packet = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::from_millis(units) + Duration::from_secs(offset as u64),
            original_len: 4,
            data: PING.into(),
            options: vec![],
        };
        writer.write_pcapng_block(packet).unwrap();
        writer.into_inner()
    };
    let mut file = section(
        "eth0",
        DataLink::ETHERNET,
        InterfaceTsResolution::MICRO,
        0,
        1500,
    );
    let nano = InterfaceTsResolution::NANO;
    file.extend(section(
        "any",
        DataLink::LINUX_SLL2,
        nano,
        1_700_000_000,
        250,
    ));
    file
}

#[test]
fn sections_number_their_interfaces_anew() {
    let there = what_is_there(&two_sections());
    assert_eq!(there.damage, None);
    let told = there.packets.iter();
    let told: Vec<_> = told
        .map(|packet| (packet.interface.as_str(), packet.link, packet.time))
        .collect();
    let expected = [
        ("eth0", LinkType::Ethernet, Duration::from_millis(1500)),
        (
            "any",
            LinkType::LinuxSll2,
            Duration::from_millis(1_700_000_000_250),
        ),
    ];
    assert_eq!(told, expected);
}

#[test]
fn more_than_the_limit_is_counted() {
    let file = classic(
        DataLink::RAW,
        Endianness::Little,
        PcapTsResolution::NanoSecond,
    );
    let there = read_what_is_there_from(Cursor::new(&file), 2).unwrap();
    assert_eq!(
        (there.packets.len(), there.left_out, there.damage),
        (2, 1, None)
    );
    let cut = &file[..file.len() - 1];
    let there = read_what_is_there_from(Cursor::new(cut), 1).unwrap();
    assert_eq!((there.packets.len(), there.left_out), (1, 1));
    assert!(there.damage.unwrap().ends_with("after packet 2"));
}

proptest! {
    /// Whatever a writer has written so far, its whole packets are read.
    #[test]
    fn a_cut_file_gives_its_first_packets(length in 0..two_sections().len()) {
        let file = two_sections();
        let whole = what_is_there(&file).packets;
        if let Ok(there) = read_what_is_there_from(Cursor::new(&file[..length]), usize::MAX) {
            prop_assert!(whole.starts_with(&there.packets));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(head in 0..4usize, bytes: Vec<u8>, at: prop::sample::Index) {
        let mut file = match head {
            0 => two_sections(),
            1 => classic(DataLink::RAW, Endianness::Big, PcapTsResolution::NanoSecond),
            _ => Vec::new(),
        };
        let at = at.index(file.len() + 1);
        file.splice(at..at, bytes);
        let _ = read_what_is_there_from(Cursor::new(&file), 10);
    }
}
