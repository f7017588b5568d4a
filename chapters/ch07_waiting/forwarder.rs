//! What all loops do alike: carry one packet over, and count the system calls,
//! to be compared.

use std::fmt;
use std::io::{self, ErrorKind::WouldBlock};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ip_over_udp::device::Device;
use ip_over_udp::error::{Error, Result, is_fatal};

/// Where inner packets come from and go to: the device, and in the tests a
/// socket instead.
pub trait Tun: AsFd {
    /// As [`Device::recv`].
    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// As [`Device::send`].
    fn send(&self, packet: &[u8]) -> io::Result<()>;
    /// As [`Device::explain`].
    fn explain(&self, err: io::Error) -> Error;
}

impl Tun for Device {
    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Device::recv(self, buffer)
    }

    fn send(&self, packet: &[u8]) -> io::Result<()> {
        Device::send(self, packet)
    }

    fn explain(&self, err: io::Error) -> Error {
        Device::explain(self, err)
    }
}

/// The two descriptors that a loop waits for, and what it has done so far.
pub struct Forwarder<T> {
    pub tun: T,
    pub udp: UdpSocket,
    peer: SocketAddr,
    pub statistics: Statistics,
}

impl<T: Tun> Forwarder<T> {
    pub fn new(tun: T, udp: UdpSocket, peer: SocketAddr) -> Forwarder<T> {
        Forwarder {
            tun,
            udp,
            peer,
            statistics: Statistics::default(),
        }
    }

    // ANCHOR: tun_to_udp
    /// Carries one packet from `tun` to `udp`. `false`: there was none.
    pub fn tun_to_udp(&self, buffer: &mut [u8]) -> Result<bool> {
        count(&self.statistics.reads);
        let n = match self.tun.recv(buffer) {
            Ok(n) => n,
            Err(err) if err.kind() == WouldBlock => {
                count(&self.statistics.empty);
                return Ok(false);
            }
            Err(err) => return Err(self.tun.explain(err)),
        };
        count(&self.statistics.writes);
        match self.udp.send_to(&buffer[..n], self.peer) {
            Ok(_) => count(&self.statistics.out),
            Err(_) => count(&self.statistics.dropped),
        }
        Ok(true)
    }
    // ANCHOR_END: tun_to_udp

    /// Carries one packet from `udp` to `tun`. `false`: there was none.
    pub fn udp_to_tun(&self, buffer: &mut [u8]) -> Result<bool> {
        count(&self.statistics.reads);
        let n = match self.udp.recv(buffer) {
            Ok(n) => n,
            Err(err) if err.kind() == WouldBlock => {
                count(&self.statistics.empty);
                return Ok(false);
            }
            Err(err) => return Err(Error::system("cannot receive", err)),
        };
        count(&self.statistics.writes);
        match self.tun.send(&buffer[..n]) {
            Ok(()) => count(&self.statistics.r#in),
            Err(err) if is_fatal(&err) => return Err(self.tun.explain(err)),
            Err(_) => count(&self.statistics.dropped),
        }
        Ok(true)
    }
}

/// What a loop counts, from the start of the program on.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Packets from the device to the peer.
    out: AtomicU64,
    /// Packets from the peer to the device.
    r#in: AtomicU64,
    /// Packets that one of the two would not take.
    dropped: AtomicU64,
    /// System calls that wait: `poll` and `epoll_wait`.
    pub waits: AtomicU64,
    /// System calls that read from one of the two.
    reads: AtomicU64,
    /// Those of them that found nothing: EAGAIN.
    empty: AtomicU64,
    /// System calls that write to one of the two.
    writes: AtomicU64,
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let now = |counter: &AtomicU64| counter.load(Relaxed);
        let (out, r#in) = (now(&self.out), now(&self.r#in));
        let (waits, reads, writes) = (now(&self.waits), now(&self.reads), now(&self.writes));
        let (dropped, empty) = (now(&self.dropped), now(&self.empty));
        writeln!(f, "packets: {out} out, {in} in, {dropped} dropped")?;
        write!(
            f,
            "system calls: {waits} waits, {reads} reads ({empty} found nothing), \
             {writes} writes"
        )?;
        match (waits + reads + writes, out + r#in) {
            (_, 0) => Ok(()),
            (calls, packets) => write!(f, "; {:.1} per packet", calls as f64 / packets as f64),
        }
    }
}
