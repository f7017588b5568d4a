//! `lab compare`: faults in a copy of a capture are found and explained.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ip_over_udp::capture::{self, Direction, LinkType, Packet, Pcap, PcapNg};
use ip_over_udp::icmp::{checksum, segment_checksum};
use ip_over_udp::packet::{Field, Layer, dissect};
use lab::book::Book;
use lab::compare::{Difference, compare};
use proptest::prelude::*;

/// The folder with the reference captures of a chapter.
fn reference(chapter: &str) -> PathBuf {
    Book::at(None, None).unwrap().reference(chapter)
}

/// A copy of a chapter's captures, to be changed; gone when it is dropped.
struct Mine {
    chapter: &'static str,
    /// What `--out` names.
    base: PathBuf,
}

impl Mine {
    fn of(chapter: &'static str) -> Mine {
        Mine::in_folder(chapter, "mine")
    }

    fn in_folder(chapter: &'static str, name: &str) -> Mine {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = std::process::id();
        let base = std::env::temp_dir().join(format!("ip-over-udp-compare-{id}-{number} {name}"));
        let mine = Mine { chapter, base };
        fs::create_dir_all(mine.folder()).unwrap();
        for file in fs::read_dir(reference(chapter)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), mine.file(file.file_name().to_str().unwrap())).unwrap();
        }
        mine
    }

    fn folder(&self) -> PathBuf {
        self.base.join(self.chapter)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn interfaces(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter_map(|name| name.strip_suffix(".pcap").map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    fn packets(&self, interface: &str) -> Vec<Packet> {
        capture::read(&self.file(&format!("{interface}.pcap"))).unwrap()
    }

    fn write(&self, interface: &str, packets: &[Packet]) {
        let link = packets.first().map_or(LinkType::Raw, |packet| packet.link);
        let mut pcap = Pcap::create(&self.folder(), interface, link).unwrap();
        for it in packets {
            pcap.write(it.time, it.length, &it.data).unwrap();
        }
    }

    fn change(self, interface: &str, change: impl FnOnce(&mut Vec<Packet>)) -> Mine {
        let mut packets = self.packets(interface);
        change(&mut packets);
        self.write(interface, &packets);
        self
    }

    /// Changes `all.pcapng`, the only one that knows directions.
    fn change_all(self, change: impl FnOnce(&mut Vec<Packet>)) -> Mine {
        let mut packets = capture::read(&self.file("all.pcapng")).unwrap();
        change(&mut packets);
        let mut all = PcapNg::create(&self.folder(), "all.pcapng").unwrap();
        let mut known = Vec::new();
        for it in &packets {
            let number = known.iter().position(|name| *name == it.interface);
            let number = number.unwrap_or_else(|| {
                all.interface(&it.interface, it.link).unwrap();
                known.push(it.interface.clone());
                known.len() - 1
            });
            let direction = it.direction.unwrap();
            all.write(number as u32, direction, it.time, it.length, &it.data)
                .unwrap();
        }
        self
    }

    fn compare(&self) -> Option<Difference> {
        compare(&self.folder(), &reference(self.chapter)).unwrap()
    }

    /// The difference at this interface, which must have these words.
    #[track_caller]
    fn says(&self, interface: &str, words: &str) -> Difference {
        let found = self.compare().expect("a difference");
        assert_eq!(found.interface, interface, "{}", found.words);
        assert!(found.words.contains(words), "{}", found.words);
        found
    }

    fn lab(&self, words: &[&str]) -> Command {
        let mut lab = Command::new(support::built().join("lab"));
        lab.arg("--out").arg(&self.base).args(words);
        lab
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}

/// The number of the first packet that this is true of.
#[track_caller]
fn find(packets: &[Packet], what: &str) -> usize {
    let mut packets = packets.iter();
    packets
        .position(|it| it.describe().contains(what))
        .unwrap_or_else(|| panic!("no packet says {what:?}"))
}

fn layers(packet: &Packet) -> Vec<Layer> {
    dissect(packet.link, &packet.data).layers
}

/// Where in a packet a field of the innermost layer of this name is.
#[track_caller]
fn field(packet: &Packet, layer: &str, field: &str) -> Range<usize> {
    let layers = layers(packet);
    let layer = layers.iter().rfind(|it| it.name == layer).unwrap();
    let mut fields = layer.fields.iter();
    fields.find(|it| it.name == field).unwrap().bytes.clone()
}

/// Puts a number of two or four bytes into a packet.
fn put(packet: &mut Packet, at: Range<usize>, value: u32) {
    let bytes = value.to_be_bytes();
    packet.data[at.clone()].copy_from_slice(&bytes[4 - at.len()..]);
}

fn get(packet: &Packet, at: Range<usize>) -> u32 {
    let bytes = packet.data[at].iter();
    bytes.fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// Makes every checksum of a packet right that can be told to be wrong, the
/// innermost first.
fn mend(packet: &mut Packet) {
    loop {
        let layers = layers(packet);
        let wrong = |layer: &Layer| {
            let mut fields = layer.fields.iter();
            let sum = fields.find(|it| it.name == "checksum");
            sum.is_some_and(|it| it.value.ends_with("wrong"))
        };
        let Some(at) = layers.iter().rposition(wrong) else {
            return;
        };
        let (layer, ip) = (&layers[at], &layers[..at]);
        let sum = layer.fields.iter().find(|it| it.name == "checksum");
        let sum = sum.unwrap().bytes.clone();
        packet.data[sum.clone()].fill(0);
        let right = if layer.name == "IPv4" {
            checksum(&packet.data[layer.bytes.clone()])
        } else {
            let ip = ip.iter().rfind(|it| it.name.starts_with("IPv")).unwrap();
            let value = |name| &ip.fields.iter().find(|it| it.name == name).unwrap().value;
            let end = match ip.name {
                "IPv4" => value("total length").parse::<usize>().unwrap(),
                _ => 40 + value("payload length").parse::<usize>().unwrap(),
            };
            let segment = &packet.data[layer.bytes.start..ip.bytes.start + end];
            let around = |protocol| {
                let (from, to) = (value("source address"), value("destination address"));
                segment_checksum(
                    from.parse().unwrap(),
                    to.parse().unwrap(),
                    protocol,
                    segment,
                )
            };
            match layer.name {
                "ICMP" => checksum(segment),
                "ICMPv6" => around(58),
                "TCP" => around(6),
                _ => around(17),
            }
        };
        put(packet, sum, right.into());
    }
}

const CHAPTERS: [&str; 9] = ["00", "01", "02", "03", "04", "05", "06", "07", "08"];

#[test]
fn a_reference_is_like_itself() {
    for chapter in CHAPTERS {
        let folder = reference(chapter);
        let found = compare(&folder, &folder).unwrap();
        assert!(found.is_none(), "{chapter}: {found:?}");
    }
}

// Which packets there are, and in which order.

#[test]
fn a_packet_that_is_missing() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets.remove(find(packets, "SYN ACK"));
    });
    let words = "a packet is missing: 192.168.0.2 > 192.168.0.1 TCP 80 > ";
    assert_eq!(mine.says("left-tun0", words).reference, Some(4));
}

#[test]
fn a_packet_that_is_missing_at_the_end() {
    let mine = Mine::of("06").change("right-eth0", |packets| {
        packets.pop();
    });
    mine.says(
        "right-eth0",
        "a packet is missing at the end: 203.0.113.2 >",
    );
}

#[test]
fn packets_that_are_missing_at_the_beginning() {
    let mine = Mine::of("06").change("right-eth0", |packets| {
        packets.remove(0);
    });
    let words = "a packet is missing at the beginning: 198.51.100.2 >";
    mine.says("right-eth0", words);
    let mine = mine.change("right-eth0", |packets| {
        packets.drain(..4);
    });
    let words = "5 packets are missing at the beginning, the first of them: 198.51.100.2 >";
    let found = mine.says("right-eth0", words);
    assert_eq!((found.mine, found.reference), (Some(1), Some(1)));
}

#[test]
fn packets_that_are_missing_in_the_middle() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets.drain(4..9);
    });
    let words = "5 packets are missing, the first of them: 192.168.0.1 > 192.168.0.2 TCP";
    let found = mine.says("left-tun0", words);
    assert_eq!((found.mine, found.reference), (Some(5), Some(5)));
}

