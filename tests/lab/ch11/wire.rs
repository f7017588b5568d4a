//! The wire is that of chapter 6, whatever goes through tun0.

use std::collections::BTreeSet;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use ip_over_udp::capture::{self, Direction, Packet};
use ip_over_udp::checksum::{checksum, segment_checksum};
use ip_over_udp::validate::validate;
use support::{Lab, apply, test_in_lab};

use super::{INNER_V4, INNER_V6, STEPS, both_ways, ends};
use crate::ch09::{Outer, V4, V6, outer_fragments};
use crate::crossing::{inner_packets, payloads};

#[apply(test_in_lab)]
fn one_whole_packet_in_each_datagram() {
    for step in STEPS {
        is_that_of_chapter_6(V4, &format!("ch11 --fast {step}"));
    }
    is_that_of_chapter_6(V6, "ch11");
}

#[track_caller]
fn is_that_of_chapter_6(outer: Outer, program: &str) {
    let mut lab = Lab::up_with_ipv6();
    let ends = ends(&lab, outer, program, program);
    both_ways(&lab, &[INNER_V4, INNER_V6], 300_000);
    assert_eq!(outer_fragments(&lab), 0);
    for end in ends {
        end.stop().code(0).says(", 0 dropped");
    }
    lab.end().code(130);

    let all = capture::read(&lab.folder().join("all.pcapng")).unwrap();
    let mtu = 1500 - outer.overhead as usize;
    let mut lengths = BTreeSet::new();
    for (host, cable) in [("left", "left-eth0"), ("right", "right-eth0")] {
        for direction in [Direction::Out, Direction::In] {
            let datagrams = payloads(&all, cable, direction);
            for inner in &datagrams {
                assert_eq!(validate(inner), Ok(()), "{program}");
                assert!(inner.len() <= mtu, "{program}: {} bytes", inner.len());
                assert!(
                    is_right(inner),
                    "{program}: {}",
                    ip_over_udp::packet::info(inner)
                );
                lengths.insert(inner.len());
            }
            assert!(datagrams.len() > 200, "{program}: {}", datagrams.len());
            // The same bytes in the same order, in however many packets.
            let tun: Vec<_> = inner_packets(&all, host)
                .into_iter()
                .filter(|packet| packet.0 == direction)
                .map(|packet| packet.1)
                .collect();
            assert_eq!(data(&tun), data(&datagrams), "{program}, {host}");
        }
        for packet in on_cable(&all, cable) {
            // DF, in IPv4.
            let ip = &packet.data[14..];
            assert!(ip[0] >> 4 == 6 || ip[6] == 0x40, "{program}: no DF");
        }
    }
    assert!(lengths.contains(&mtu), "{program}: none is full");
    // Else nothing was tried.
    let largest = inner_packets(&all, "left").iter().map(|p| p.1.len()).max();
    assert_eq!(
        largest > Some(mtu),
        program == "ch11" || program.ends_with("offload")
    );
}

fn on_cable<'a>(all: &'a [Packet], cable: &str) -> impl Iterator<Item = &'a Packet> {
    all.iter().filter(move |packet| packet.interface == cable)
}

/// Whether the checksums of an inner packet are right.
fn is_right(inner: &[u8]) -> bool {
    let sliced = SlicedPacket::from_ip(inner).unwrap();
    let (source, destination, at) = match &sliced.net {
        Some(NetSlice::Ipv4(v4)) => {
            let header = v4.header();
            let length = header.slice().len();
            if checksum(&inner[..length]) != 0 {
                return false;
            }
            (
                header.source_addr().into(),
                header.destination_addr().into(),
                length,
            )
        }
        Some(NetSlice::Ipv6(v6)) => {
            let header = v6.header();
            (
                header.source_addr().into(),
                header.destination_addr().into(),
                40,
            )
        }
        _ => return false,
    };
    match &sliced.transport {
        Some(TransportSlice::Tcp(_)) => segment_checksum(source, destination, 6, &inner[at..]) == 0,
        _ => true,
    }
}

/// The data of TCP in these packets, of IPv4 and of IPv6.
fn data(packets: &[Vec<u8>]) -> [Vec<u8>; 2] {
    let mut data = [Vec::new(), Vec::new()];
    for packet in packets {
        let sliced = SlicedPacket::from_ip(packet).unwrap();
        if let Some(TransportSlice::Tcp(tcp)) = &sliced.transport {
            data[usize::from(packet[0] >> 4 == 6)].extend_from_slice(tcp.payload());
        }
    }
    data
}
