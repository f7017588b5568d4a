//! One packet per system call, as in chapter 8.

use std::io::ErrorKind::WouldBlock;
use std::os::fd::AsFd;

use ip_over_udp::count::Count;
use ip_over_udp::device::MAX_PACKET_LEN;
use ip_over_udp::error::{Error, Result, is_fatal};
use ip_over_udp::validate::{DropReason, validate};

use crate::shared::{Shared, count};
use crate::workers::Direction;

pub fn both(shared: &Shared) -> [Direction<'_>; 2] {
    let (mut outward, mut inward) = (vec![0; MAX_PACKET_LEN], vec![0; MAX_PACKET_LEN]);
    [
        Direction {
            source: shared.tun.as_fd(),
            carry: Box::new(move || tun_to_udp(shared, &mut outward)),
        },
        Direction {
            source: shared.udp.as_fd(),
            carry: Box::new(move || udp_to_tun(shared, &mut inward)),
        },
    ]
}

// ANCHOR: single
fn tun_to_udp(shared: &Shared, buffer: &mut [u8]) -> Result<()> {
    count(&shared.calls.read);
    let n = match shared.tun.recv(buffer) {
        Ok(n) => n,
        Err(err) if err.kind() == WouldBlock => return Ok(()),
        Err(err) => return Err(shared.tun.explain(err)),
    };
    count(&shared.calls.send);
    match shared.udp.send_to(&buffer[..n], shared.peer) {
        Ok(_) => shared.out.add(Count::one(n)),
        Err(err) => {
            let reason = DropReason::from_socket_error(&err);
            shared.dropped(reason, 1);
            if reason == DropReason::TooBig {
                shared.fit()?;
            }
        }
    }
    Ok(())
}

fn udp_to_tun(shared: &Shared, buffer: &mut [u8]) -> Result<()> {
    count(&shared.calls.receive);
    let n = match shared.udp.recv(buffer) {
        Ok(n) => n,
        Err(err) if err.kind() == WouldBlock => return Ok(()),
        Err(err) => return Err(Error::system("cannot receive", err)),
    };
    write(shared, &buffer[..n])
}

/// Writes one received packet to tun0, if it is whole.
pub fn write(shared: &Shared, inner: &[u8]) -> Result<()> {
    if let Err(reason) = validate(inner) {
        shared.dropped(reason, 1);
        return Ok(());
    }
    count(&shared.calls.write);
    match shared.tun.send(inner) {
        Ok(()) => shared.r#in.add(Count::one(inner.len())),
        Err(err) if is_fatal(&err) => return Err(shared.tun.explain(err)),
        Err(err) => shared.dropped(DropReason::from_device_error(&err), 1),
    }
    Ok(())
}
// ANCHOR_END: single
