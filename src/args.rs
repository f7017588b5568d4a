//! The values on the command lines of the programs: names, addresses and ports,
//! checked before anything is opened. Errors are in the form that `clap` asks for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use nix::net::if_::if_nametoindex;

/// The default port of both ends: the one in the article that this book began
/// with.
pub const PORT: u16 = 9876;

/// The options that say what device a program opens; chapter 2 explains them.
#[derive(clap::Args, Clone, Debug)]
pub struct DeviceArgs {
    /// Name of the TUN device
    #[arg(long = "tun", value_name = "NAME", default_value = "tun0", value_parser = parse_name)]
    pub name: String,

    /// Address of this end and the network behind it; may be repeated
    #[arg(long = "addr", value_name = "CIDR", required = true, value_parser = parse_cidr)]
    pub addresses: Vec<IpNet>,

    // 68: what every host must be able to forward (RFC 791, section 3.2).
    /// Largest packet that the device takes, in bytes [default: 1500]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(68..))]
    pub mtu: Option<u16>,
}

impl DeviceArgs {
    /// Largest packet that the device takes, in bytes: without `--mtu` that of Ethernet.
    pub fn mtu(&self) -> u16 {
        self.mtu.unwrap_or(1500)
    }
}

impl fmt::Display for DeviceArgs {
    /// The line that a program prints once its device is up.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        for address in &self.addresses {
            write!(f, "{address}, ")?;
        }
        write!(f, "mtu {}, up", self.mtu())
    }
}

/// Checks a device name before anything is created. An `ifreq` has room for 15
/// bytes: a longer name would be cut, and another device would appear.
pub fn parse_name(name: &str) -> Result<String, String> {
    // `dev_valid_name` in the kernel's net/core/dev.c. IFNAMSIZ is 16 with
    // the zero byte at the end. '%' would let the kernel choose a number.
    let reason = if name.is_empty() {
        "a name has at least one character"
    } else if name.len() > 15 {
        "a name has at most 15 bytes"
    } else if [".", "..", "all", "default"].contains(&name) {
        // The last two are folders of settings in /proc/sys/net.
        "this name is reserved"
    } else if name.contains(|c: char| c == '/' || c == ':' || c == '%' || c.is_whitespace()) {
        "a name has no slash, colon, percent sign or space"
    } else {
        return Ok(name.to_owned());
    };
    Err(format!(
        "cannot create a device named {name:?}: {reason}\n  \
         choose another name with --tun, tun0 for example"
    ))
}

/// Reads an address with its prefix length, as in `192.168.0.1/24`.
pub fn parse_cidr(text: &str) -> Result<IpNet, String> {
    let example = "write it like 192.168.0.1/24 or fd00:0:0:1::1/64";
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(format!(
            "the prefix length is missing, the part after the slash; {example}"
        ));
    };
    let address: IpAddr = address
        .parse()
        .map_err(|_| format!("{address:?} is not an IP address; {example}"))?;
    let (longest, family) = match address {
        IpAddr::V4(_) => (32, "IPv4"),
        IpAddr::V6(_) => (128, "IPv6"),
    };
    if address.is_unspecified() || address.is_multicast() || address == Ipv4Addr::BROADCAST {
        return Err(format!("{address} is not an address that a host can have"));
    }
    if address.is_loopback() {
        return Err(format!(
            "a packet to {address} never leaves this host, and so enters no tunnel; {example}"
        ));
    }
    let net = prefix.parse().ok();
    let net = net.and_then(|bits| IpNet::new(address, bits).ok());
    let net = net.ok_or_else(|| {
        format!(
            "the prefix length of an {family} address is a number from 0 to {longest}, \
             not {prefix:?}"
        )
    })?;
    match not_a_host(&net) {
        Some(what) => {
            let host = net.hosts().find(|host| *host != net.network());
            let host = host.unwrap_or(address);
            Err(format!(
                "{address} is the address of {what}; give the address of a host, as in {host}/{}",
                net.prefix_len()
            ))
        }
        None => Ok(net),
    }
}

