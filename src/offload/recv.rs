//! Many datagrams out of one system call.

use std::io::{self, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use nix::cmsg_space;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, recvmmsg, setsockopt, sockopt,
};

/// How many bytes a buffer needs: the largest datagram.
const BUFFER: usize = 65_535;
/// How many buffers one system call may fill. With receive offload each can hold up
/// to 64 datagrams.
const MESSAGES: usize = 64;
const MESSAGES_WITH_GRO: usize = 16;

/// Buffers for one system call.
pub struct Receiver {
    buffers: Vec<Box<[u8]>>,
    /// What was received into each of the first of them.
    messages: Vec<Message>,
}

/// What one buffer holds.
#[derive(Clone, Copy, Debug)]
struct Message {
    /// Its bytes.
    length: usize,
    /// The length of each datagram in it; the last may be shorter.
    part: usize,
}

impl Receiver {
    /// With `gro`, the kernel may put several datagrams that came from one sender
    /// into one buffer: UDP_GRO (udp(7)).
    ///
    /// # Errors
    /// ENOPROTOOPT: a kernel before Linux 5.0 does not do that.
    pub fn new(udp: &UdpSocket, gro: bool) -> io::Result<Receiver> {
        if !gro {
            return Ok(Receiver::list());
        }
        setsockopt(udp, sockopt::UdpGroSegment, &true)?;
        Ok(Receiver::with_buffers(MESSAGES_WITH_GRO))
    }

    /// Each buffer gets one datagram.
    pub fn list() -> Receiver {
        Receiver::with_buffers(MESSAGES)
    }

    fn with_buffers(count: usize) -> Receiver {
        Receiver {
            buffers: (0..count).map(|_| vec![0; BUFFER].into()).collect(),
            messages: Vec::with_capacity(count),
        }
    }

    // ANCHOR: recv
    /// Receives what is there, without waiting. It takes the place of what was received
    /// before.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none.
    pub fn recv(&mut self, udp: &UdpSocket) -> io::Result<()> {
        self.messages.clear();
        let mut slices: Vec<_> = self
            .buffers
            .iter_mut()
            .map(|buffer| [IoSliceMut::new(buffer)])
            .collect();
        let mut headers = MultiHeaders::<()>::preallocate(slices.len(), Some(cmsg_space!(i32)));
        let received = recvmmsg(
            udp.as_raw_fd(),
            &mut headers,
            slices.iter_mut(),
            MsgFlags::MSG_DONTWAIT,
            None,
        )?;
        for message in received {
            let length = message.bytes;
            let mut part = length;
            for said in message.cmsgs()? {
                if let ControlMessageOwned::UdpGroSegments(size) = said {
                    part = size as usize;
                }
            }
            self.messages.push(Message { length, part });
        }
        Ok(())
    }
    // ANCHOR_END: recv

    // ANCHOR: datagrams
    /// The datagrams that were received last, in their order.
    pub fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        let filled = self.buffers.iter().zip(&self.messages);
        filled.flat_map(|(buffer, message)| {
            // An empty datagram has a part too.
            let count = message.length.div_ceil(message.part.max(1)).max(1);
            (0..count).map(move |nth| {
                let from = nth * message.part;
                &buffer[from..message.length.min(from + message.part)]
            })
        })
    }
    // ANCHOR_END: datagrams
}
