//! What routers report about our datagrams: that one was too large for the
//! next link, and which length would fit.
//!
//! Anyone can send such a report, and one that is believed makes every
//! later packet smaller. A report quotes the beginning of the packet that
//! it is about, and that is how it is checked: only a router that has seen
//! the packet, or an attacker on the same path, can quote it (RFC 8899,
//! section 4.6; RFC 9000, section 14.2.1).

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, SockaddrStorage, recvfrom, socket,
};

use super::{LEAST, is_ipv4, least_inside, overhead};
use crate::args::DeviceArgs;
use crate::checksum::checksum;
use crate::error::{Error, Result};
use crate::socket::local_addr;
use crate::sys;

/// How much of a packet we remember: with IPv6 and TCP inside, as far as
/// the checksum of TCP. A report that quotes less proves nothing.
const REMEMBERED: usize = 60;
/// How many packets we remember.
const RECENT: usize = 1024;

/// A report that can be believed.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// The largest outer packet that the link takes, in bytes.
    pub mtu: u16,
    /// The beginning of the inner packet that was lost.
    pub inner: Vec<u8>,
}

/// Why a report was not believed. Reasons are printed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// Its checksum is wrong, or what it quotes is no packet.
    Malformed,
    /// It quotes a packet to our peer that is not between our ports.
    OtherFlow,
    /// It quotes a packet that would have fitted.
    Fits,
    /// It wants smaller packets than any link that we know.
    TooSmall,
    /// It quotes a packet that we have not sent lately, or too little of
    /// it.
    NotSent,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Ignored::Malformed => "malformed",
            Ignored::OtherFlow => "of another flow",
            Ignored::Fits => "of a packet that fits",
            Ignored::TooSmall => "too small",
            Ignored::NotSent => "of a packet that was not sent",
        })
    }
}

/// The datagrams that reports can be about.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// The port that our datagrams come from.
    pub port: u16,
    /// Where they go.
    pub peer: SocketAddr,
    /// The least path MTU that is believed, in bytes.
    pub least: u16,
}

/// Listens to reports, and knows what we have sent.
pub struct Reports {
    socket: OwnedFd,
    flow: Flow,
    recent: VecDeque<[u8; REMEMBERED]>,
    believed: u64,
    ignored: BTreeMap<Ignored, u64>,
}

impl Reports {
    // ANCHOR: open
    /// Opens a raw socket, which gets a copy of each ICMP message that this
    /// host receives (raw(7)), and asks the kernel for those about too
    /// large packets only. Believed are those about datagrams from `udp` to
    /// `peer`, as long as they leave `device` enough.
    ///
    /// # Errors
    /// There is no CAP_NET_RAW.
    pub fn open(udp: &UdpSocket, peer: SocketAddr, device: &DeviceArgs) -> Result<Reports> {
        let flow = Flow {
            port: local_addr(udp)?.port(),
            peer,
            least: LEAST.max(least_inside(device) + overhead(peer)),
        };
        let (family, protocol) = match is_ipv4(flow.peer) {
            true => (AddressFamily::Inet, SockProtocol::Icmp),
            false => (AddressFamily::Inet6, SockProtocol::IcmpV6),
        };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(family, SockType::Raw, flags, protocol)
            .map_err(io::Error::from)
            .and_then(|socket| {
                sys::only_too_big(&socket, is_ipv4(flow.peer))?;
                Ok(socket)
            })
            .map_err(Error::listening_to_icmp)?;
        Ok(Reports {
            socket,
            flow,
            recent: VecDeque::with_capacity(RECENT),
            believed: 0,
            ignored: BTreeMap::new(),
        })
    }
    // ANCHOR_END: open

    /// Remembers an inner packet that is about to be sent, if a report
    /// about it could be believed.
    pub fn remember(&mut self, inner: &[u8]) {
        let overhead = usize::from(overhead(self.flow.peer));
        if inner.len() + overhead <= usize::from(self.flow.least) {
            return;
        }
        if let Some(beginning) = inner.first_chunk() {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(*beginning);
        }
    }

    /// Reads one message: the report in it and who sent it, if it can be
    /// believed. Otherwise it is counted. `None`, too, if there is none
    /// now.
    ///
    /// It is one only, so that a flood of them does not keep the tunnel
    /// from its packets.
    pub fn recv(&mut self) -> Result<Option<(Report, IpAddr)>> {
        // A whole message, in IPv4 with the header of IP.
        let mut buffer = [0; 2048];
        let received = recvfrom::<SockaddrStorage>(self.socket.as_raw_fd(), &mut buffer);
        let (length, from) = match received {
            Ok((length, from)) => (length, from.as_ref().and_then(ip)),
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(err) => return Err(Error::system("cannot read an ICMP message", err)),
        };
        match self.believe(&buffer[..length]) {
            None => Ok(None),
            Some(Ok(report)) => {
                self.believed += 1;
                let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
                Ok(Some((report, from.unwrap_or(nobody))))
            }
            Some(Err(reason)) => {
                *self.ignored.entry(reason).or_default() += 1;
                Ok(None)
            }
        }
    }