#[test]
fn all_packets_are_missing() {
    let mine = Mine::of("06").change("left-tun0", Vec::clear);
    let words = "all 15 packets are missing, the first of them: 192.168.0.1 >";
    let found = mine.says("left-tun0", words);
    assert_eq!((found.mine, found.reference), (None, Some(1)));
}

#[test]
fn the_only_packet_is_missing() {
    let reference = Mine::of("06").change("left-tun0", |packets| packets.truncate(1));
    let mine = Mine::of("06").change("left-tun0", Vec::clear);
    let found = compare(&mine.folder(), &reference.folder())
        .unwrap()
        .unwrap();
    let words = "the only packet is missing: 192.168.0.1 >";
    assert!(found.words.starts_with(words), "{}", found.words);
}

#[test]
fn an_extra_packet() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.insert(1, packets[0].clone());
    });
    let words = "an extra packet: 198.51.100.2 > 203.0.113.2 UDP";
    mine.says("left-eth0", words);
}

#[test]
fn extra_packets_at_the_end() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.extend_from_within(..2);
    });
    let words = "2 extra packets at the end, the first of them: 198.51.100.2 >";
    mine.says("left-eth0", words);
}

#[test]
fn two_packets_that_have_changed_places() {
    let mine = Mine::of("06").change("left-tun0", |packets| packets.swap(1, 2));
    let words = "another order: packet 2 of the reference is packet 3 of yours: 192.168.0.2 >";
    let found = mine.says("left-tun0", words);
    assert_eq!((found.mine, found.reference), (Some(3), Some(2)));
}

