//! The TUN device: a descriptor on one side, a network interface on the other.
//!
//! What the kernel routes into the interface can be read from the descriptor,
//! one packet for each read; what is written to the descriptor, one packet
//! for each write, arrives from the interface. The source is the kernel's
//! Documentation/networking/tuntap.rst.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};

use ipnet::IpNet;
use nix::errno::Errno;
use nix::sys::uio::writev;
use tun::AbstractDevice;

use crate::args::DeviceArgs;
use crate::error::{Error, Result, errno};
use crate::iproute::ip;
use crate::sys;
pub use crate::sys::descriptor;

/// A buffer of this many bytes holds every packet that a TUN device can give:
/// no MTU of one is larger (`MAX_MTU` in the kernel's drivers/net/tun.c).
///
/// It is the largest packet of IPv4 (RFC 791, section 3.1). One of IPv6 can be
/// 40 bytes larger, because its length field leaves out the header (RFC 8200,
/// section 3), and a jumbogram far larger (RFC 2675); neither fits through here.
pub const MAX_PACKET_LEN: usize = 65_535;

/// An open TUN device, configured and up. Dropping it closes the descriptor, and
/// the kernel removes the interface, unless that is persistent (TUNSETPERSIST).
pub struct Device {
    tun: tun::Device,
    name: String,
}

impl Device {
    // ANCHOR: open
    /// Creates the device, sets its MTU, adds its addresses and brings it up, in
    /// this order: once it is up, the kernel may send through it.
    ///
    /// # Errors
    /// There is no driver, or no right to use it; the name is taken; the MTU or an
    /// address is refused; or there is no program `ip`.
    pub fn open(options: &DeviceArgs) -> Result<Device> {
        Device::create(options, tun::Configuration::default())
    }

    fn create(options: &DeviceArgs, mut config: tun::Configuration) -> Result<Device> {
        config.tun_name(&options.name);
        let mut tun =
            tun::create(&config).map_err(|err| Error::opening_tun(&options.name, io_error(err)))?;
        // A persistent device keeps what another program has asked for: here, whole packets.
        let _ = sys::set_offload(&tun, 0);
        let name = options.name.clone();
        no_link_local(&name);
        let mtu = options.mtu();
        tun.set_mtu(mtu).map_err(|err| {
            let tried = format!("cannot set the MTU of {name} to {mtu}");
            Error::system(tried, io_error(err))
        })?;
        for address in &options.addresses {
            add_address(&name, *address, mtu)?;
        }
        tun.enabled(true)
            .map_err(|err| Error::system(format!("cannot bring {name} up"), io_error(err)))?;
        Ok(Device { tun, name })
    }
    // ANCHOR_END: open

    /// As [`Device::open`], but with a
    /// [vnet header](crate::offload::vnet) in front of each packet that is read or
    /// written.
    pub fn open_with_vnet_header(options: &DeviceArgs) -> Result<Device> {
        let mut config = tun::Configuration::default();
        config.platform_config(|platform| {
            platform.vnet_hdr(true);
        });
        Device::create(options, config)
    }

    /// The name of the interface.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lowers the MTU of the interface to this many bytes, unless it is as low
    /// already. Returns whether it did.
    ///
    /// # Errors
    /// The device is gone, or the kernel refuses this MTU.
    pub fn lower_mtu(&self, mtu: u16) -> Result<bool> {
        let name = &self.name;
        let now = self.tun.mtu().map_err(|err| match io_error(err) {
            gone if errno(&gone) == Errno::ENODEV => Error::DeviceGone { name: name.clone() },
            err => Error::system(format!("cannot read the MTU of {name}"), err),
        })?;
        if now <= mtu {
            return Ok(false);
        }
        // The crate's own way needs the device for itself, and another thread may be reading.
        let output = ip(["link", "set", "dev", name, "mtu", &mtu.to_string()])?;
        match output.status.success() {
            true => Ok(true),
            false => {
                let said = String::from_utf8_lossy(&output.stderr);
                let tried = format!("cannot lower the MTU of {name} to {mtu}");
                Err(Error::system(
                    tried,
                    io::Error::other(format!("ip says: {}", said.trim())),
                ))
            }
        }
    }