    fn believe(&self, message: &[u8]) -> Option<Result<Report, Ignored>> {
        let report = read(message, &self.flow)?;
        Some(report.and_then(|report| {
            let quoted = report.inner.first_chunk::<REMEMBERED>();
            // The newest first: it is most likely to be the one.
            let mut recent = self.recent.iter().rev();
            match quoted.is_some_and(|quoted| recent.any(|sent| sent == quoted)) {
                true => Ok(report),
                false => Err(Ignored::NotSent),
            }
        }))
    }
}

// ANCHOR: read
/// Reads a message as the raw socket returns it, and checks all but whether
/// the quoted packet was sent. `None` if it is no report, or one about a
/// packet that did not go to our peer: other programs of this host get
/// reports, too.
pub fn read(message: &[u8], flow: &Flow) -> Option<Result<Report, Ignored>> {
    let (mtu, quote) = match is_ipv4(flow.peer) {
        true => message_v4(message),
        false => message_v6(message),
    }?;
    let Some(Quote { to, length, rest }) = quote.and_then(quote_of) else {
        return Some(Err(Ignored::Malformed));
    };
    if to != flow.peer.ip().to_canonical() {
        return None;
    }
    let Some((udp, inner)) = rest.and_then(|rest| rest.split_at_checked(8)) else {
        return Some(Err(Ignored::OtherFlow));
    };
    let port = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
    Some(match u16::try_from(mtu) {
        _ if (port(0), port(2)) != (flow.port, flow.peer.port()) => Err(Ignored::OtherFlow),
        _ if u32::from(length) <= mtu => Err(Ignored::Fits),
        Ok(mtu) if mtu >= flow.least => Ok(Report {
            mtu,
            inner: inner.to_vec(),
        }),
        _ => Err(Ignored::TooSmall),
    })
}
// ANCHOR_END: read

/// "Fragmentation needed", with the IP header before it: the MTU, and the
/// quote if the checksum is correct, which the kernel does not verify for a
/// raw socket.
fn message_v4(packet: &[u8]) -> Option<(u32, Option<&[u8]>)> {
    let icmp = packet.get(usize::from(packet.first()? & 0x0f) * 4..)?;
    let (header, quote) = icmp.split_at_checked(8)?;
    let mtu = u16::from_be_bytes([header[6], header[7]]);
    let quote = (checksum(icmp) == 0).then_some(quote);
    (header[..2] == [3, 4]).then_some((mtu.into(), quote))
}

/// "Packet too big"; the kernel keeps the IPv6 header for itself, and
/// verifies the checksum.
fn message_v6(icmp: &[u8]) -> Option<(u32, Option<&[u8]>)> {
    let (header, quote) = icmp.split_at_checked(8)?;
    let mtu = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    (header[..2] == [2, 0]).then_some((mtu, Some(quote)))
}

/// The beginning of a packet.
struct Quote<'a> {
    to: IpAddr,
    /// Of the whole packet, in bytes.
    length: u16,
    /// From the UDP header on, if there is one.
    rest: Option<&'a [u8]>,
}

fn quote_of(quote: &[u8]) -> Option<Quote<'_>> {
    const UDP: u8 = 17;
    let be16 = |at| Some(u16::from_be_bytes(*quote.get(at..)?.first_chunk()?));
    Some(match quote.first()? >> 4 {
        4 => {
            // A later fragment has no UDP header.
            let has_udp = *quote.get(9)? == UDP && be16(6)? & 0x1fff == 0;
            let rest = quote.get(usize::from(quote[0] & 0x0f) * 4..)?;
            Quote {
                to: Ipv4Addr::from(*quote.get(16..)?.first_chunk::<4>()?).into(),
                length: be16(2)?,
                rest: has_udp.then_some(rest),
            }
        }
        6 => Quote {
            to: Ipv6Addr::from(*quote.get(24..)?.first_chunk::<16>()?).into(),
            length: be16(4)?.checked_add(40)?,
            rest: (*quote.get(6)? == UDP).then_some(quote.get(40..)?),
        },
        _ => return None,
    })
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
}

