//! Listening to interfaces as Wireshark does: a packet socket (packet(7)).
//!
//! The kernel hands it a copy of every frame that an interface of this network
//! namespace sends or receives, with the time at which that happened.

use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockType, recvmsg,
    setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;

use super::packet::Direction;
use crate::error::{Error, Result, errno};
use crate::packet::LinkType;
use crate::sys;

/// Room for the largest frame: 64 KiB of offloaded segments and their headers.
const MAX_FRAME_LEN: usize = 65_536 + 128;

/// The size of the queue in which the kernel keeps frames until we read them, in
/// bytes as SO_RCVBUF counts them (socket(7)). It grants more than
/// `net.core.rmem_max` only to root of the machine, not to root in a namespace.
const QUEUE: usize = 16 * 1024 * 1024;

/// A packet socket for all interfaces of one network namespace, those that
/// appear later included.
pub struct PacketSocket {
    socket: OwnedFd,
    names: HashMap<usize, String>,
    buffer: Vec<u8>,
    control: Vec<u8>,
}

/// A frame as it came from the socket.
pub struct Frame<'a> {
    /// Name of the interface.
    pub interface: &'a str,
    /// What `data` begins with.
    pub link: LinkType,
    /// Into this host, or out of it.
    pub direction: Direction,
    /// Since 1970-01-01 00:00:00 UTC, taken by the kernel.
    pub time: Duration,
    /// Length on the wire in bytes.
    pub length: u32,
    /// The bytes, from the link header on.
    pub data: &'a [u8],
}

impl PacketSocket {
    /// Opens the socket; from here on the frames of all interfaces are kept until
    /// they are read, or until the queue is full.
    ///
    /// # Errors
    /// There is no CAP_NET_RAW.
    pub fn open() -> Result<PacketSocket> {
        let failed = |err: io::Error| match errno(&err) {
            Errno::EPERM | Errno::EACCES => Error::CaptureNotPermitted,
            _ => Error::system("cannot open a packet socket to capture", err),
        };
        // ANCHOR: open
        let socket = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            None, // no protocol yet: nothing arrives before it is bound
        )
        .map_err(|err| failed(err.into()))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)
            .map_err(|err| failed(err.into()))?;
        // RcvBufForce may go beyond the limit of the system, but only for the root
        // of the machine (socket(7)). RcvBuf stays within it.
        if setsockopt(&socket, sockopt::RcvBufForce, &QUEUE).is_err() {
            let _ = setsockopt(&socket, sockopt::RcvBuf, &QUEUE);
        }
        sys::bind_packet(&socket, 0, libc::ETH_P_ALL).map_err(failed)?;
        // ANCHOR_END: open
        Ok(PacketSocket {
            socket,
            names: HashMap::new(),
            buffer: vec![0; MAX_FRAME_LEN],
            control: nix::cmsg_space!(TimeSpec),
        })
    }

    /// The next frame, or `None` if there is none now.
    pub fn recv(&mut self) -> Result<Option<Frame<'_>>> {
        let failed = |err: io::Error| Error::system("cannot read the packet socket", err);
        let (length, stored, time, address) = loop {
            let mut buffer = [IoSliceMut::new(&mut self.buffer)];
            let message = recvmsg::<LinkAddr>(
                self.socket.as_raw_fd(),
                &mut buffer,
                Some(&mut self.control),
                // The length on the wire, even if the buffer is too small.
                MsgFlags::MSG_TRUNC,
            );
            let message = match message {
                Ok(message) => message,
                Err(Errno::EAGAIN) => return Ok(None),
                // An interface went down, or a signal came: not our end.
                Err(Errno::ENETDOWN | Errno::EINTR) => continue,
                Err(err) => return Err(failed(err.into())),
            };
            let Some(address) = message.address else {
                continue;
            };
            // The loopback interface shows each packet on its way out and on
            // its way in. Like Wireshark, keep the second.
            if address.hatype() == libc::ARPHRD_LOOPBACK
                && address.pkttype() == libc::PACKET_OUTGOING
            {
                continue;
            }
            let time = message.cmsgs().ok().and_then(|mut all| all.find_map(time));
            let length = message.bytes;
            break (length, length.min(MAX_FRAME_LEN), time, address);
        };

        let direction = match address.pkttype() {
            libc::PACKET_OUTGOING => Direction::Out,
            _ => Direction::In,
        };
        let link = match address.hatype() {
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => LinkType::Ethernet,
            _ => LinkType::Raw,
        };
        let (socket, index) = (&self.socket, address.ifindex());
        let name = || sys::interface_name(socket, index as u32);
        // Deleted in the meantime, it has no name any more.
        let name = || name().unwrap_or_else(|_| format!("interface-{index}"));
        let interface = self.names.entry(index).or_insert_with(name);
        Ok(Some(Frame {
            interface,
            link,
            direction,
            time: time.unwrap_or_default(),
            length: length as u32,
            data: &self.buffer[..stored],
        }))
    }

    /// How many frames the kernel dropped since this was last asked, because
    /// they were not read in time.
    pub fn drops(&self) -> u32 {
        sys::packet_drops(&self.socket).unwrap_or(0)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A packet socket that sends: what it is given leaves through an interface
/// as it is, as if the kernel had sent it.
pub struct Injector(OwnedFd);

impl Injector {
    /// Opens one for an interface of this host. Needs CAP_NET_RAW.
    pub fn open(interface: &str) -> Result<Injector> {
        let failed = |err: io::Error| {
            Error::system(format!("cannot open a packet socket at {interface}"), err)
        };
        let index = nix::net::if_::if_nametoindex(interface).map_err(|err| failed(err.into()))?;
        let socket = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            None,
        )
        .map_err(|err| failed(err.into()))?;
        // It only sends: no frames are kept for it.
        sys::bind_packet(&socket, index, 0).map_err(failed)?;
        Ok(Injector(socket))
    }

    /// Sends one packet, from its link header on; on a TUN device, which has
    /// none, from its IP header on.
    pub fn send(&self, packet: &[u8]) -> io::Result<()> {
        let sent = nix::sys::socket::send(self.0.as_raw_fd(), packet, MsgFlags::empty());
        Ok(sent.map(drop)?)
    }
}

fn time(message: ControlMessageOwned) -> Option<Duration> {
    match message {
        ControlMessageOwned::ScmTimestampns(time) => Some(time.into()),
        _ => None,
    }
}