#[test]
fn a_packet_that_comes_too_early() {
    let mine = Mine::of("06").change("left-tun0", |packets| packets[1..6].rotate_right(1));
    let words = "another order: packet 6 of the reference is packet 2 of yours: 192.168.0.1 >";
    mine.says("left-tun0", words);
}

#[test]
fn another_packet_in_the_place_of_one() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets[1] = packets[2].clone();
    });
    let words = "IPv4 protocol: 6 in yours, 1 in the reference";
    mine.says("left-tun0", words);
}

// What is in a packet.

#[test]
fn another_flag() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let syn = find(packets, "SYN,");
        packets[syn].data[20 + 13] ^= 0x08; // PSH
        mend(&mut packets[syn]);
    });
    let words = "TCP flags: SYN PSH in yours, SYN in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn another_byte_of_the_page() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let page = find(packets, "307 bytes of data");
        let last = packets[page].data.len() - 1;
        packets[page].data[last] ^= 0x20;
    });
    // The checksum is wrong because of it, and not the other way round.
    let words = "byte 307 of the TCP data: 0x2a in yours, 0x0a in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn bytes_of_a_ping_are_counted_from_its_first() {
    let mine = Mine::of("03").change("left-tun0", |packets| {
        packets[1].data[20 + 8 + 20] ^= 0xff;
        mend(&mut packets[1]);
    });
    mine.says("left-tun0", "byte 21 of the ICMP data: ");
}

#[test]
fn a_byte_of_what_an_error_repeats() {
    let mine = Mine::of("04").change("left-eth0", |packets| {
        let at = find(packets, "unreachable");
        let refused = &mut packets[at];
        let third = refused.data.len() - 3;
        refused.data[third] ^= 1;
        mend(refused);
    });
    mine.says("left-eth0", "byte 3 of the quoted UDP data: ");
}

