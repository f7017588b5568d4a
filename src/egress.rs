//! The egress interface: the one through which the datagrams of a tunnel leave
//! this host. And the peers that cannot be reached, or must not be.

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
/// Connecting a UDP socket sends nothing: the kernel only looks the route up,
/// and its error says why there is none. `ip` says which interface it is.
///
/// # Errors
/// There is no route to the peer, or one that forbids to send there; or `ip`
/// cannot be run.
pub fn interface_to(peer: SocketAddr) -> Result<String> {
    // ::ffff:203.0.113.2 is an IPv4 address, written as an IPv6 address (RFC
    // 4291, section 2.5.5.2).
    let peer = match peer.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), peer.port()),
        IpAddr::V6(_) => peer,
    };
    let failed = |err| Error::system(format!("cannot find the interface towards {peer}"), err);
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        // The scope of a link-local address is its interface (RFC 4007, section 6).
        SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() && v6.scope_id() != 0 => {
            let name = if_indextoname(v6.scope_id()).map_err(|err| failed(err.into()))?;
            return Ok(name.to_string_lossy().into_owned());
        }
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let probe = UdpSocket::bind((any, 0)).map_err(failed)?;
    probe.connect(peer).map_err(|err| match errno(&err) {
        // The last: this host has no address of the peer's family.
        Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EADDRNOTAVAIL => {
            Error::NoRoute { peer: peer.ip() }
        }
        Errno::EACCES if is_broadcast(peer.ip()) => Error::Broadcast { peer: peer.ip() },
        // Routes of the kinds "prohibit" and "blackhole" (ip-route(8)).
        Errno::EACCES | Errno::EINVAL => Error::RouteForbids { peer: peer.ip() },
        _ => failed(err),
    })?;
    route(peer.ip())?.ok_or(Error::NoRoute { peer: peer.ip() })
}

/// The egress interface of a tunnel. Its peer must be another host, and the
/// route to the peer must not lead into the tunnel: such a datagram would come
/// out of the device as a packet, be sent as the payload of the next datagram,
/// and so on without end.
///
/// # Errors
/// Those of [`interface_to`]; and the peer is this host, or inside the tunnel.
pub fn of_tunnel(tunnel: &DeviceArgs, peer: SocketAddr) -> Result<String> {
    let name = &tunnel.name;
    // Looked at last: that the peer is this host says more than "no route".
    let egress = interface_to(peer);
    let peer = peer.ip().to_canonical();
    let is_tunnels = |own: &IpNet| own.addr() == peer;
    if peer.is_loopback() || is_own(peer) || tunnel.addresses.iter().any(is_tunnels) {
        return Err(Error::ThisHost { peer });
    }
    // The routes that opening the device will bring. A longer prefix that leads
    // outside does not help: on the day when that route goes, the tunnel loops.
    let network = tunnel.addresses.iter().find(|net| net.contains(&peer));
    if let Some(network) = network.map(IpNet::trunc) {
        return Err(Error::PeerInside { peer, network });
    }
    // And a route that is there. An interface of that name that is no tunnel's is
    // refused when the device is opened.
    let egress = egress?;
    if egress == *name && has(name, InterfaceFlags::IFF_POINTOPOINT) {
        return Err(Error::RouteInside { peer, name: egress });
    }
    // A route can make any address one of this host.
    match has(&egress, InterfaceFlags::IFF_LOOPBACK) {
        true => Err(Error::ThisHost { peer }),
        false => Ok(egress),
    }
}

/// Whether an interface of this host has this address.
pub(crate) fn is_own(wanted: IpAddr) -> bool {
    // A link-local address is unique on one link only: an equal one may belong to
    // another host.
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

/// Whether there is an interface of this name with this flag (netdevice(7)). A TUN
/// device has IFF_POINTOPOINT: it is a link with two ends.
fn has(name: &str, flag: InterfaceFlags) -> bool {
    any_interface(|interface| interface.interface_name == name && interface.flags.contains(flag))
}

/// The interface into which the routes of this host lead a packet, if any. It
/// is asked of `ip route get`, because the address that the kernel would send from may be
/// that of another interface, or of several.
fn route(peer: IpAddr) -> Result<Option<String>> {
    let output = ip(["route", "get", &peer.to_string()])?;
    let line = String::from_utf8_lossy(&output.stdout);
    let mut words = line.split_whitespace().skip_while(|word| *word != "dev");
    Ok(words.nth(1).map(str::to_owned))
}

fn any_interface(wanted: impl Fn(&InterfaceAddress) -> bool) -> bool {
    getifaddrs().is_ok_and(|mut all| all.any(|interface| wanted(&interface)))
}

fn address(interface: &InterfaceAddress) -> Option<IpAddr> {
    interface.address.as_ref().and_then(ip_address)
}

fn ip_address(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
}
