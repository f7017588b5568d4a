//! All differences, and not only the first.

use std::fs;

use ip_over_udp::capture::Packet;
use ip_over_udp::packet::{FieldName, LayerKind};
use lab::compare::differences;
use proptest::prelude::*;

use crate::mine::{Mine, reference};
use crate::packets::{field, find, get, layers, mend, put};

/// Where the packets of one interface are in the file of all, from 0.
fn at(packets: &[Packet], interface: &str) -> Vec<usize> {
    let packets = packets.iter().enumerate();
    let here = packets.filter(|(_, packet)| packet.interface == interface);
    here.map(|(at, _)| at).collect()
}

/// Where they are that are of the connection for the page, at whatever interface.
fn of_tcp(packets: &[Packet]) -> Vec<usize> {
    let is_tcp = |at: &usize| {
        let mut layers = layers(&packets[*at]).into_iter();
        layers.any(|layer| layer.kind == LayerKind::Tcp)
    };
    (0..packets.len()).filter(is_tcp).collect()
}

/// Adds to a number that this name has in either direction of the connection.
fn add(packet: &mut Packet, name: FieldName, number: u32) {
    let at = field(packet, LayerKind::Tcp, name);
    put(packet, at.clone(), get(packet, at).wrapping_add(number));
    mend(packet);
}

/// What they are in short: the two numbers, and the words about it.
fn told(mine: &Mine) -> Vec<(Option<usize>, Option<usize>, String)> {
    let found = mine.differences().into_iter();
    found.map(|it| (it.mine, it.reference, it.what)).collect()
}

#[test]
fn a_clean_pair_has_none() {
    for chapter in crate::CHAPTERS {
        let found = differences(&reference(chapter), &reference(chapter)).unwrap();
        assert!(found.is_empty(), "{chapter}: {found:?}");
    }
}

#[test]
fn each_at_its_packet() {
    let (mut syn, mut gone, mut twice, mut last) = (0, 0, 0, 0);
    let mine = Mine::of("06").change_all(|all| {
        syn = find(all, "SYN,");
        all[syn].data[20 + 13] ^= 0x08; // PSH
        mend(&mut all[syn]);
        let right = at(all, "right-tun0");
        (gone, twice, last) = (right[3], right[8], *right.last().unwrap());
        assert!(syn < gone);
        let ttl = &mut all[last].data[8];
        *ttl -= 1;
        mend(&mut all[last]);
        let copy = all[twice].clone();
        all.insert(twice + 1, copy);
        all.remove(gone);
    });
    let next = at(&mine_all(&mine), "right-tun0")[3];
    let found = mine.differences();
    let numbers: Vec<_> = found.iter().map(|it| (it.mine, it.reference)).collect();
    let what: Vec<_> = found.iter().map(|it| it.what.as_str()).collect();
    let differ = |what: &str| format!("{what} in the reference");
    assert_eq!(
        what,
        [
            differ("TCP flags: SYN PSH in yours, SYN").as_str(),
            "a packet is missing",
            "an extra packet",
            differ("IPv4 time to live: 63 in yours, 64").as_str(),
        ]
    );
    let (mine_at, theirs) = (Some(syn + 1), Some(syn + 1));
    assert_eq!(numbers[0], (mine_at, theirs));
    assert_eq!(numbers[1], (Some(next + 1), Some(gone + 1)));
    // Of two that are the same, either is the extra one.
    let extra = numbers[2].0.unwrap();
    assert!(extra == twice || extra == twice + 1, "{numbers:?}");
    // One less, and one more.
    assert_eq!(numbers[3], (Some(last + 1), Some(last + 1)));
    for it in &found {
        assert_eq!(it.file, "all.pcapng");
        let words = format!("in all.pcapng, {}", it.what);
        assert!(it.words.starts_with(&words), "{}", it.words);
    }
    // On the page the packets are shown already.
    let info = |number: usize| Some(mine_all(&mine)[number - 1].info());
    assert_eq!(found[0].mine_info, info(syn + 1));
    assert_eq!(
        (&found[1].mine_info, &found[2].reference_info),
        (&None, &None)
    );
    assert!(found[1].reference_info.is_some() && found[2].mine_info.is_some());
}

fn mine_all(mine: &Mine) -> Vec<Packet> {
    ip_over_udp::capture::read(&mine.file("all.pcapng")).unwrap()
}

#[test]
fn a_number_that_goes_on_is_told_once() {
    for (name, shift, words) in [
        (FieldName::SequenceNumber, 5000, "TCP sequence number: "),
        (
            FieldName::AcknowledgementNumber,
            7,
            "TCP acknowledgement number: ",
        ),
    ] {
        let mut first = 0;
        let mine = Mine::of("06").change_all(|all| {
            let tcp = of_tcp(all);
            first = tcp[tcp.len() / 2];
            for at in tcp.into_iter().filter(|&at| at >= first) {
                add(&mut all[at], name, shift);
            }
        });
        let found = mine.differences();
        // The numbers of both directions go on in another way.
        assert!((1..=2).contains(&found.len()), "{found:#?}");
        assert_eq!(found[0].mine, Some(first + 1), "{found:#?}");
        assert!(found[0].what.contains(words), "{found:#?}");
    }
}