#[test]
fn another_size() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets[0].data.push(0);
        packets[0].length += 1;
    });
    let words = "1 byte of trailer in yours, none in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn a_length_that_only_the_capture_claims() {
    let mine = Mine::of("06").change("left-tun0", |packets| packets[0].length = 9999);
    let words = "length on the wire: 9999 bytes, 84 of them captured in yours, \
                 84 bytes in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn a_checksum_that_only_the_inner_packet_has_wrong() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        let sum = field(&packets[0], "ICMP", "checksum");
        packets[0].data[sum.start] ^= 1;
    });
    // The outer one covers the inner, and is wrong too.
    let words = "inner ICMP checksum: wrong in yours, right in the reference";
    mine.says("left-eth0", words);
    let mine = mine.change("left-eth0", |packets| {
        let inner = field(&packets[0], "ICMP", "checksum");
        packets[0].data[inner.start] ^= 1;
        packets[0].data[14 + 20 + 6] ^= 1;
    });
    let words = "outer UDP checksum: wrong in yours, right in the reference";
    mine.says("left-eth0", words);
}

#[test]
fn a_datagram_without_a_checksum() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        let sum = field(&packets[0], "UDP", "checksum");
        packets[0].data[sum].fill(0);
    });
    let words = "outer UDP checksum: none in yours, right in the reference";
    mine.says("left-eth0", words);
}

#[test]
fn inside_or_outside() {
    let one_less = |at: usize| {
        move |packets: &mut Vec<Packet>| {
            packets[0].data[at] -= 1;
            mend(&mut packets[0]);
        }
    };
    let mine = Mine::of("06").change("left-eth0", one_less(14 + 8));
    let words = "outer IPv4 time to live: 63 in yours, 64 in the reference";
    mine.says("left-eth0", words);
    let mine = Mine::of("06").change("left-eth0", one_less(14 + 20 + 8 + 8));
    let words = "inner IPv4 time to live: 63 in yours, 64 in the reference";
    mine.says("left-eth0", words);
    // There is nothing to be inside of.
    let mine = Mine::of("06").change("left-tun0", one_less(8));
    let found = mine.says("left-tun0", "IPv4 time to live: 63 in yours");
    assert!(found.words.starts_with("IPv4"), "{}", found.words);
    let mine = Mine::of("06").change("left-eth0", |packets| {
        let refused = find(packets, "port unreachable");
        packets[refused].data[14 + 20 + 8 + 8] -= 1;
    });
    mine.says("left-eth0", "quoted outer IPv4 time to live: 62 in yours, ");
    let mine = Mine::of("06").change("left-eth0", |packets| {
        let refused = find(packets, "port unreachable");
        packets[refused].data[14 + 20 + 8 + 20 + 8 + 8] -= 1;
    });
    mine.says("left-eth0", "quoted inner IPv4 time to live: 63 in yours, ");
}

#[test]
fn bits_without_a_name() {
    let flip = |at: usize, bit: u8| {
        move |packets: &mut Vec<Packet>| {
            let syn = find(packets, "SYN,");
            packets[syn].data[at] ^= bit;
            mend(&mut packets[syn]);
        }
    };
    let mine = Mine::of("06").change("left-tun0", flip(20 + 12, 0x04));
    let words = "byte 13 of the TCP header: 0xa4 in yours, 0xa0 in the reference";
    mine.says("left-tun0", words);
    let mine = Mine::of("06").change("left-tun0", flip(6, 0x80));
    let words = "byte 7 of the IPv4 header: 0xc0 in yours, 0x40 in the reference";
    mine.says("left-tun0", words);
}

// What a kernel chooses must be the same where the reference has the same.

#[test]
fn a_port_that_changes_in_mid_connection() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let request = &mut packets[5];
        let port = field(request, "TCP", "source port");
        put(request, port, 50_000);
        mend(request);
    });
    let found = mine.says(
        "left-tun0",
        "TCP source port: 50000 in yours, where packet ",
    );
    let words = " has 44290; in the reference both have 44290";
    assert!(found.words.contains(words), "{}", found.words);
}

#[test]
fn a_port_is_said_before_the_checksum_that_it_makes_wrong() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let port = field(&packets[5], "TCP", "source port");
        put(&mut packets[5], port, 50_000);
    });
    mine.says(
        "left-tun0",
        "TCP source port: 50000 in yours, where packet ",
    );
}

