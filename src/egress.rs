//! The egress interface: the one through which the datagrams of a tunnel leave
//! this host; and peers to which none can leave, or none should.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use ipnet::IpNet;
use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::{InterfaceFlags, if_indextoname};
use nix::sys::socket::SockaddrStorage;

use crate::args::DeviceArgs;
use crate::error::{Error, Result, errno};
use crate::iproute::ip;

/// The name of the interface through which datagrams to `peer` leave.
///
/// Connecting a UDP socket sends nothing: the kernel only looks the route up
/// and chooses our address for it. The interface with that address is the one.
///
/// # Errors
/// There is no route to the peer, or one that forbids to send there.
pub fn interface_to(peer: SocketAddr) -> Result<String> {
    // ::ffff:203.0.113.2 is an IPv4 address, written as an IPv6 address (RFC
    // 4291, 2.5.5.2).
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
        .find(|interface| address(interface) == Some(ours))
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
///
/// # Errors
/// As [`interface_to`]; and if the peer is this host, or inside the tunnel.
pub fn of_tunnel(tunnel: &DeviceArgs, peer: SocketAddr) -> Result<String> {
    let name = &tunnel.name;
    let interface = interface_to(peer);
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
    if is_point_to_point(name) && route(peer)?.as_deref() == Some(name) {
        let name = name.clone();
        return Err(Error::RouteInside { peer, name });
    }
    interface
}

/// Whether an interface of this host has this address.
pub(crate) fn is_own(wanted: IpAddr) -> bool {
    // Every link has the same link-local network, and somebody else's address
    // may be ours on another link.
    let one_of_many = matches!(wanted, IpAddr::V6(v6) if v6.is_unicast_link_local());
    !one_of_many && any_interface(|interface| address(interface) == Some(wanted))
}

/// Whether it is the address of all hosts in the network of an interface.
fn is_broadcast(wanted: IpAddr) -> bool {
    any_interface(|interface| {
        let mask = interface.netmask.as_ref().and_then(ip_address);
        let net = address(interface).zip(mask);
        let net = net.map(|(own, mask)| IpNet::with_netmask(own, mask));
        matches!(net, Some(Ok(net)) if net.broadcast() == wanted)
    })
}

/// Whether there is a link of this name with two ends, as a TUN device is
/// (netdevice(7), IFF_POINTOPOINT).
fn is_point_to_point(name: &str) -> bool {
    any_interface(|interface| {
        interface.interface_name == name
            && interface.flags.contains(InterfaceFlags::IFF_POINTOPOINT)
    })
}

/// The interface into which the routes of this host lead a packet, if any.
///
/// As `ip route get` tells it: for a device without an address, the address
/// that the kernel would send from is that of another interface.
fn route(destination: IpAddr) -> Result<Option<String>> {
    let output = ip(["route", "get", &destination.to_string()])?;
    let line = String::from_utf8_lossy(&output.stdout);
    let mut words = line.split_whitespace().skip_while(|word| *word != "dev");
    Ok(words.nth(1).map(str::to_owned))
}

fn any_interface(wanted: impl FnMut(&InterfaceAddress) -> bool) -> bool {
    let mut wanted = wanted;
    getifaddrs().is_ok_and(|mut interfaces| interfaces.any(|interface| wanted(&interface)))
}

fn address(interface: &InterfaceAddress) -> Option<IpAddr> {
    interface.address.as_ref().and_then(ip_address)
}

fn ip_address(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
}
