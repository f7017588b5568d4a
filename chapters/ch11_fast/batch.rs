//! Many datagrams per system call: as a list, or as one piece that the kernel cuts.

use std::io::ErrorKind::WouldBlock;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering::Relaxed;

use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::{Error, Result};
use ip_over_udp::offload::recv::Receiver;
use ip_over_udp::offload::send::{Batch, Means};
use ip_over_udp::output::println;
use ip_over_udp::validate::DropReason;

use crate::shared::{Shared, count};
use crate::single::write;
use crate::workers::Direction;

/// After so many reads, the other direction has its turn.
pub const READS: usize = 64;

pub fn both(shared: &Shared, segmentation: bool) -> [Direction<'_>; 2] {
    let mut batch = Batch::new(match segmentation {
        true => Means::Segmentation,
        false => Means::List,
    });
    let mut buffer = vec![0; MAX_PACKET_LEN];
    let mut receiver = receiver(shared, segmentation);
    [
        Direction {
            source: shared.tun.as_fd(),
            carry: Box::new(move || tun_to_udp(shared, &mut buffer, &mut batch)),
        },
        Direction {
            source: shared.udp.as_fd(),
            carry: Box::new(move || udp_to_tun(shared, &mut receiver)),
        },
    ]
}

// ANCHOR: tun_to_udp
fn tun_to_udp(shared: &Shared, buffer: &mut [u8], batch: &mut Batch) -> Result<()> {
    // A device has no call that reads several packets.
    for _ in 0..READS {
        count(&shared.calls.read);
        match shared.tun.recv(buffer) {
            Ok(n) => add(shared, batch, &buffer[..n], &[])?,
            Err(err) if err.kind() == WouldBlock => break,
            Err(err) => return Err(shared.tun.explain(err)),
        }
    }
    send(shared, batch)
}

/// Adds a packet to those that wait; if it does not go with them, they are sent first.
pub fn add(shared: &Shared, batch: &mut Batch, head: &[u8], data: &[u8]) -> Result<()> {
    if !batch.fits(head.len() + data.len()) {
        send(shared, batch)?;
    }
    batch.push(head, data);
    Ok(())
}
// ANCHOR_END: tun_to_udp

/// Sends those that wait.
pub fn send(shared: &Shared, batch: &mut Batch) -> Result<()> {
    let means = batch.means();
    let done = batch.send(&shared.udp, shared.peer);
    shared.calls.send.fetch_add(done.calls, Relaxed);
    shared.out.add(done.sent);
    if batch.means() != means {
        println!("udp: no segmentation on the way to the peer, sending a list of datagrams");
    }
    for (_, reason) in &done.not_sent {
        shared.dropped(*reason, 1);
    }
    let too_big = |(_, reason): &(usize, DropReason)| *reason == DropReason::TooBig;
    match done.not_sent.iter().any(too_big) {
        true => shared.fit(),
        false => Ok(()),
    }
}

/// What receives, with the kernel's receive offload if that is wanted and there.
pub fn receiver(shared: &Shared, gro: bool) -> Receiver {
    match Receiver::new(&shared.udp, gro) {
        Ok(receiver) => receiver,
        Err(_) => {
            println!("udp: this kernel joins no datagrams, receiving a list of them");
            Receiver::list()
        }
    }
}

// ANCHOR: udp_to_tun
fn udp_to_tun(shared: &Shared, receiver: &mut Receiver) -> Result<()> {
    count(&shared.calls.receive);
    match receiver.recv(&shared.udp) {
        Ok(()) => (),
        Err(err) if err.kind() == WouldBlock => return Ok(()),
        Err(err) => return Err(Error::system("cannot receive", err)),
    }
    for inner in receiver.datagrams() {
        write(shared, inner)?;
    }
    Ok(())
}
// ANCHOR_END: udp_to_tun
