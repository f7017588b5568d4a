//! The TUN device: a descriptor on one side, a network interface on the other.
//!
//! What the kernel routes into the interface can be read from the descriptor,
//! one packet for each read; what is written to the descriptor, one packet
//! for each write, arrives from the interface. The source is the kernel's
//! Documentation/networking/tuntap.rst.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Command, Output};

use ipnet::IpNet;
use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use tun::AbstractDevice;

use crate::error::{Error, Result, errno};
use crate::sys;

/// A buffer of this many bytes holds every packet that a TUN device can give:
/// no MTU of one is larger (`MAX_MTU` in the kernel's drivers/net/tun.c).
///
/// It is the largest packet of IPv4 (RFC 791, section 3.1). One of IPv6 can be
/// 40 bytes larger, because its length field leaves out the header (RFC 8200,
/// section 3), and a jumbogram far larger (RFC 2675); neither fits through here.
pub const LARGEST_PACKET: usize = 65_535;

/// The options that say what device a program opens; chapter 2 explains them.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Name of the TUN device
    #[arg(long = "tun", value_name = "NAME", default_value = "tun0", value_parser = parse_name)]
    pub name: String,

    /// Address of this end and the network behind it; may be repeated
    #[arg(long = "addr", value_name = "CIDR", required = true, value_parser = parse_cidr)]
    pub addresses: Vec<IpNet>,

    /// Largest packet that the device takes, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1500,
          value_parser = clap::value_parser!(u16).range(68..))]
    pub mtu: u16,
}

impl fmt::Display for Options {
    /// The line that a program prints once its device is up.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        for address in &self.addresses {
            write!(f, "{address}, ")?;
        }
        write!(f, "mtu {}, up", self.mtu)
    }
}

/// An open TUN device, configured and up. It vanishes when it is dropped,
/// unless it was there before (TUNSETPERSIST).
pub struct Device {
    tun: tun::Device,
    name: String,
}

impl Device {
    // ANCHOR: open
    /// Creates the device, gives it its addresses and its MTU, and brings it
    /// up, in this order: once it is up, the kernel may send through it.
    pub fn open(options: &Options) -> Result<Device> {
        let mut config = tun::Configuration::default();
        config.tun_name(&options.name);
        let mut tun =
            tun::create(&config).map_err(|err| Error::opening_tun(&options.name, io_error(err)))?;
        let name = tun.tun_name().map_err(|err| {
            Error::system("cannot read the name of the new device", io_error(err))
        })?;

        silence(&name);
        tun.set_mtu(options.mtu).map_err(|err| {
            let tried = format!("cannot set the MTU of {name} to {}", options.mtu);
            Error::system(tried, io_error(err))
        })?;
        for address in &options.addresses {
            add_address(&name, *address, options.mtu)?;
        }
        tun.enabled(true)
            .map_err(|err| Error::system(format!("cannot bring {name} up"), io_error(err)))?;
        Ok(Device { tun, name })
    }
    // ANCHOR_END: open

    /// The name the kernel gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes `recv` return [`io::ErrorKind::WouldBlock`] instead of waiting.
    pub fn set_nonblocking(&self) -> Result<()> {
        let tried = || format!("cannot make {} non-blocking", self.name);
        self.tun
            .set_nonblock()
            .map_err(|err| Error::system(tried(), err))
    }

    // ANCHOR: recv_send
    /// Reads the next packet that the kernel sends into the interface, and
    /// returns its length in bytes. What does not fit into `buffer` is lost
    /// without a word: pass [`LARGEST_PACKET`] bytes.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tun.recv(buffer)
    }

    /// Hands one packet to the kernel as if it had arrived at the interface.
    ///
    /// `false` says that the kernel refused this one: EINVAL if it does not
    /// begin like an IP packet, EIO while the interface is down.
    pub fn send(&self, packet: &[u8]) -> Result<bool> {
        match self.tun.send(packet) {
            Ok(_) => Ok(true),
            Err(err) => match self.explain(err) {
                gone @ Error::DeviceGone { .. } => Err(gone),
                _ => Ok(false),
            },
        }
    }
    // ANCHOR_END: recv_send

    /// The same, with the kernel's own reason for a refusal.
    pub fn write(&self, packet: &[u8]) -> io::Result<()> {
        self.tun.send(packet).map(drop)
    }

    /// Says what an error of [`Device::recv`] means.
    pub fn explain(&self, err: io::Error) -> Error {
        Error::using_tun(&self.name, err)
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        descriptor(&self.tun)
    }
}

/// The descriptor of a device, to wait for it; the `tun` crate has it as a
/// number only.
pub fn descriptor(device: &tun::Device) -> BorrowedFd<'_> {
    sys::of_tun(device)
}

// ANCHOR: silence
/// Keeps the kernel from giving the interface an IPv6 address of its own.
///
/// It would announce that address with router solicitations and multicast
/// reports, and the first packets in every capture would be ones that nobody
/// sent. Value 1 is "none" (Documentation/networking/ip-sysctl.rst,
/// `addr_gen_mode`). A kernel without IPv6 has no such file, and no need.
pub fn silence(name: &str) {
    let file = format!("/proc/sys/net/ipv6/conf/{name}/addr_gen_mode");
    let _ = std::fs::write(file, "1");
}
// ANCHOR_END: silence