/// What this address means, if it is not one that a host can have: the network
/// itself, or all hosts in it.
fn not_a_host(net: &IpNet) -> Option<String> {
    // A network of one or two addresses has none to spare (RFC 3021, RFC 6164).
    if net.max_prefix_len() - net.prefix_len() < 2 {
        None
    } else if net.addr() == net.network() {
        Some("the network itself".to_owned())
    } else if net.addr().is_ipv4() && net.addr() == net.broadcast() {
        Some(format!("all hosts in {}", net.trunc()))
    } else {
        None
    }
}

/// Reads an address and a port, as in `203.0.113.2:9876`.
pub fn parse_endpoint(text: &str) -> Result<SocketAddr, String> {
    // After the percent sign the standard library reads the number of an
    // interface, but people know its name.
    let numbered = match text.split_once('%').and_then(|(address, rest)| {
        let (interface, port) = rest.split_once(']')?;
        Some((address, interface, port))
    }) {
        Some((address, interface, port)) if interface.parse::<u32>().is_err() => {
            let number = if_nametoindex(interface).map_err(|_| {
                format!("this host has no interface {interface}; see its interfaces with: ip link")
            })?;
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
                "{ip} is a link-local address, which can be on the network of any interface; \
                 name the interface, as in [{ip}%eth0]:{port}"
            ))
        }
        endpoint => Ok(endpoint),
    }
}

/// [`parse_endpoint`] for the address of a peer: one to which a datagram can be
/// sent.
pub fn parse_peer(text: &str) -> Result<SocketAddr, String> {
    let peer = parse_endpoint(text)?;
    if peer.port() == 0 {
        return Err("no datagram can be sent to port 0".to_owned());
    }
    let ip = peer.ip().to_canonical();
    if ip.is_unspecified() || ip.is_multicast() || ip == Ipv4Addr::BROADCAST {
        return Err(format!("{} is not the address of one host", peer.ip()));
    }
    Ok(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_kernel_would_cut_or_refuse() {
        for good in ["tun0", "a", "fifteen-letters"] {
            assert!(parse_name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "sixteen-letters!",
            ".",
            "..",
            "a/b",
            "a b",
            "a:b",
            "tun%d",
        ] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cidr_keeps_the_host_part() {
        let net = parse_cidr("192.168.0.1/24").unwrap();
        assert_eq!(net.addr().to_string(), "192.168.0.1");
        assert_eq!(net.netmask().to_string(), "255.255.255.0");
        assert_eq!(parse_cidr("fd00::1/64").unwrap().prefix_len(), 64);
    }

    #[test]
    fn cidr_says_what_is_wrong() {
        let error = |text| parse_cidr(text).unwrap_err();
        assert!(error("192.168.0.1").contains("prefix length is missing"));
        assert!(error("192.168.0.999/24").contains("not an IP address"));
        assert!(error("192.168.0.1/33").contains("0 to 32"));
        assert!(error("fd00::1/129").contains("0 to 128"));
        assert!(error("192.168.0.1/").contains("0 to 32"));
        assert!(error("192.168.0.1/-1").contains("0 to 32"));
        assert!(error("192.168.0.64/26").contains("as in 192.168.0.65/26"));
        assert!(error("192.168.0.127/26").contains("all hosts in 192.168.0.64/26"));
        assert!(error("10.0.0.0/30").contains("as in 10.0.0.1/30"));
        assert!(error("fd00::/126").contains("as in fd00::1/126"));
    }

    #[test]
    fn a_network_of_one_or_two_addresses_has_none_to_spare() {
        for good in [
            "10.0.0.0/31",
            "10.0.0.1/31",
            "10.0.0.0/32",
            "10.0.0.255/32",
            "fd00::/127",
            "fd00::1/127",
            "fd00::/128",
            "fd00::ffff:ffff:ffff:ffff/64", // IPv6 has no broadcast
            "10.0.0.0/1",
        ] {
            assert!(parse_cidr(good).is_ok(), "{good}");
        }
    }
}