#[test]
fn a_port_of_another_kind() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let port = field(&packets[2], "TCP", "source port");
        put(&mut packets[2], port, 1234);
        mend(&mut packets[2]);
    });
    let words = "TCP source port: 1234 in yours, chosen by the kernel in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn a_sequence_number_out_of_nowhere() {
    for (name, words) in [
        ("sequence number", "TCP sequence number: 5001 in yours, 1 "),
        (
            "acknowledgement number",
            "TCP acknowledgement number: 5001 in yours, 1 ",
        ),
    ] {
        let mine = Mine::of("06").change("left-tun0", |packets| {
            let request = &mut packets[5];
            let number = field(request, "TCP", name);
            put(request, number.clone(), get(request, number) + 5000);
            mend(request);
        });
        let found = mine.says("left-tun0", words);
        let counted = "in the reference, counted from the first of that direction";
        assert!(found.words.contains(counted), "{}", found.words);
    }
}

#[test]
fn a_reply_with_another_identifier() {
    let mine = Mine::of("03").change("left-tun0", |packets| {
        let identifier = field(&packets[1], "ICMP", "identifier");
        put(&mut packets[1], identifier, 9999);
        mend(&mut packets[1]);
    });
    let words = "ICMP identifier: 9999 in yours, where packet 1 of left-tun0 has 31043; \
                 in the reference both have 31043";
    mine.says("left-tun0", words);
}

/// Eight packets of ping whose identifiers are these, in the lab of chapter 7.
fn pings(identifiers: [u32; 8]) -> Mine {
    Mine::of("07").change("left-tun0", |packets| {
        for (packet, identifier) in packets.iter_mut().zip(identifiers) {
            let at = field(packet, "ICMP", "identifier");
            put(packet, at, identifier);
            mend(packet);
        }
    })
}

#[test]
fn one_number_for_two() {
    let reference = pings([1, 1, 2, 2, 1, 1, 2, 2]);
    let mine = pings([5; 8]);
    let found = compare(&mine.folder(), &reference.folder()).unwrap();
    let words = "ICMP identifier: 5 in yours, as in packet 3 of left-tun0; \
                 in the reference this one has 1, and that one 2";
    let found = found.expect("a difference");
    assert!(found.words.starts_with(words), "{}", found.words);
    // A kernel may give it to the next when the first is gone.
    let reference = pings([1, 1, 1, 1, 2, 2, 2, 2]);
    let found = compare(&mine.folder(), &reference.folder()).unwrap();
    assert!(found.is_none(), "{found:?}");
}

#[test]
fn a_reply_with_another_time() {
    let mine = Mine::of("03").change("left-tun0", |packets| {
        packets[1].data[20 + 8] ^= 0xff;
        mend(&mut packets[1]);
    });
    let words = "the first 16 bytes of the ICMP data: ";
    mine.says("left-tun0", words);
}

#[test]
fn fragments_that_do_not_belong_together() {
    let mine = Mine::of("03").change("left-tun0", |packets| {
        let last = packets.last_mut().unwrap();
        last.data[5] ^= 1;
        mend(last);
    });
    mine.says("left-tun0", "IPv4 identification: 0x");
}

#[test]
fn a_frame_to_another_address() {
    let mine = Mine::of("06").change("left-eth0", |packets| packets[4].data[0] ^= 4);
    let words = "Ethernet destination: 06:00:00:00:01:01 in yours, where packet ";
    mine.says("left-eth0", words);
}

#[test]
fn times_make_no_difference() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        for packet in packets {
            packet.time += Duration::from_secs(1000);
        }
    });
    let found = mine.compare();
    assert!(found.is_none(), "{found:?}");
}

/// What another run of an experiment chooses: what is added to, or turned
/// around in, the values of the reference.
#[derive(Clone, Debug)]
struct Run {
    port: u16,
    identifier: u16,
    fragments: u16,
    sequence: [u32; 2],
    hardware: u8,
    time: [u8; 16],
    /// Of the values that are not compared at all.
    any: u16,
}

