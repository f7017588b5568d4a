//! The UDP socket between the two ends (RFC 768, udp(7)).

use std::io::{self, ErrorKind::Interrupted};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::{if_indextoname, if_nametoindex};
use nix::sys::socket::{MsgFlags, SockaddrStorage, recv};

use crate::device::{self, Options};
use crate::error::{Error, Result, errno};

/// The port of both ends, if nothing else is said: the article's.
pub const PORT: u16 = 9876;

/// The largest UDP payload over IPv4, in bytes: 65,535 less the headers of IP
/// (20 bytes) and UDP (8 bytes).
pub const LARGEST_DATAGRAM: usize = 65_507;

/// Opens a socket on `listen`; without it, on port 9876 of every address of
/// this host, of the family of the peer.
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
        return Err(Error::ListenHere { listen, peer });
    }
    UdpSocket::bind(listen).map_err(|err| match errno(&err) {
        Errno::EADDRINUSE => Error::PortInUse { address: listen },
        Errno::EACCES => Error::LowPort { address: listen },
        Errno::EADDRNOTAVAIL => Error::NotMyAddress { address: listen },
        _ => Error::system(format!("cannot listen on {listen}"), err),
    })
}

/// The address and the port that a socket has.
pub fn address_of(socket: &UdpSocket) -> Result<SocketAddr> {
    let tried = "cannot read the address of a socket";
    socket.local_addr().map_err(|err| Error::system(tried, err))
}

/// The name of the interface through which datagrams to `peer` leave.
///
/// Connecting a UDP socket sends nothing: the kernel only looks the route up
/// and chooses our address for it. The interface with that address is the one.
pub fn interface_towards(peer: SocketAddr) -> Result<String> {
    // ::ffff:203.0.113.2 is IPv4 in the clothes of IPv6 (RFC 4291, 2.5.5.2).
    let peer = match peer.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), peer.port()),
        IpAddr::V6(_) => peer,
    };
    let tried = || format!("cannot find the interface towards {peer}");
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(v6) if v6.scope_id() != 0 => {
            let name = if_indextoname(v6.scope_id());
            let name = name.map_err(|err| Error::system(tried(), err))?;
            return Ok(name.to_string_lossy().into_owned());
        }
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let probe = UdpSocket::bind((any, 0)).map_err(|err| Error::system(tried(), err))?;
    probe.connect(peer).map_err(|err| match errno(&err) {
        // The last: this host has no address of the peer's family.
        Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EADDRNOTAVAIL => {
            Error::NoRoute { peer: peer.ip() }
        }
        Errno::EACCES if is_broadcast(peer.ip()) => Error::Broadcast { peer: peer.ip() },
        // Routes of the kinds "prohibit" and "blackhole" (ip-route(8)).
        Errno::EACCES | Errno::EINVAL => Error::RouteForbids { peer: peer.ip() },
        _ => Error::system(tried(), err),
    })?;
    let ours = probe
        .local_addr()
        .map_err(|err| Error::system(tried(), err))?
        .ip();
    getifaddrs()
        .map_err(|err| Error::system(tried(), err))?
        .find(|interface| interface.address.as_ref().and_then(ip) == Some(ours))
        .map(|interface| interface.interface_name)
        .ok_or_else(|| {
            let err = io::Error::other(format!("no interface has our address {ours}"));
            Error::system(tried(), err)
        })
}

/// The same for the peer of a tunnel, which must be another host, and outside.
///
/// A datagram that is routed into the tunnel comes out of the device as a packet,
/// is sent as the payload of the next datagram, and so on for ever.
pub fn interface_outside(tunnel: &Options, peer: SocketAddr) -> Result<String> {
    let name = &tunnel.name;
    let outside = interface_towards(peer);
    let peer = peer.ip().to_canonical();
    let is_tunnels = |own: &IpNet| own.addr() == peer;
    if peer.is_loopback() || is_own(peer) || tunnel.addresses.iter().any(is_tunnels) {
        return Err(Error::ThisHost { peer });
    }
    // The routes that opening the device will bring, and those that are there.
    let network = tunnel.addresses.iter().find(|net| net.contains(&peer));
    if let Some(network) = network.map(IpNet::trunc) {
        return Err(Error::PeerInside { peer, network });
    }
    if device::is_there(name) && device::route(peer)?.as_deref() == Some(name) {
        let name = name.clone();
        return Err(Error::RouteInside { peer, name });
    }
    outside
}