impl AsFd for Reports {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl fmt::Display for Reports {
    /// Nothing if there was no report.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let ignored: u64 = self.ignored.values().sum();
        if self.believed + ignored == 0 {
            return Ok(());
        }
        write!(f, "reports: {} believed, {ignored} ignored", self.believed)?;
        for (at, (reason, count)) in self.ignored.iter().enumerate() {
            let before = if at == 0 { ": " } else { ", " };
            write!(f, "{before}{count} {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use etherparse::icmpv4::DestUnreachableHeader::FragmentationNeeded;
    use etherparse::{Icmpv4Type, Icmpv6Type, PacketBuilder};
    use proptest::prelude::*;

    use super::*;

    const INNER: [u8; 1444] = [0x45; 1444];

    fn flow(ipv6: bool) -> Flow {
        let peer = match ipv6 {
            false => "203.0.113.2:9876",
            true => "[2001:db8:2::2]:9876",
        };
        Flow {
            port: 9876,
            peer: peer.parse().unwrap(),
            least: 1280,
        }
    }

    /// The outer packet around an inner one, between these ports.
    fn outer(ipv6: bool, ports: (u16, u16), inner: &[u8]) -> Vec<u8> {
        let address = |text: &str| text.parse::<Ipv6Addr>().unwrap().octets();
        let ip = match ipv6 {
            false => PacketBuilder::ipv4([198, 51, 100, 2], [203, 0, 113, 2], 64),
            true => PacketBuilder::ipv6(address("2001:db8:1::2"), address("2001:db8:2::2"), 64),
        };
        let mut packet = Vec::new();
        ip.udp(ports.0, ports.1).write(&mut packet, inner).unwrap();
        packet
    }

    /// A report as the raw socket returns it.
    fn message(ipv6: bool, mtu: u16, quote: &[u8]) -> Vec<u8> {
        let mut packet = Vec::new();
        match ipv6 {
            false => PacketBuilder::ipv4([198, 51, 100, 1], [198, 51, 100, 2], 64)
                .icmpv4(Icmpv4Type::DestinationUnreachable(FragmentationNeeded {
                    next_hop_mtu: mtu,
                }))
                .write(&mut packet, &quote[..quote.len().min(548)])
                .unwrap(),
            true => {
                PacketBuilder::ipv6([1; 16], [2; 16], 64)
                    .icmpv6(Icmpv6Type::PacketTooBig { mtu: mtu.into() })
                    .write(&mut packet, &quote[..quote.len().min(1232)])
                    .unwrap();
                packet.drain(..40);
            }
        }
        packet
    }

    fn ours(ipv6: bool) -> Vec<u8> {
        outer(ipv6, (9876, 9876), &INNER)
    }

    #[test]
    fn a_true_report_says_what_fits_and_what_was_lost() {
        for ipv6 in [false, true] {
            let report = read(&message(ipv6, 1400, &ours(ipv6)), &flow(ipv6));
            let report = report.unwrap().unwrap();
            assert_eq!(report.mtu, 1400);
            assert!(INNER.starts_with(&report.inner) && report.inner.len() >= REMEMBERED);
        }
    }

    #[test]
    fn each_lie_has_its_reason() {
        for ipv6 in [false, true] {
            let ours = ours(ipv6);
            let reason = |mtu, quote: &[u8]| match read(&message(ipv6, mtu, quote), &flow(ipv6)) {
                Some(Err(reason)) => reason,
                other => panic!("{other:?}"),
            };
            assert_eq!(reason(68, &ours), Ignored::TooSmall);
            assert_eq!(reason(0, &ours), Ignored::TooSmall);
            assert_eq!(reason(1279, &ours), Ignored::TooSmall);
            assert_eq!(reason(1500, &ours), Ignored::Fits);
            assert_eq!(reason(1400, b"garbage"), Ignored::Malformed);
            assert_eq!(reason(1400, b""), Ignored::Malformed);
            for ports in [(9877, 9876), (9876, 9877)] {
                let other = outer(ipv6, ports, &INNER);
                assert_eq!(reason(1400, &other), Ignored::OtherFlow);
            }
        }
        let mut wrong_checksum = message(false, 1400, &ours(false));
        wrong_checksum[22] ^= 1;
        let read = read(&wrong_checksum, &flow(false));
        assert_eq!(read, Some(Err(Ignored::Malformed)));
    }

    #[test]
    fn messages_about_other_programs_are_no_reports() {
        let mut elsewhere = ours(false);
        elsewhere[19] = 77;
        assert_eq!(read(&message(false, 1400, &elsewhere), &flow(false)), None);
        let mut port_unreachable = message(false, 1400, &ours(false));
        port_unreachable[21] = 3;
        assert_eq!(read(&port_unreachable, &flow(false)), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..200), cut: prop::sample::Index, at: prop::sample::Index, value: u8, ipv6: bool) {
            let _ = read(&bytes, &flow(ipv6));
            // A true report, cut off and with one byte changed.
            bytes = message(ipv6, 1400, &ours(ipv6));
            let at = at.index(bytes.len());
            bytes[at] = value;
            bytes.truncate(cut.index(bytes.len() + 1));
            if let Some(Ok(report)) = read(&bytes, &flow(ipv6)) {
                prop_assert!(report.mtu >= 1280);
            }
        }
    }
}