impl Run {
    fn change(&self, packet: &mut Packet) {
        let layers = layers(packet);
        // The third reply of chapter 3 has a wrong checksum, and keeps it.
        let wrong = packet.describe().contains("wrong");
        let (mut ip, mut ping) = (&layers[0], false);
        for layer in &layers {
            if layer.name.starts_with("IPv") {
                ip = layer;
            }
            let time = &mut packet.data[layer.bytes.clone()];
            if ping && layer.name == "data" {
                let time = time.iter_mut().zip(self.time);
                time.for_each(|(byte, other)| *byte ^= other);
            }
            ping = false;
            for field in &layer.fields {
                ping |= field.name == "identifier";
                self.change_field(packet, ip, layer, field);
            }
        }
        mend(packet);
        if wrong {
            let sum = field(packet, "ICMP", "checksum");
            packet.data[sum.start] ^= 1;
        }
    }

    fn change_field(&self, packet: &mut Packet, ip: &Layer, layer: &Layer, field: &Field) {
        let at = field.bytes.clone();
        let from_left = text_of(ip, "source address").ends_with(".1");
        let (source, destination) = match from_left {
            true => (self.sequence[0], self.sequence[1]),
            false => (self.sequence[1], self.sequence[0]),
        };
        let now = || get(packet, at.clone());
        let new = match (layer.name, field.name) {
            ("Ethernet", "source" | "destination") => {
                packet.data[at.end - 1] ^= self.hardware;
                return;
            }
            ("IPv4", "identification") => match is_fragment(layer) {
                true => now() ^ u32::from(self.fragments),
                false => now() ^ u32::from(self.any),
            },
            (_, "source port" | "destination port") if now() >= 32_768 => {
                now() ^ u32::from(self.port >> 1)
            }
            (_, "identifier") => now() ^ u32::from(self.identifier),
            ("TCP", "sequence number") => now().wrapping_add(source),
            ("TCP", "acknowledgement number") if text_of(layer, "flags").contains("ACK") => {
                now().wrapping_add(destination)
            }
            ("TCP", "window") => now() ^ u32::from(self.any),
            _ => return,
        };
        put(packet, at, new);
    }
}

fn text_of<'a>(layer: &'a Layer, name: &str) -> &'a str {
    let mut fields = layer.fields.iter();
    fields.find(|it| it.name == name).map_or("", |it| &it.value)
}

fn is_fragment(ip: &Layer) -> bool {
    text_of(ip, "flags").contains("MF") || text_of(ip, "fragment offset") != "0 bytes"
}

/// Whether another value of this byte makes no difference.
fn is_left_out(packet: &Packet, byte: usize) -> bool {
    let layers = layers(packet);
    let date = packet.data.windows(8).position(|it| it == b"\r\nDate: ");
    let in_date = date.is_some_and(|at| (at + 8..at + 8 + 29).contains(&byte));
    in_date
        || layers.iter().any(|layer| {
            let mut fields = layer.fields.iter().filter(|it| it.bytes.contains(&byte));
            fields.any(|field| match field.name {
                "identification" => !is_fragment(layer),
                "window" => true,
                "checksum" => !field.value.contains(", "),
                // Of the options, the numbers in a time stamp.
                "options" => {
                    let options = &packet.data[field.bytes.clone()];
                    let stamps = options.windows(2).position(|it| it == [8, 10]);
                    let stamps = field.bytes.start + stamps.unwrap() + 2;
                    (stamps..stamps + 8).contains(&byte)
                }
                _ => false,
            })
        })
}