/// Adds an IPv4 or IPv6 address, and with it the route to its network.
///
/// The `tun` crate sets one IPv4 address; `ip` adds any number of either.
fn add_address(name: &str, address: IpNet, mtu: u16) -> Result<()> {
    let failed = |err: String| Error::Address {
        name: name.to_owned(),
        address: address.to_string(),
        err,
    };
    if address.addr().is_ipv6() && mtu < 1280 {
        return Err(failed(
            "IPv6 needs an MTU of at least 1280 (RFC 8200, section 5)".to_owned(),
        ));
    }
    if address.addr().is_ipv6() {
        // Off where the host does without IPv6; asking for an address turns
        // it on for this interface. If that fails, `ip` says why.
        let file = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
        let _ = std::fs::write(file, "0");
    }
    // No duplicate address detection: a tunnel has two ends, and the address can
    // be used at once (RFC 4862, section 5.4).
    let nodad = address.addr().is_ipv6().then_some("nodad");
    let add = ["address", "add", &address.to_string(), "dev", name];
    let output = ip(add.into_iter().chain(nodad))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        let remedy = match said.contains("already assigned") || said.contains("File exists") {
            true => format!(
                "\n  {name} was there before, or the address is given twice; \
                 to have a new device: ip link delete {name}"
            ),
            false => String::new(),
        };
        return Err(failed(format!("ip says: {said}{remedy}")));
    }
    Ok(())
}

/// Runs the program `ip`, which knows all that can be asked of the kernel.
fn ip<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Output> {
    let mut ip = Command::new("ip");
    ip.args(arguments);
    sys::default_signals(&mut ip);
    ip.output().map_err(|err| match errno(&err) {
        Errno::ENOENT => Error::NoIp,
        _ => Error::system("cannot run the program `ip`", err),
    })
}

/// Whether there is a TUN device of this name already, or an interface like it:
/// a link with two ends (netdevice(7), IFF_POINTOPOINT).
pub fn is_there(name: &str) -> bool {
    let two_ends = |it: InterfaceAddress| {
        it.interface_name == name && it.flags.contains(InterfaceFlags::IFF_POINTOPOINT)
    };
    getifaddrs().is_ok_and(|mut all| all.any(two_ends))
}

/// The interface into which the routes of this host lead a packet, if any.
///
/// As `ip route get` tells it: for a device without an address, the address
/// that the kernel would send from is that of another interface.
pub fn route(destination: IpAddr) -> Result<Option<String>> {
    let output = ip(["route", "get", &destination.to_string()])?;
    let line = String::from_utf8_lossy(&output.stdout);
    let mut words = line.split_whitespace().skip_while(|word| *word != "dev");
    Ok(words.nth(1).map(str::to_owned))
}

/// Checks a device name as the kernel would, but before anything is created:
/// one that is too long it cuts silently, and another device would appear.
pub fn check_name(name: &str) -> Result<()> {
    // `dev_valid_name` in the kernel's net/core/dev.c. IFNAMSIZ is 16 with
    // the zero byte at the end. '%' would let the kernel choose a number.
    let err = if name.is_empty() {
        "a name has at least one character"
    } else if name.len() > 15 {
        "a name has at most 15 bytes"
    } else if [".", "..", "all", "default"].contains(&name) {
        // The last two are folders of settings in /proc/sys/net.
        "this name is reserved"
    } else if name.contains(|c: char| c == '/' || c == ':' || c == '%' || c.is_whitespace()) {
        "a name has no slash, colon, percent sign or space"
    } else {
        return Ok(());
    };
    let name = name.to_owned();
    Err(Error::BadName { name, err })
}

/// [`check_name`] in the form that `clap` asks for.
pub fn parse_name(name: &str) -> std::result::Result<String, String> {
    check_name(name).map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}

/// Reads an address with its prefix length, as in `192.168.0.1/24`.
pub fn parse_cidr(text: &str) -> std::result::Result<IpNet, String> {
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
    let bits = prefix.parse().ok().filter(|bits| *bits <= longest);
    let bits = bits.ok_or_else(|| {
        format!(
            "the prefix length of an {family} address is a number from 0 to {longest}, \
             not {prefix:?}"
        )
    })?;
    let net = IpNet::new(address, bits).map_err(|err| err.to_string())?;
    match not_a_host(&net) {
        Some(what) => {
            let host = net.hosts().find(|host| *host != net.network());
            let host = host.unwrap_or(address);
            Err(format!(
                "{address} is the address of {what}; a host has another, as in {host}/{bits}"
            ))
        }
        None => Ok(net),
    }
}

/// What the address stands for, if not for one host of its network.
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

/// The system error inside an error of the `tun` crate.
pub fn io_error(error: tun::Error) -> io::Error {
    match error {
        tun::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_kernel_would_cut_or_refuse() {
        for good in ["tun0", "a", "fifteen-letters"] {
            assert!(check_name(good).is_ok(), "{good}");
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
            assert!(check_name(bad).is_err(), "{bad}");
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
