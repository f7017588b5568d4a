//! Super-packets of up to 64 KB from tun0 and to it.

use std::io::{self, ErrorKind::WouldBlock};
use std::os::fd::AsFd;

use ip_over_udp::error::{Error, Result, is_fatal};
use ip_over_udp::offload::coalesce::{Rules, Run};
use ip_over_udp::offload::device::{self, MAX_READ_LEN, Offload, is_not_understood};
use ip_over_udp::offload::recv::Receiver;
use ip_over_udp::offload::segment::segment;
use ip_over_udp::offload::send::{Batch, Means};
use ip_over_udp::offload::vnet::VnetHeader;
use ip_over_udp::output::println;
use ip_over_udp::validate::{DropReason, validate};

use crate::batch::{READS, add, receiver, send};
use crate::shared::{Shared, count};
use crate::workers::Direction;

/// After so many bytes, the other direction has its turn.
const BYTES: usize = 256 << 10;

pub fn both(shared: &Shared, offload: Offload, trust: bool) -> [Direction<'_>; 2] {
    let name = shared.tun.name();
    match offload {
        Offload::TcpAndUdp => (),
        Offload::Tcp => println!("{name}: this kernel joins no datagrams of UDP"),
        Offload::Nothing => println!("{name}: this kernel gives no super-packets"),
    }
    let mut batch = Batch::new(Means::Segmentation);
    let mut buffer = vec![0; MAX_READ_LEN];
    let mut inward = Inward {
        receiver: receiver(shared, true),
        rules: Rules {
            verify: !trust,
            udp: offload == Offload::TcpAndUdp,
        },
        head: Vec::new(),
    };
    [
        Direction {
            source: shared.tun.as_fd(),
            carry: Box::new(move || tun_to_udp(shared, &mut buffer, &mut batch)),
        },
        Direction {
            source: shared.udp.as_fd(),
            carry: Box::new(move || inward.carry(shared)),
        },
    ]
}

// ANCHOR: tun_to_udp
fn tun_to_udp(shared: &Shared, buffer: &mut [u8], batch: &mut Batch) -> Result<()> {
    let (mut reads, mut bytes) = (0, 0);
    while reads < READS && bytes < BYTES {
        count(&shared.calls.read);
        let n = match shared.tun.recv(buffer) {
            Ok(n) => n,
            Err(err) if err.kind() == WouldBlock => break,
            Err(err) => return Err(shared.tun.explain(err)),
        };
        (reads, bytes) = (reads + 1, bytes + n);
        let mut added = Ok(());
        let cut = match VnetHeader::split(&mut buffer[..n]) {
            Some((vnet, packet)) => segment(vnet, packet, |head, data| {
                if added.is_ok() {
                    added = add(shared, batch, head, data);
                }
            }),
            None => Err(DropReason::BadOffload),
        };
        added?;
        if let Err(reason) = cut {
            shared.dropped(reason, 1);
        }
    }
    send(shared, batch)
}
// ANCHOR_END: tun_to_udp

/// What the way from the socket to tun0 keeps from one time to the next.
struct Inward {
    receiver: Receiver,
    rules: Rules,
    /// Memory for the headers of a super-packet.
    head: Vec<u8>,
}

impl Inward {
    // ANCHOR: udp_to_tun
    fn carry(&mut self, shared: &Shared) -> Result<()> {
        count(&shared.calls.receive);
        match self.receiver.recv(&shared.udp) {
            Ok(()) => (),
            Err(err) if err.kind() == WouldBlock => return Ok(()),
            Err(err) => return Err(Error::system("cannot receive", err)),
        }
        let mut run = Run::default();
        for inner in self.receiver.datagrams() {
            if let Err(reason) = validate(inner) {
                shared.dropped(reason, 1);
            } else if !run.take(inner, self.rules) {
                write(shared, &run, &mut self.rules, &mut self.head)?;
                run = Run::default();
                run.take(inner, self.rules);
            }
        }
        write(shared, &run, &mut self.rules, &mut self.head)
    }
    // ANCHOR_END: udp_to_tun
}

// ANCHOR: write
/// Writes the packets of a run, as one if the kernel takes that.
fn write(shared: &Shared, run: &Run, rules: &mut Rules, head: &mut Vec<u8>) -> Result<()> {
    if run.is_empty() {
        return Ok(());
    }
    count(&shared.calls.write);
    match device::write(&shared.tun, run, head) {
        Err(err) if run.len() > 1 && is_not_understood(&err) => {
            if run.is_udp() && rules.udp {
                rules.udp = false;
                let name = shared.tun.name();
                println!("{name}: this kernel takes no joined datagrams of UDP");
            }
            for packet in run.packets() {
                count(&shared.calls.write);
                let written = device::write(&shared.tun, &Run::of(packet), head);
                written_or_dropped(shared, &Run::of(packet), written)?;
            }
            Ok(())
        }
        written => written_or_dropped(shared, run, written),
    }
}

fn written_or_dropped(shared: &Shared, run: &Run, written: io::Result<()>) -> Result<()> {
    match written {
        Ok(()) => shared.r#in.add(run.count()),
        Err(err) if is_fatal(&err) => return Err(shared.tun.explain(err)),
        Err(err) => {
            let reason = DropReason::from_device_error(&err);
            shared.dropped(reason, run.len() as u64);
        }
    }
    Ok(())
}
// ANCHOR_END: write
