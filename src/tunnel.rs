//! The options, device, socket and capture of a tunnel, opened in the order of
//! chapter 6. Used from chapter 7 on.

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;

use crate::args::{DeviceArgs, parse_endpoint, parse_peer};
use crate::capture::LiveCapture;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::{egress, socket};

/// The options of every tunnel; chapter 6 explains them.
#[derive(clap::Args, Clone, Debug)]
pub struct TunnelArgs {
    /// What device to open.
    #[command(flatten)]
    pub device: DeviceArgs,

    /// Address and port of this end [default: port 9876 of any address]
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_endpoint)]
    pub listen: Option<SocketAddr>,

    /// Address and port of the other end
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_peer)]
    pub peer: SocketAddr,

    /// Write tun0.pcap, one of the real interface, and both.pcapng to DIR
    #[arg(long, value_name = "DIR")]
    pub capture: Option<PathBuf>,
}

/// The two descriptors of a tunnel, with the capture of both interfaces.
pub struct Tunnel {
    /// The device that inner packets come from and go to.
    pub tun: Device,
    /// The socket that outer packets come from and go to.
    pub udp: UdpSocket,
    /// Off without `--capture`.
    pub capture: LiveCapture,
}

impl Tunnel {
    /// Opens the socket and the device, and captures both interfaces from the
    /// first packet on, if the options ask for it.
    ///
    /// # Errors
    /// Those of [`egress::of_tunnel`], [`socket::bind`] and [`Device::open`]; and
    /// there is no right to capture, or no folder to write to.
    pub fn open(args: &TunnelArgs) -> Result<Tunnel> {
        let egress = egress::of_tunnel(&args.device, args.peer)?;
        let mut capture = LiveCapture::open(args.capture.as_deref())?;
        let udp = socket::bind(args.listen, Some(args.peer))?;
        let tun = Device::open(&args.device)?;
        capture.start(&[tun.name(), &egress])?;
        Ok(Tunnel { tun, udp, capture })
    }

    /// Makes reads of both return [`WouldBlock`](std::io::ErrorKind::WouldBlock)
    /// where there is nothing to read, instead of waiting.
    pub fn set_nonblocking(&self) -> Result<()> {
        self.tun.set_nonblocking()?;
        self.udp
            .set_nonblocking(true)
            .map_err(|err| Error::system("cannot make the socket non-blocking", err))
    }
}
