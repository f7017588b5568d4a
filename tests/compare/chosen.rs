//! What a kernel chooses must be the same where the reference has the same.

use std::time::Duration;

use ip_over_udp::packet::{FieldName, LayerKind};
use lab::compare::compare;

use crate::mine::Mine;
use crate::packets::{field, get, mend, put};

#[test]
fn a_port_that_changes_in_mid_connection() {
    let mut was = 0;
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let request = &mut packets[5];
        let port = field(request, LayerKind::Tcp, FieldName::SourcePort);
        was = get(request, port.clone());
        put(request, port, 50_000);
        mend(request);
    });
    let found = mine.says(
        "left-tun0",
        "TCP source port: 50000 in yours, where packet ",
    );
    let words = format!(" has {was}; in the reference both have {was}");
    assert!(found.words.contains(&words), "{}", found.words);
}

#[test]
fn a_port_is_said_before_the_checksum_that_it_makes_wrong() {
    let mine = Mine::of("06").change("left-tun0", |packets| {
        let port = field(&packets[5], LayerKind::Tcp, FieldName::SourcePort);
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
        let port = field(&packets[2], LayerKind::Tcp, FieldName::SourcePort);
        put(&mut packets[2], port, 1234);
        mend(&mut packets[2]);
    });
    let words = "TCP source port: 1234 in yours, chosen by the kernel in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn a_sequence_number_out_of_nowhere() {
    for (name, words) in [
        (
            FieldName::SequenceNumber,
            "TCP sequence number: 5001 in yours, 1 ",
        ),
        (
            FieldName::AcknowledgementNumber,
            "TCP acknowledgement number: 5001 in yours, 1 ",
        ),
    ] {
        let mine = Mine::of("06").change("left-tun0", |packets| {
            let request = &mut packets[5];
            let number = field(request, LayerKind::Tcp, name);
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
    let mut was = 0;
    let mine = Mine::of("03").change("left-tun0", |packets| {
        let identifier = field(&packets[1], LayerKind::Icmp, FieldName::Identifier);
        was = get(&packets[1], identifier.clone());
        put(&mut packets[1], identifier, 9999);
        mend(&mut packets[1]);
    });
    let words = format!(
        "ICMP identifier: 9999 in yours, where packet 1 of left-tun0 has {was}; \
         in the reference both have {was}"
    );
    mine.says("left-tun0", &words);
}

/// Eight packets of ping whose identifiers are these, in the lab of chapter 7.
fn pings(identifiers: [u32; 8]) -> Mine {
    Mine::of("07").change("left-tun0", |packets| {
        for (packet, identifier) in packets.iter_mut().zip(identifiers) {
            let at = field(packet, LayerKind::Icmp, FieldName::Identifier);
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
