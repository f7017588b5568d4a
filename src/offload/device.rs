//! A TUN device with a vnet header in front of each packet.

use std::io::{self, IoSlice};

use nix::errno::Errno;
use nix::libc;

use super::coalesce::Run;
use super::vnet;
use crate::args::DeviceArgs;
use crate::device::{Device, MAX_PACKET_LEN};
use crate::error::{Result, errno};

/// A buffer of this many bytes holds all that one read can give: the largest packet
/// of IPv6 without options is 40 bytes longer than one of IPv4.
pub const MAX_READ_LEN: usize = vnet::LEN + MAX_PACKET_LEN + 40;

/// What the kernel leaves to the program that reads a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offload {
    /// It hands over super-packets of TCP and of UDP.
    TcpAndUdp,
    /// Of TCP only: this kernel is older than Linux 6.2.
    Tcp,
    /// Nothing. Every packet is whole, of at most the MTU.
    Nothing,
}

// ANCHOR: open
/// Opens a device whose packets have a vnet header, and lets the kernel send
/// super-packets as far as it can.
///
/// # Errors
/// Those of [`Device::open`].
pub fn open(options: &DeviceArgs) -> Result<(Device, Offload)> {
    let device = Device::open_with_vnet_header(options)?;
    let offload = [Offload::TcpAndUdp, Offload::Tcp]
        .into_iter()
        .find(|offload| device.set_offload(flags(*offload)).is_ok())
        .unwrap_or(Offload::Nothing);
    Ok((device, offload))
}

/// The argument of TUNSETOFFLOAD (the kernel's include/uapi/linux/if_tun.h).
fn flags(offload: Offload) -> u32 {
    const TUN_F_USO4: u32 = 0x20;
    const TUN_F_USO6: u32 = 0x40;
    let tcp = libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6 | libc::TUN_F_TSO_ECN;
    match offload {
        Offload::TcpAndUdp => tcp | TUN_F_USO4 | TUN_F_USO6,
        Offload::Tcp => tcp,
        Offload::Nothing => 0,
    }
}
// ANCHOR_END: open

// ANCHOR: write
/// Writes the packets of a run: as one super-packet, if it has several. `head` is
/// memory that is used again from run to run.
///
/// # Errors
/// The kernel refused it; [`is_fatal`](crate::error::is_fatal) tells what that means.
/// EINVAL for joined datagrams of UDP: this kernel takes no such super-packet.
pub fn write(device: &Device, run: &Run, head: &mut Vec<u8>) -> io::Result<()> {
    let (vnet, mut pieces) = run.join(head);
    let vnet = vnet.to_bytes();
    pieces.insert(0, IoSlice::new(&vnet));
    device.send_vectored(&pieces)
}
// ANCHOR_END: write

/// Whether an error of [`write()`] says that the kernel does not take what was joined.
pub fn is_not_understood(err: &io::Error) -> bool {
    errno(err) == Errno::EINVAL
}
