//! The UDP socket between the two ends of a tunnel (RFC 768, udp(7)).

use std::io::{self, ErrorKind::Interrupted};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};

use crate::args::PORT;
use crate::egress::is_own;
use crate::error::{Error, Result, errno};

/// Opens a socket on `listen`; without it, on port 9876 of every address of this
/// host: of `[::]` for an IPv6 peer, else of `0.0.0.0`.
///
/// # Errors
/// The port is taken or needs a privilege, the address is not ours, or nothing
/// that is sent from it can reach the peer.
pub fn bind(listen: Option<SocketAddr>, peer: Option<SocketAddr>) -> Result<UdpSocket> {
    let listen = listen.unwrap_or(match peer {
        Some(SocketAddr::V6(_)) => (Ipv6Addr::UNSPECIFIED, PORT).into(),
        _ => (Ipv4Addr::UNSPECIFIED, PORT).into(),
    });
    if let Some(peer) = peer
        && peer.is_ipv4() != listen.is_ipv4()
    {
        return Err(Error::FamilyMismatch { listen, peer });
    }
    if let Some(peer) = peer
        && listen.ip().to_canonical().is_loopback()
        && !peer.ip().to_canonical().is_loopback()
        && !is_own(peer.ip().to_canonical())
    {
        return Err(Error::ListenLoopback { listen, peer });
    }
    UdpSocket::bind(listen).map_err(|err| match errno(&err) {
        Errno::EADDRINUSE => Error::PortInUse { address: listen },
        Errno::EACCES => Error::PrivilegedPort { address: listen },
        Errno::EADDRNOTAVAIL => Error::NotMyAddress { address: listen },
        _ => Error::system(format!("cannot listen on {listen}"), err),
    })
}

/// The address and the port that a socket has.
pub fn local_addr(socket: &UdpSocket) -> Result<SocketAddr> {
    let tried = "cannot read the address of a socket";
    socket.local_addr().map_err(|err| Error::system(tried, err))
}

// ANCHOR: peeked_len
/// Waits for a datagram, leaves it in the queue, and returns its length in bytes.
///
/// A buffer that is too small cuts a datagram, and `recv` says nothing of it.
/// MSG_PEEK leaves the datagram in its place, and MSG_TRUNC asks for its length
/// whatever the size of the buffer (recv(2)), so the buffer may be empty.
pub fn peeked_len(socket: &UdpSocket) -> io::Result<usize> {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC;
    Ok(recv(socket.as_raw_fd(), &mut [], flags)?)
}
// ANCHOR_END: peeked_len

/// Waits for a datagram until `end`: its length, and how much of it is in the
/// buffer. When none has come by then, the error is `WouldBlock`.
pub fn recv_until(
    socket: &UdpSocket,
    buffer: &mut [u8],
    end: Instant,
) -> io::Result<(usize, usize)> {
    loop {
        // What has come already is read, however late we are. A timeout of zero
        // is refused, because for the kernel it means to wait for ever.
        let left = end.saturating_duration_since(Instant::now());
        socket.set_read_timeout(Some(left.max(Duration::from_micros(1))))?;
        match peeked_len(socket).and_then(|sent| Ok((sent, socket.recv(buffer)?))) {
            // A program that is stopped and continued while it waits gets EINTR
            // (signal(7)). The rest of the time is still there.
            Err(err) if err.kind() == Interrupted => (),
            received => return received,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind::ConnectionRefused;
    use std::net::UdpSocket;

    fn any() -> UdpSocket {
        UdpSocket::bind("127.0.0.1:0").unwrap()
    }

    /// What chapter 4 says of `connect`.
    #[test]
    fn a_stranger_is_heard_before_connect_and_refused_after_it() {
        let (socket, peer, stranger) = (any(), any(), any());
        stranger.connect(socket.local_addr().unwrap()).unwrap();
        stranger.send(b"early").unwrap();
        socket.connect(peer.local_addr().unwrap()).unwrap();
        stranger.send(b"late").unwrap();
        let refused = stranger.recv(&mut [0; 8]).unwrap_err();
        assert_eq!(refused.kind(), ConnectionRefused);

        peer.send_to(b"peer", socket.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(socket.recv(&mut buffer).unwrap(), 5);
        assert_eq!(&buffer[..5], b"early");
        assert_eq!(socket.recv(&mut buffer).unwrap(), 4);
        assert_eq!(&buffer[..4], b"peer");
    }
}
