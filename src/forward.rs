//! The loop of chapter 8 as a function. A later chapter adds its idea in
//! the form of [`Steps`].

use std::io::ErrorKind::WouldBlock;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

use crate::count::Count;
use crate::device::{Device, MAX_PACKET_LEN};
use crate::error::{Error, Result, is_fatal};
use crate::poll::readable;
use crate::signals::{Shutdown, StatisticsSignal};
use crate::tunnel::Tunnel;
use crate::validate::{DropCounters, DropReason, validate};

// ANCHOR: steps
/// What a chapter adds to the loop. Each step does nothing unless a chapter
/// says what.
pub trait Steps {
    /// Before an inner packet is sent to the peer. The step may change its
    /// bytes, or have it dropped.
    fn before_send(&mut self, _inner: &mut [u8]) -> Result<(), DropReason> {
        Ok(())
    }

    /// After an inner packet was received and found whole, before `tun`
    /// gets it. The step may change its bytes, or have it dropped.
    fn after_recv(&mut self, _inner: &mut [u8]) -> Result<(), DropReason> {
        Ok(())
    }

    /// After an inner packet was dropped instead of sent.
    fn not_sent(&mut self, _inner: &[u8], _reason: DropReason, _tun: &mut Device) -> Result<()> {
        Ok(())
    }

    /// A further descriptor to wait for, and what to do when it is
    /// readable.
    fn source(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// See [`Steps::source`].
    fn source_ready(&mut self, _tun: &mut Device) -> Result<()> {
        Ok(())
    }

    /// Lines to print below the counters.
    fn summary(&self) -> String {
        String::new()
    }
}
// ANCHOR_END: steps

// ANCHOR: forward
/// Carries packets in both directions until the program is asked to end,
/// and then prints what it has counted.
///
/// # Errors
/// The device was deleted, or nothing can be received any more.
pub fn forward(
    tunnel: Tunnel,
    peer: SocketAddr,
    shutdown: &Shutdown,
    statistics: &StatisticsSignal,
    steps: &mut impl Steps,
) -> Result<()> {
    tunnel.set_nonblocking()?;
    let Tunnel {
        mut tun,
        udp,
        capture,
    } = tunnel;
    let (mut sent, mut received) = (Count::default(), Count::default());
    let mut drops = DropCounters::default();
    let mut buffer = vec![0; MAX_PACKET_LEN];
    loop {
        let fds = [
            tun.as_fd(),
            udp.as_fd(),
            shutdown.as_fd(),
            statistics.as_fd(),
            // A descriptor may be in the list twice.
            steps.source().unwrap_or(shutdown.as_fd()),
        ];
        let [
            tun_ready,
            udp_ready,
            asked_to_end,
            asked_to_tell,
            source_ready,
        ] = readable(fds)?;
        if asked_to_end {
            break;
        }
        if asked_to_tell {
            statistics.answer(&counters(sent, received, &drops, steps))?;
        }
        if tun_ready {
            match tun.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &mut buffer[..n];
                    let done = steps.before_send(inner).and_then(|()| {
                        let sent = udp.send_to(inner, peer);
                        sent.map_err(|err| DropReason::from_socket_error(&err))
                    });
                    match done {
                        Ok(_) => sent.add(n),
                        Err(reason) => {
                            drops.add(reason);
                            steps.not_sent(inner, reason, &mut tun)?;
                        }
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(tun.explain(err)),
            }
        }
        if udp_ready {
            match udp.recv(&mut buffer) {
                Ok(n) => {
                    let inner = &mut buffer[..n];
                    match validate(inner).and_then(|()| steps.after_recv(inner)) {
                        Err(reason) => drops.add(reason),
                        Ok(()) => match tun.send(inner) {
                            Ok(()) => received.add(n),
                            Err(err) if is_fatal(&err) => return Err(tun.explain(err)),
                            Err(err) => drops.add(DropReason::from_device_error(&err)),
                        },
                    }
                }
                Err(err) if err.kind() == WouldBlock => (),
                Err(err) => return Err(Error::system("cannot receive", err)),
            }
        }
        // Last: if the device is gone, the read above has said so.
        if source_ready {
            steps.source_ready(&mut tun)?;
        }
    }
    println!("{}", counters(sent, received, &drops, steps));
    capture.finish();
    Ok(())
}
// ANCHOR_END: forward

fn counters(sent: Count, received: Count, drops: &DropCounters, steps: &impl Steps) -> String {
    let counted = format!("packets: {sent} out, {received} in, {drops}");
    match steps.summary() {
        more if more.is_empty() => counted,
        more => format!("{counted}\n{more}"),
    }
}
