//! How large an inner packet may be: what the tunnel adds, what the path
//! takes, and what is done about a packet that does not fit.
//!
//! [`clamp`] asks TCP for smaller segments, [`too_big`] tells the sender of
//! a packet that did not fit, and [`reports`] listens to routers that drop
//! what we have sent.

pub mod clamp;
pub mod reports;
pub mod too_big;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use clap::ValueEnum;

use crate::args::DeviceArgs;
use crate::error::{Error, Result};
use crate::{egress, sys};

// ANCHOR: overhead
/// Length in bytes of a header of IPv4 without options (RFC 791, section
/// 3.1), of IPv6 (RFC 8200, section 3) and of UDP (RFC 768).
const IPV4: u16 = 20;
const IPV6: u16 = 40;
const UDP: u16 = 8;

/// How many bytes longer the outer packet to this peer is than the inner
/// one: 28 over IPv4, 48 over IPv6.
pub fn overhead(peer: SocketAddr) -> u16 {
    let ip = if is_ipv4(peer) { IPV4 } else { IPV6 };
    ip + UDP
}
// ANCHOR_END: overhead

/// Every link that carries IPv6 takes packets of this many bytes (RFC 8200,
/// section 5), and so does almost every other: no report of less is
/// believed.
pub const LEAST: u16 = 1280;

// ANCHOR: route
/// The *path MTU* to a peer as far as the kernel knows it, in bytes: the
/// MTU of the interface towards it, or less if an ICMP message or a route
/// said so.
///
/// Connecting a UDP socket sends nothing: the kernel only looks the route
/// up.
///
/// # Errors
/// There is no route to the peer.
pub fn of_route(peer: SocketAddr) -> Result<u16> {
    let failed = |err| Error::system(format!("cannot find the path MTU to {peer}"), err);
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).map_err(failed)?;
    socket.connect(peer).map_err(failed)?;
    let mtu = sys::path_mtu(&socket, is_ipv4(peer)).map_err(failed)?;
    // The loopback interface has 65,536.
    Ok(u16::try_from(mtu).unwrap_or(u16::MAX))
}
// ANCHOR_END: route

// ANCHOR: default
/// The MTU for a device whose packets go to this peer: what the path takes,
/// less what the tunnel adds.
///
/// # Errors
/// Those of [`egress::of_tunnel`] and [`of_route`]; and the device has an
/// IPv6 address, for which too little is left.
pub fn default(peer: SocketAddr, device: &DeviceArgs) -> Result<u16> {
    // Whose errors say more.
    egress::of_tunnel(device, peer)?;
    let path = of_route(peer)?;
    let inside = path.saturating_sub(overhead(peer));
    match inside < least_inside(device) {
        true => Err(Error::PathTooNarrow { peer, path, inside }),
        false => Ok(inside),
    }
}
// ANCHOR_END: default

/// The least MTU that this device may be given, in bytes. With less than
/// 1280 the kernel takes its IPv6 addresses away; and every host must be
/// able to forward 68 (RFC 791, section 3.2).
pub fn least_inside(device: &DeviceArgs) -> u16 {
    match device.addresses.iter().any(|net| net.addr().is_ipv6()) {
        true => LEAST,
        false => 68,
    }
}

/// Whether datagrams to this peer travel in IPv4. `::ffff:203.0.113.2` is
/// an IPv4 address too (RFC 4291, section 2.5.5.2).
fn is_ipv4(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_ipv4()
}

// ANCHOR: discovery
/// Who finds out how large an outer packet may be, and may it be cut on its
/// way? But for the first, these are values of the socket option
/// IP_MTU_DISCOVER (ip(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Discovery {
    /// DF always; this program listens to the routers and adapts tun0
    Own,
    /// DF if the packet fits the path MTU that the kernel knows, else cut:
    /// Linux's default
    Want,
    /// DF always; the kernel refuses what is larger than the path MTU that
    /// it knows
    Do,
    /// Never DF: routers may cut
    Dont,
    /// DF always; the kernel refuses only what is larger than the
    /// interface's MTU
    Probe,
}

impl Discovery {
    /// Sets the option for all datagrams that this socket will send to the
    /// peer.
    pub fn apply(self, socket: &UdpSocket, peer: SocketAddr) -> Result<()> {
        use nix::libc::{IP_PMTUDISC_DO, IP_PMTUDISC_DONT, IP_PMTUDISC_PROBE, IP_PMTUDISC_WANT};
        let value = match self {
            // The kernel believes reports that anyone can forge: we look at
            // them first.
            Discovery::Own | Discovery::Probe => IP_PMTUDISC_PROBE,
            Discovery::Want => IP_PMTUDISC_WANT,
            Discovery::Do => IP_PMTUDISC_DO,
            Discovery::Dont => IP_PMTUDISC_DONT,
        };
        sys::set_mtu_discovery(socket, is_ipv4(peer), value)
            .map_err(|err| Error::system(format!("cannot set --pmtu {self}"), err))
    }
}
// ANCHOR_END: discovery

impl fmt::Display for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = self.to_possible_value();
        f.write_str(name.as_ref().map_or("", |value| value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_written_as_ipv6_travels_in_ipv4() {
        let overhead = |peer: &str| super::overhead(peer.parse().unwrap());
        assert_eq!(overhead("203.0.113.2:9876"), 28);
        assert_eq!(overhead("[::ffff:203.0.113.2]:9876"), 28);
        assert_eq!(overhead("[2001:db8:2::2]:9876"), 48);
    }

    #[test]
    fn the_route_to_this_host_takes_the_largest_packet() {
        assert_eq!(of_route("127.0.0.1:9876".parse().unwrap()).unwrap(), 65_535);
    }
}