#[test]
fn a_port_that_goes_on_is_told_once() {
    let mut first = 0;
    let mine = Mine::of("06").change_all(|all| {
        let tcp = of_tcp(all);
        first = tcp[tcp.len() / 2];
        for at in tcp.into_iter().filter(|&at| at >= first) {
            for name in [FieldName::SourcePort, FieldName::DestinationPort] {
                let port = field(&all[at], LayerKind::Tcp, name);
                if get(&all[at], port.clone()) >= 32_768 {
                    put(&mut all[at], port, 50_000);
                }
            }
            mend(&mut all[at]);
        }
    });
    let found = mine.differences();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].mine, Some(first + 1));
    let words = " port: 50000 in yours, where packet ";
    assert!(found[0].what.contains(words), "{found:#?}");
}

/// At whatever interface it came first, and not at the one that is first in the
/// alphabet.
#[test]
fn another_address_is_told_where_it_came_first() {
    let mut first = 0;
    let mine = Mine::of("06").change_all(|all| {
        first = at(all, "right-eth0")[6];
        for packet in &mut all[first..] {
            if ["right-eth0", "internet-right"].contains(&packet.interface.as_str()) {
                packet.data[5] ^= 0x44; // of the destination
            }
        }
    });
    let found = mine.differences();
    // One for each of the two directions.
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0].mine, Some(first + 1));
    assert_eq!(found[0].interface, "right-eth0");
    assert_ne!(found[0].what, found[1].what);
}

#[test]
fn one_number_for_two_is_told_once() {
    let pings = |identifiers: [u32; 8]| {
        Mine::of("07").change_all(|all| {
            for (at, identifier) in at(all, "left-tun0").into_iter().zip(identifiers) {
                let field = field(&all[at], LayerKind::Icmp, FieldName::Identifier);
                put(&mut all[at], field, identifier);
                mend(&mut all[at]);
            }
            all.retain(|packet| packet.interface == "left-tun0");
        })
    };
    let (mine, reference) = (pings([5; 8]), pings([1, 1, 2, 2, 1, 1, 2, 1]));
    let found = differences(&mine.folder(), &reference.folder()).unwrap();
    let mine: Vec<_> = found.iter().map(|it| it.mine).collect();
    assert_eq!(mine, [Some(5)], "{found:#?}");
}

#[test]
fn runs_are_told_once() {
    let (mut first, mut before) = (0, 0);
    let mine = Mine::of("06").change_all(|all| {
        let left = at(all, "left-eth0");
        (first, before) = (left[4], left[9] - 5);
        let mut gone = left[4..9].to_vec();
        gone.reverse();
        for at in gone {
            all.remove(at);
        }
    });
    let missing = "5 packets are missing".to_owned();
    assert_eq!(told(&mine), [(Some(before + 1), Some(first + 1), missing)]);

    let mine = Mine::of("06").change_all(|all| {
        let right = at(all, "right-tun0");
        let from = right[right.len() - 3];
        first = from;
        let mut number = 0;
        all.retain(|packet| {
            number += 1;
            number <= from || packet.interface != "right-tun0"
        });
    });
    let missing = "3 packets are missing at the end".to_owned();
    assert_eq!(told(&mine), [(None, Some(first + 1), missing)]);

    let mut from = 0;
    let mine = Mine::of("06").change_all(|all| {
        from = all.len();
        let ping = all[at(all, "left-tun0")[0]].clone();
        let other = all[at(all, "right-tun0")[0]].clone();
        all.extend([ping.clone(), other, ping.clone(), ping]);
    });
    let found = mine.differences();
    let mine: Vec<_> = found
        .iter()
        .map(|it| (it.mine, it.others.clone()))
        .collect();
    let (left, right) = (vec![from + 3, from + 4], vec![]);
    assert_eq!(mine, [(Some(from + 1), left), (Some(from + 2), right)]);
    assert_eq!(found[0].what, "3 extra packets at the end");
}

#[test]
fn packets_that_move_together_are_told_once() {
    let (mut late, mut early) = (0, 0);
    let mine = Mine::of("06").change_all(|all| {
        let here = at(all, "left-tun0");
        let packets: Vec<_> = here.iter().map(|&at| all[at].clone()).collect();
        let mut order: Vec<usize> = (0..here.len()).collect();
        order[1..9].rotate_right(2);
        for (&at, &from) in here.iter().zip(&order) {
            all[at] = packets[from].clone();
        }
        (late, early) = (here[7], here[1]);
    });
    let what = format!(
        "another order: packet {} of the reference is packet {} of yours",
        late + 1,
        early + 1
    );
    assert_eq!(told(&mine), [(Some(early + 1), Some(late + 1), what)]);
}

