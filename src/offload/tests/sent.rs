//! Batches, through real sockets.

use std::net::UdpSocket;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::offload::recv::Receiver;
use crate::offload::send::{Batch, Means};
use crate::validate::DropReason;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Through real sockets, by either means, with the kernel's receive offload or without.
    #[test]
    fn a_batch_arrives_whole_and_in_order(lengths in vec(prop_oneof![4 => Just(700usize), 1 => 0..1400usize], 1..100), segmentation: bool, gro: bool) {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        let means = if segmentation { Means::Segmentation } else { Means::List };
        let mut batch = Batch::new(means);
        let mut receive = Receiver::new(&receiver, gro).unwrap();
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        let mut flush = |batch: &mut Batch| {
            let done = batch.send(&sender, to);
            prop_assert!(done.not_sent.is_empty(), "{:?}", done);
            prop_assert!(batch.is_empty());
            while receive.recv(&receiver).is_ok() {
                received.extend(receive.datagrams().map(<[u8]>::to_vec));
            }
            Ok(done)
        };
        let (mut calls, mut packets) = (0, 0);
        for (nth, length) in lengths.iter().enumerate() {
            if !batch.fits(*length) {
                let done = flush(&mut batch)?;
                calls += done.calls;
                packets += done.sent.packets;
            }
            let packet: Vec<u8> = (0..*length).map(|at| (at + nth) as u8).collect();
            batch.push(&packet[..length / 3], &packet[length / 3..]);
            sent.push(packet);
        }
        let done = flush(&mut batch)?;
        calls += done.calls;
        packets += done.sent.packets;
        prop_assert_eq!(packets as usize, sent.len());
        prop_assert!(calls <= packets);
        prop_assert_eq!(sent, received);
    }
}

#[test]
fn a_batch_has_limits() {
    for (means, length, most) in [
        (Means::List, 100, 64),
        (Means::Segmentation, 100, 64),
        (Means::Segmentation, 1440, 45),
        (Means::List, 1440, 45),
        (Means::Segmentation, 65_507, 1),
    ] {
        let mut batch = Batch::new(means);
        let mut count = 0;
        while batch.fits(length) {
            batch.push(&vec![0; length], &[]);
            count += 1;
        }
        assert_eq!(count, most, "{means:?} {length}");
    }
    let mut batch = Batch::new(Means::Segmentation);
    batch.push(&[0; 100], &[]);
    assert!(!batch.fits(101) && batch.fits(100) && batch.fits(99) && !batch.fits(0));
    batch.push(&[0; 99], &[]);
    assert!(!batch.fits(99), "behind a shorter one nothing can follow");
}

#[test]
fn a_datagram_that_is_too_long_costs_only_itself() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut batch = Batch::new(Means::List);
    batch.push(&[1; 10], &[]);
    batch.push(&[2; 65_508], &[]);
    batch.push(&[3; 10], &[]);
    let done = batch.send(&sender, receiver.local_addr().unwrap());
    assert_eq!(done.not_sent, [(65_508, DropReason::TooBig)]);
    assert_eq!(done.sent.packets, 2);
}