fn runs() -> impl Strategy<Value = Run> {
    let hardware = 1..=255_u8;
    let all = (
        any::<[u16; 4]>(),
        any::<[u32; 2]>(),
        hardware,
        any::<[u8; 16]>(),
    );
    all.prop_map(
        |([port, identifier, fragments, any], sequence, hardware, time)| Run {
            port,
            identifier,
            fragments,
            sequence,
            hardware,
            time,
            any,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Another run is the same as the reference, and with one bit of one packet
    /// changed it is not.
    #[test]
    fn any_run_and_any_bit(
        run in runs(),
        chapter in prop::sample::select(vec!["02", "03", "04", "05", "06"]),
        interface: prop::sample::Index,
        packet: prop::sample::Index,
        byte: prop::sample::Index,
        bit in 0..8_u8,
    ) {
        let mut mine = Mine::of(chapter);
        let interfaces = mine.interfaces();
        for interface in &interfaces {
            mine = mine.change(interface, |packets| {
                packets.iter_mut().for_each(|packet| run.change(packet));
            });
        }
        mine = mine.change_all(|packets| {
            packets.iter_mut().for_each(|packet| run.change(packet));
        });
        let found = mine.compare();
        prop_assert!(found.is_none(), "{found:?}");

        let mut changed = String::new();
        mine = mine.change(interface.get::<String>(&interfaces), |packets| {
            let packet = packet.get(packets).clone();
            let byte = byte.index(packet.data.len());
            if is_left_out(&packet, byte) {
                return;
            }
            changed = format!("byte {byte} of {}", packet.describe());
            let at = packets.iter().position(|it| *it == packet).unwrap();
            packets[at].data[byte] ^= 1_u8 << bit;
        });
        let found = mine.compare();
        prop_assert!(changed.is_empty() || found.is_some(), "{changed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever was captured, it is compared; and it is like itself.
    #[test]
    fn anything_can_be_compared(
        changes in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, u8)>(), 1..60),
        ends in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..4),
    ) {
        let mine = Mine::of("06").change("left-eth0", |packets| {
            for (packet, byte, value) in changes {
                let packet = packet.index(packets.len());
                let data = &mut packets[packet].data;
                let byte = byte.index(data.len());
                data[byte] = value;
            }
            for (packet, end) in ends {
                let packet = packet.index(packets.len());
                let data = &mut packets[packet].data;
                data.truncate(end.index(data.len()).max(1));
            }
        });
        let found = compare(&mine.folder(), &mine.folder()).unwrap();
        prop_assert!(found.is_none(), "{found:?}");
        if let Some(found) = mine.compare() {
            prop_assert!(!found.words.is_empty());
        }
    }
}

// The files.

#[test]
fn the_difference_that_came_first() {
    let mine = Mine::of("06")
        .change("internet-left", |packets| packets.truncate(9))
        .change("right-tun0", |packets| {
            packets.remove(1);
        });
    mine.says("right-tun0", "a packet is missing: ");
}

#[test]
fn a_file_that_is_not_there() {
    let mine = Mine::of("06");
    fs::remove_file(mine.file("left-eth0.pcap")).unwrap();
    let words = "left-eth0.pcap is not there; packets in the reference: 18";
    mine.says("left-eth0", words);
    let mine = Mine::of("06");
    fs::remove_file(mine.file("all.pcapng")).unwrap();
    let words = "all.pcapng is not there; packets in the reference: 101";
    mine.says("all interfaces", words);
    let output = mine.lab(&["compare", "06"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_interface_that_the_reference_does_not_have() {
    let mine = Mine::of("06");
    fs::copy(mine.file("left-tun0.pcap"), mine.file("left-tun7.pcap")).unwrap();
    let words = "there are 15 packets where the reference has none";
    mine.says("left-tun7", words);
}

#[test]
fn all_of_them_in_one_file() {
    let mine = Mine::of("06").change_all(Vec::clear);
    let found = mine.says("left-tun0", "in all.pcapng, all 15 packets are missing");
    assert_eq!(found.file, "all.pcapng");
    let mine = Mine::of("06").change_all(|all| {
        let syn = find(all, "SYN,");
        all[syn].direction = Some(Direction::In);
    });
    let words = "in all.pcapng, direction: incoming in yours, outgoing in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn what_is_no_file() {
    let mine = Mine::of("06");
    let file = mine.file("left-eth0.pcap");
    fs::remove_file(&file).unwrap();
    nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a pipe, not a file");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a folder, not a file");
    fs::remove_dir(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a device, not a file");
    fs::remove_file(&file).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(&file).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a socket, not a file");
}

/// Fails if the command does not end with 2 and these words soon.
#[track_caller]
fn says_within(mine: &Mine, words: &str) {
    let mut lab = mine.lab(&["compare", "06"]);
    let mut lab = lab.stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while lab.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            lab.kill().unwrap();
            panic!("it hangs");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = lab.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(words), "{text}");
    assert_eq!(output.status.code(), Some(2), "{text}");
}

// The command.

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_command_says_it_in_words_and_in_its_exit_code() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.remove(2);
    });
    let output = mine.lab(&["compare", "6"]).output().unwrap();
    let said = text(output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let words = "chapter 06, left-eth0: a packet is missing: ";
    assert!(said.starts_with(words), "{said}");
    let words = "wireshark -d udp.port==9876,ip -g 3 ";
    assert!(said.contains(words), "{said}");

    let mine = Mine::of("06");
    let output = mine.lab(&["compare", "06"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let words = "chapter 06: every packet is as in the reference\n";
    assert_eq!(text(output.stdout), words);

    let output = mine.lab(&["compare", "77"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    fs::write(mine.file("left-eth0.pcap"), "no capture").unwrap();
    let output = mine.lab(&["compare", "06"]).output().unwrap();
    let said = text(output.stderr);
    assert!(said.contains("left-eth0.pcap: it is no capture"), "{said}");
}

/// Commands that it prints can be copied into a shell.
#[test]
fn what_to_type_next() {
    let mine = Mine::in_folder("06", "it's mine").change("left-eth0", |packets| {
        packets.remove(2);
    });
    let base = mine.base.to_str().unwrap();
    let Output { stdout, .. } = mine.lab(&["compare", "06"]).output().unwrap();
    let said = text(stdout);
    let command = said.lines().find(|line| line.contains("wireshark"));
    let words = shlex::split(command.unwrap()).unwrap();
    assert_eq!(
        words[1..],
        [
            "-d",
            "udp.port==9876,ip",
            "-g",
            "3",
            mine.file("left-eth0.pcap").to_str().unwrap()
        ]
    );

    let Output { status, stderr, .. } = mine.lab(&["compare", "05"]).output().unwrap();
    assert_eq!(status.code(), Some(2));
    let said = text(stderr);
    let before = "error: there is no capture of chapter 05 yet; make one: ";
    let command = said
        .strip_prefix(before)
        .unwrap_or_else(|| panic!("{said}"));
    let words = shlex::split(command.trim_end()).unwrap();
    assert_eq!(words, ["cargo", "lab", "--out", base, "05"]);
}

/// Wireshark counts the packets that are left out of the comparison, too.
#[test]
fn numbers_are_those_of_the_file() {
    // A multicast listener report, as Linux sends them.
    let report = {
        let head = etherparse::PacketBuilder::ethernet2([2; 6], [0x33; 6]).ipv6(
            [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16],
            1,
        );
        let mut frame = Vec::new();
        head.icmpv6_raw(143, 0, [0; 4])
            .write(&mut frame, &[0; 20])
            .unwrap();
        frame
    };
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.remove(2);
        for at in [0, 1] {
            let mut packet = packets[at].clone();
            packet.data.clone_from(&report);
            packet.length = report.len() as u32;
            packets.insert(at, packet);
        }
    });
    let found = mine.says("left-eth0", "a packet is missing: ");
    assert_eq!((found.mine, found.reference), (Some(5), Some(3)));
}

#[test]
fn an_output_that_cannot_be_written_is_no_difference() {
    let mine = Mine::of("06");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = mine.lab(&["compare", "06"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = "error: cannot write to standard output: No space left on device";
    assert!(text(output.stderr).starts_with(words));

    // Nor where nobody reads it: quietly, for that is no mistake.
    let mine = mine.change("left-eth0", Vec::clear);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut lab = mine.lab(&["compare", "06"]);
    let output = lab.stdout(writer).output().unwrap();
    assert_eq!(
        (output.status.code(), text(output.stderr).as_str()),
        (Some(2), "")
    );
}

/// A tunnel that feeds itself makes half a million packets in four seconds.
#[test]
fn a_flood_is_compared_too() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let ping = packets[0].clone();
        for number in 0..20_000_u32 {
            let mut packet = ping.clone();
            let seq = field(&packet, "ICMP", "sequence number");
            put(&mut packet, seq, number % 65_536);
            packets.insert(1, packet);
        }
    });
    let start = Instant::now();
    mine.says(
        "left-tun0",
        " extra packets, the first of them: 192.168.0.1 >",
    );
    assert!(start.elapsed() < Duration::from_secs(60));
}