#[test]
fn interfaces_that_only_one_has() {
    let mut first = 0;
    let mut count = 0;
    let mine = Mine::of("06").change_all(|all| {
        let right = at(all, "right-tun0");
        (first, count) = (right[0], right.len());
        all.retain(|packet| packet.interface != "right-tun0");
    });
    let what = format!("all {count} packets are missing");
    assert_eq!(told(&mine), [(None, Some(first + 1), what)]);

    let mut last = 0;
    let mine = Mine::of("06").change_all(|all| {
        last = all.len();
        for at in [0, 1] {
            let mut packet = all[at].clone();
            packet.interface = "left-tun7".to_owned();
            all.push(packet);
        }
    });
    let found = mine.differences();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].interface, "left-tun7");
    assert_eq!((found[0].mine, found[0].reference), (Some(last + 1), None));
    assert_eq!(found[0].others, [last + 2]);
}

#[test]
fn files_that_are_missing_come_first() {
    let mine = Mine::of("06").change_all(|all| {
        all.remove(at(all, "right-tun0")[3]);
    });
    for file in ["left-eth0.pcap", "right-lo.pcap"] {
        fs::remove_file(mine.file(file)).unwrap();
    }
    let files: Vec<_> = mine.differences().into_iter().map(|it| it.file).collect();
    assert_eq!(files, ["left-eth0.pcap", "right-lo.pcap", "all.pcapng"]);
    fs::remove_file(mine.file("all.pcapng")).unwrap();
    let found = mine.differences().into_iter();
    let files: Vec<_> = found.map(|it| it.file).collect();
    assert_eq!(files, ["all.pcapng", "left-eth0.pcap", "right-lo.pcap"]);
}

/// Another file tells nothing that is not in that of all, unless it is not from
/// the same run.
#[test]
fn another_file_is_told_if_the_file_of_all_is_clean() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        packets.remove(7);
        packets.remove(3);
    });
    let found = mine.differences();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].file, "left-tun0.pcap");
    assert_eq!((found[0].mine, found[0].reference), (Some(4), Some(4)));
    let mine = mine.change_all(|all| {
        all.remove(at(all, "left-tun0")[5]);
    });
    let found = mine.differences();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].file, "all.pcapng");
}

/// What is done to a packet.
#[derive(Clone, Debug)]
enum Change {
    Byte(prop::sample::Index, u8),
    /// Of what a kernel chooses.
    Number(u8),
    Gone,
    Twice,
    Later(usize),
}

impl Change {
    fn apply(self, packets: &mut Vec<Packet>, at: usize) {
        let packet = &mut packets[at];
        match self {
            Change::Byte(byte, bits) => {
                let byte = byte.index(packet.data.len());
                packet.data[byte] ^= bits;
            }
            Change::Number(bits) => {
                use FieldName::{Identifier, SequenceNumber, SourcePort};
                for layer in layers(packet) {
                    for field in &layer.fields {
                        let random = layer.kind == LayerKind::Tcp
                            && matches!(field.name, SourcePort | SequenceNumber);
                        if random || field.name == Identifier {
                            packet.data[field.bytes.end - 1] ^= bits;
                        }
                    }
                }
                mend(packet);
            }
            Change::Gone => drop(packets.remove(at)),
            Change::Twice => packets.insert(at, packets[at].clone()),
            Change::Later(by) => {
                let end = packets.len().min(at + by);
                packets[at..end].rotate_left(1);
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Change)>> {
    let byte = (any::<prop::sample::Index>(), 1..=255_u8);
    let change = prop_oneof![
        byte.prop_map(|(at, bits)| Change::Byte(at, bits)),
        (1..=255_u8).prop_map(Change::Number),
        Just(Change::Gone),
        Just(Change::Twice),
        (2..20_usize).prop_map(Change::Later),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), change), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Nothing differs if and only if there is no first difference, in whatever file
    /// it is; and the packets are in their order.
    #[test]
    fn there_are_some_if_there_is_a_first(
        chapter in prop::sample::select(vec!["02", "03", "04", "06"]),
        of_all in changes(),
        of_one in prop::option::weighted(0.3, changes()),
        interface: prop::sample::Index,
    ) {
        let mut mine = Mine::of(chapter).change_all(|all| {
            for (at, change) in of_all {
                change.apply(all, at.index(all.len()));
            }
        });
        let interfaces = mine.interfaces();
        if let Some(changes) = of_one {
            mine = mine.change(interface.get::<String>(&interfaces), |packets| {
                for (at, change) in changes {
                    if !packets.is_empty() {
                        change.apply(packets, at.index(packets.len()));
                    }
                }
            });
        }
        let (found, first) = (mine.differences(), mine.compare());
        prop_assert_eq!(found.is_empty(), first.is_none(), "{:?} {:?}", found, first);
        let in_all = found.iter().filter(|it| it.file == "all.pcapng");
        let numbers: Vec<_> = in_all.map(|it| it.mine.unwrap_or(usize::MAX)).collect();
        prop_assert!(numbers.is_sorted(), "{:?}", numbers);
    }
}