/// Whether an interface of this host has this address.
fn is_own(address: IpAddr) -> bool {
    // Every link has the same link-local network, and somebody else's address
    // may be ours on another link.
    let one_of_many = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let own = |it: InterfaceAddress| it.address.as_ref().and_then(ip) == Some(address);
    !one_of_many && getifaddrs().is_ok_and(|mut all| all.any(own))
}

/// Whether it is the address of all hosts in the network of an interface.
fn is_broadcast(address: IpAddr) -> bool {
    let all_hosts = |it: InterfaceAddress| {
        let [own, mask] = [&it.address, &it.netmask].map(|it| it.as_ref().and_then(ip));
        let net = own
            .zip(mask)
            .map(|(own, mask)| IpNet::with_netmask(own, mask));
        matches!(net, Some(Ok(net)) if net.broadcast() == address)
    };
    getifaddrs().is_ok_and(|mut interfaces| interfaces.any(all_hosts))
}

/// Reads an address and a port, in the form that `clap` asks for.
pub fn parse_endpoint(text: &str) -> std::result::Result<SocketAddr, String> {
    // The standard library takes the number of an interface after the percent
    // sign, and people know its name.
    let numbered = match text.split_once('%').and_then(|(address, rest)| {
        let (interface, port) = rest.split_once(']')?;
        Some((address, interface, port))
    }) {
        Some((address, interface, port)) if interface.parse::<u32>().is_err() => {
            let number = if_nametoindex(interface)
                .map_err(|_| format!("there is no interface {interface} here; see ip link"))?;
            format!("{address}%{number}]{port}")
        }
        _ => text.to_owned(),
    };
    let endpoint = numbered.parse().map_err(|_| {
        "an address and a port are needed; \
         write them like 203.0.113.2:9876 or [2001:db8:2::2]:9876"
            .to_owned()
    })?;
    match endpoint {
        SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            let (ip, port) = (v6.ip(), v6.port());
            Err(format!(
                "each interface has a network of its own with the address {ip}; \
                 say which one is meant, write it like [{ip}%eth0]:{port}"
            ))
        }
        endpoint => Ok(endpoint),
    }
}

/// The same, for the address of a peer: one to which a datagram can be sent.
pub fn parse_peer(text: &str) -> std::result::Result<SocketAddr, String> {
    let peer = parse_endpoint(text)?;
    if peer.port() == 0 {
        return Err("nobody can be reached at port 0".to_owned());
    }
    let ip = peer.ip().to_canonical();
    if ip.is_unspecified() || ip.is_multicast() || ip == Ipv4Addr::BROADCAST {
        return Err(format!("{} is not the address of one host", peer.ip()));
    }
    Ok(peer)
}

// ANCHOR: length_of_next
/// Length in bytes of the datagram that is next in line, once there is one.
///
/// A buffer that is too small cuts a datagram, and `recv` says nothing of it.
/// Here PEEK leaves the datagram in its place, and TRUNC asks for its length
/// whatever the size of the buffer (recv(2)): no buffer at all will do.
pub fn length_of_next(socket: &UdpSocket) -> io::Result<usize> {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC;
    Ok(recv(socket.as_raw_fd(), &mut [], flags)?)
}
// ANCHOR_END: length_of_next

// ANCHOR: recv_until
/// Waits for a datagram until `end`: its length, and how much of it is in the
/// buffer. When none has come by then, the error is `WouldBlock`.
pub fn recv_until(
    socket: &UdpSocket,
    buffer: &mut [u8],
    end: Instant,
) -> io::Result<(usize, usize)> {
    loop {
        // What has come already is read, however late we are. A timeout of
        // zero is refused: to the kernel it would mean none at all.
        let left = end.saturating_duration_since(Instant::now());
        socket.set_read_timeout(Some(left.max(Duration::from_micros(1))))?;
        match length_of_next(socket).and_then(|sent| Ok((sent, socket.recv(buffer)?))) {
            // A program that is stopped and continued while it waits is told so
            // (signal(7)). The rest of the time is still there.
            Err(err) if err.kind() == Interrupted => (),
            received => return received,
        }
    }
}
// ANCHOR_END: recv_until

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
}
