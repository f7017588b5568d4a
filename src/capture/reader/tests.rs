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

use super::read_from;
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
    assert_eq!(
        error(&file),
        "its packets are of link type 105, and only RAW and ETHERNET are read here"
    );
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
        let found = read_from(Cursor::new(&file[..length]));
        if rest == 0 {
            assert_eq!(found.unwrap().len(), whole);
        } else {
            let err = found.unwrap_err();
            let words = format!("it is damaged after packet {whole}: ");
            assert!(err.starts_with(&words), "{length}: {err}");
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
    assert_eq!(
        error(&file),
        "its packets are in blocks without a time, or of an old kind"
    );
}