    /// Makes `recv` return [`io::ErrorKind::WouldBlock`] instead of waiting.
    pub fn set_nonblocking(&self) -> Result<()> {
        let tried = || format!("cannot make {} non-blocking", self.name);
        self.tun
            .set_nonblock()
            .map_err(|err| Error::system(tried(), err))
    }

    /// Reads the next packet that the kernel sends into the interface, and
    /// returns its length in bytes. What does not fit into `buffer` is lost
    /// without a word: pass [`MAX_PACKET_LEN`] bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is none now and the device is
    /// non-blocking. Any other error should end the program: no packet was read that
    /// could be dropped.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tun.recv(buffer)
    }

    /// Hands one packet to the kernel as if it had arrived at the interface.
    ///
    /// # Errors
    /// The kernel refused this packet: EINVAL if it does not begin like an IP
    /// packet, EIO while the interface is down. Or the device is gone:
    /// [`is_fatal`](crate::error::is_fatal) tells which.
    pub fn send(&self, packet: &[u8]) -> io::Result<()> {
        self.tun.send(packet).map(drop)
    }

    /// Says what the program will do itself, as flags `TUN_F_...`: the kernel
    /// leaves it undone, and says so in the [vnet header](crate::offload::vnet).
    ///
    /// # Errors
    /// EINVAL: this kernel does not know one of the flags.
    pub fn set_offload(&self, flags: u32) -> io::Result<()> {
        sys::set_offload(&self.tun, flags)
    }

    /// As [`Device::send`], for a packet in several pieces.
    pub fn send_vectored(&self, pieces: &[IoSlice]) -> io::Result<()> {
        Ok(writev(self, pieces).map(drop)?)
    }

    /// Says what a fatal error of [`Device::recv`] or [`Device::send`] means.
    pub fn explain(&self, err: io::Error) -> Error {
        Error::using_tun(&self.name, err)
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        descriptor(&self.tun)
    }
}

// ANCHOR: no_link_local
/// Keeps the kernel from giving the interface a link-local IPv6 address.
///
/// With such an address the kernel sends router solicitations and multicast
/// reports, and every capture would begin with packets that no program sent.
/// Value 1 of `addr_gen_mode` is "none" (Documentation/networking/ip-sysctl.rst).
/// A kernel without IPv6 has no such file, and no need.
pub fn no_link_local(name: &str) {
    let file = format!("/proc/sys/net/ipv6/conf/{name}/addr_gen_mode");
    let _ = std::fs::write(file, "1");
}
// ANCHOR_END: no_link_local

/// Adds an IPv4 or IPv6 address, and with it the route to its network.
///
/// The `tun` crate sets one IPv4 address; `ip` adds any number of either.
fn add_address(name: &str, address: IpNet, mtu: u16) -> Result<()> {
    let failed = |reason: String| Error::Address {
        name: name.to_owned(),
        address: address.to_string(),
        reason,
    };
    if address.addr().is_ipv6() && mtu < 1280 {
        return Err(failed(
            "IPv6 needs an MTU of at least 1280 (RFC 8200, section 5)".to_owned(),
        ));
    }
    if address.addr().is_ipv6() {
        // On a host with IPv6 switched off, this switches it on for this
        // interface only. If that fails, `ip` says why.
        let file = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
        let _ = std::fs::write(file, "0");
    }
    // The kernel does no duplicate address detection on a TUN device (IFF_NOARP).
    // `nodad` says so at once, so that the address can be used as soon as it is
    // there.
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

/// The system error inside an error of the `tun` crate.
pub fn io_error(error: tun::Error) -> io::Error {
    match error {
        tun::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
