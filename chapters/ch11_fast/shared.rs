//! What both directions use, and what they count.

use std::fmt;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ip_over_udp::capture::LiveCapture;
use ip_over_udp::count::Count;
use ip_over_udp::device::Device;
use ip_over_udp::error::{Error, Result};
use ip_over_udp::mtu::{self, Discovery};
use ip_over_udp::offload::device::{self, Offload};
use ip_over_udp::output::println;
use ip_over_udp::tunnel::TunnelArgs;
use ip_over_udp::validate::{DropCounters, DropReason};
use ip_over_udp::{egress, socket};
use nix::sys::socket::{setsockopt, sockopt};

/// The size of the receive buffer that is asked for, in bytes. A larger one makes a burst
/// wait instead of being lost, and everything behind it wait too (chapter 10). The kernel
/// gives at most `net.core.rmem_max`.
const RECEIVE_BUFFER: usize = 1 << 20;

/// The two descriptors, and what was counted.
pub struct Shared {
    pub tun: Device,
    pub udp: UdpSocket,
    pub peer: SocketAddr,
    /// The least MTU that tun0 may have, in bytes.
    least_mtu: u16,
    pub out: Counter,
    pub r#in: Counter,
    drops: Mutex<DropCounters>,
    pub calls: Calls,
}

// ANCHOR: open
/// Opens the tunnel, as every chapter does; with super-packets from tun0, if the
/// kernel has them.
pub fn open(args: &TunnelArgs, offload: bool) -> Result<(Shared, Offload, LiveCapture)> {
    let peer = args.peer;
    let egress = egress::of_tunnel(&args.device, peer)?;
    let mut capture = LiveCapture::open(args.capture.as_deref())?;
    let udp = socket::bind(args.listen, Some(peer))?;
    // What UDP_SEGMENT cuts has DF anyway: the same for all datagrams.
    Discovery::Do.apply(&udp, peer)?;
    let tried = |err| Error::system("cannot set up the socket", err);
    udp.set_nonblocking(true).map_err(tried)?;
    setsockopt(&udp, sockopt::RcvBuf, &RECEIVE_BUFFER).map_err(|err| tried(err.into()))?;
    let (tun, offload) = match offload {
        true => device::open(&args.device)?,
        false => (Device::open(&args.device)?, Offload::Nothing),
    };
    capture.start(&[tun.name(), &egress])?;
    tun.set_nonblocking()?;
    println!("{}", args.device);
    let shared = Shared {
        tun,
        udp,
        peer,
        least_mtu: mtu::least_inside(&args.device),
        out: Counter::default(),
        r#in: Counter::default(),
        drops: Mutex::default(),
        calls: Calls::default(),
    };
    Ok((shared, offload, capture))
}
// ANCHOR_END: open

impl Shared {
    /// Counts packets that were dropped.
    pub fn dropped(&self, reason: DropReason, count: u64) {
        let mut drops = self.drops.lock();
        if let Ok(drops) = &mut drops {
            drops.add_many(reason, count);
        }
    }

    // ANCHOR: fit
    /// After a packet was too big to be sent: lowers the MTU of tun0 to what the
    /// kernel now knows of the path, so that the next ones are smaller.
    pub fn fit(&self) -> Result<()> {
        // Without a route there is nothing to learn.
        let Ok(path) = mtu::of_route(self.peer) else {
            return Ok(());
        };
        let inside = path.saturating_sub(mtu::overhead(self.peer));
        let mtu = inside.max(self.least_mtu);
        if self.tun.lower_mtu(mtu)? {
            let name = self.tun.name();
            println!("{name}: mtu {mtu}, because this host passes on {path} bytes");
        }
        Ok(())
    }
    // ANCHOR_END: fit
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (out, r#in) = (self.out.count(), self.r#in.count());
        let drops = self.drops.lock().map(|drops| drops.clone());
        let drops = drops.unwrap_or_default();
        writeln!(f, "packets: {out} out, {in} in, {drops}")?;
        write!(f, "system calls: {}", self.calls)
    }
}

/// A [`Count`] to which several threads may add.
#[derive(Default)]
pub struct Counter {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Counter {
    pub fn add(&self, count: Count) {
        self.packets.fetch_add(count.packets, Relaxed);
        self.bytes.fetch_add(count.bytes, Relaxed);
    }

    fn count(&self) -> Count {
        Count {
            packets: self.packets.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }
}

/// How many system calls moved packets. Those that found nothing count too.
#[derive(Default)]
pub struct Calls {
    pub read: AtomicU64,
    pub send: AtomicU64,
    pub receive: AtomicU64,
    pub write: AtomicU64,
}

/// Adds one.
pub fn count(calls: &AtomicU64) {
    calls.fetch_add(1, Relaxed);
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let now = |calls: &AtomicU64| calls.load(Relaxed);
        let (read, send) = (now(&self.read), now(&self.send));
        let (receive, write) = (now(&self.receive), now(&self.write));
        write!(
            f,
            "{read} to read, {send} to send, {receive} to receive, {write} to write"
        )
    }
}
