//! Many datagrams in one system call.

use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg, sendmsg,
};

use crate::count::Count;
use crate::error::errno;
use crate::validate::DropReason;

/// How many datagrams go into one system call at most. A kernel before Linux 6.9
/// cuts no more out of one buffer (`UDP_MAX_SEGMENTS` in its
/// include/linux/udp.h).
const MAX_PARTS: usize = 64;
/// How many bytes they have at most: what one datagram could hold (65,535 less 20
/// for IPv4 and 8 for UDP), because to the kernel they are one at first.
const MAX_BYTES: usize = 65_507;

/// How many datagrams become one system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// sendmmsg(2): a list of datagrams, each as if it were sent alone.
    List,
    /// UDP_SEGMENT (udp(7)): one buffer, which the kernel, or the network card,
    /// cuts into datagrams of equal length. The last may be shorter.
    Segmentation,
}

/// Packets that wait for the system call that sends them, back to back.
pub struct Batch {
    means: Means,
    bytes: Vec<u8>,
    /// Where each packet ends.
    ends: Vec<usize>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Sent {
    /// The datagrams that were sent.
    pub sent: Count,
    /// Those that were not, each with the length of its packet.
    pub not_sent: Vec<(usize, DropReason)>,
    /// How many system calls it took.
    pub calls: u64,
}

impl Batch {
    /// An empty one.
    pub fn new(means: Means) -> Batch {
        Batch {
            means,
            bytes: Vec::with_capacity(MAX_BYTES),
            ends: Vec::with_capacity(MAX_PARTS),
        }
    }

    /// How it is sent.
    pub fn means(&self) -> Means {
        self.means
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    // ANCHOR: fits
    /// Whether a packet of this many bytes can be sent together with those that wait.
    pub fn fits(&self, length: usize) -> bool {
        let Some(first) = self.ends.first() else {
            return true;
        };
        let last = self.bytes.len() - self.ends.iter().rev().nth(1).unwrap_or(&0);
        let room = self.ends.len() < MAX_PARTS && self.bytes.len() + length <= MAX_BYTES;
        match self.means {
            Means::List => room,
            // All of one length; behind a shorter one nothing can follow.
            Means::Segmentation => room && length <= *first && last == *first && length > 0,
        }
    }
    // ANCHOR_END: fits

    /// Adds a packet, given in two pieces.
    pub fn push(&mut self, head: &[u8], data: &[u8]) {
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(data);
        self.ends.push(self.bytes.len());
    }

    // ANCHOR: send
    /// Sends all that waits. The batch is empty afterwards, whatever came of it.
    pub fn send(&mut self, udp: &UdpSocket, peer: SocketAddr) -> Sent {
        let mut done = Sent::default();
        let address = SockaddrStorage::from(peer);
        if self.means == Means::Segmentation && self.ends.len() > 1 {
            done.calls += 1;
            match self.send_segmented(udp, &address) {
                Ok(()) => done.sent = self.count(0, self.ends.len()),
                // The kernel does not segment on the way to this peer.
                Err(err) if is_not_supported(&err) => self.means = Means::List,
                // The path is too narrow (EMSGSIZE; EINVAL before Linux 6.14), or there is no
                // room for all of them. In a list, each datagram gets an answer of its own.
                Err(_) => (),
            }
        }
        let mut next = done.sent.packets as usize;
        while next < self.ends.len() {
            done.calls += 1;
            match self.send_list(next, udp, &address) {
                Ok(sent) => {
                    let Count { packets, bytes } = self.count(next, next + sent);
                    done.sent.packets += packets;
                    done.sent.bytes += bytes;
                    next += sent;
                }
                // It is about the first of them; but where there is no room for it, there
                // is none for the others.
                Err(err) => {
                    let reason = DropReason::from_socket_error(&err);
                    let full = reason == DropReason::BufferFull;
                    let count = if full { self.ends.len() - next } else { 1 };
                    let lost = self.packets(next).take(count);
                    done.not_sent
                        .extend(lost.map(|packet| (packet.len(), reason)));
                    next += count;
                }
            }
        }
        self.bytes.clear();
        self.ends.clear();
        done
    }
    // ANCHOR_END: send

    // ANCHOR: segmented
    fn send_segmented(&self, udp: &UdpSocket, peer: &SockaddrStorage) -> io::Result<()> {
        let length = self.ends[0] as u16;
        sendmsg(
            udp.as_raw_fd(),
            &[IoSlice::new(&self.bytes)],
            &[ControlMessage::UdpGsoSegments(&length)],
            MsgFlags::empty(),
            Some(peer),
        )?;
        Ok(())
    }
    // ANCHOR_END: segmented

    // ANCHOR: list
    /// Sends the packets from number `from` on, and returns how many were sent. An
    /// error is about the first of them.
    fn send_list(&self, from: usize, udp: &UdpSocket, peer: &SockaddrStorage) -> io::Result<usize> {
        let slices: Vec<_> = self.packets(from).map(|p| [IoSlice::new(p)]).collect();
        let addresses = vec![Some(*peer); slices.len()];
        let mut headers = MultiHeaders::preallocate(slices.len(), None);
        let sent = sendmmsg(
            udp.as_raw_fd(),
            &mut headers,
            &slices,
            &addresses,
            [],
            MsgFlags::empty(),
        )?;
        Ok(sent.count())
    }
    // ANCHOR_END: list

    /// The packets from number `from` on.
    fn packets(&self, from: usize) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let all = starts.zip(&self.ends);
        all.skip(from).map(|(start, end)| &self.bytes[*start..*end])
    }

    /// How many packets there are from number `from` to `to`, and their bytes.
    fn count(&self, from: usize, to: usize) -> Count {
        let mut count = Count::default();
        for packet in self.packets(from).take(to - from) {
            count.add(packet.len());
        }
        count
    }
}

/// EIO: the way to the peer leads through IPsec, or, in older kernels, an interface that
/// computes no checksums (`udp_send_skb` in the kernel's net/ipv4/udp.c).
fn is_not_supported(err: &io::Error) -> bool {
    errno(err) == Errno::EIO
}
