//! What can go wrong, in words. Every message has the same shape: the first line
//! says what was tried and why it failed, the indented lines below what to do
//! about it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use nix::errno::Errno;

/// A result with the library's own [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Each way in which the library can fail. The text of a variant is its whole
/// message, several lines long: print it with `{}`.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the fields: their place in the message explains them
pub enum Error {
    /// `open` gave ENOENT.
    #[error(
        "cannot open /dev/net/tun: there is no such file\n  \
         on a real machine: sudo modprobe tun\n  \
         in a container:    start it with --device /dev/net/tun --cap-add NET_ADMIN"
    )]
    TunMissing,

    /// `open` gave ENODEV: the file is there, the driver is not.
    #[error(
        "cannot open /dev/net/tun: the kernel has no TUN driver\n  \
         try: sudo modprobe tun"
    )]
    TunNoDriver,

    /// `open` gave EACCES: the mode of the file forbids it.
    #[error(
        "cannot open /dev/net/tun: its file mode does not allow it\n  \
         distributions with udev give it the mode 0666, for all users; do the same:\n  \
         sudo chmod 666 /dev/net/tun"
    )]
    TunForbidden,

    /// EPERM: opening is free to all, creating needs CAP_NET_ADMIN.
    #[error(
        "{tried}: not permitted (it needs CAP_NET_ADMIN)\n  \
         in the lab you have every right: cargo lab shell left\n  \
         outside the lab: run the program with sudo"
    )]
    NotPermitted { tried: String },

    /// EPERM or EACCES from `socket(AF_PACKET)`.
    #[error(
        "cannot capture: not permitted (it needs CAP_NET_RAW)\n  \
         in the lab you have every right: cargo lab shell left\n  \
         outside the lab: run the program with sudo, or leave out --capture"
    )]
    CaptureNotPermitted,

    /// EPERM or EACCES from `socket(SOCK_RAW)`.
    #[error(
        "cannot listen to ICMP messages: not permitted (it needs CAP_NET_RAW)\n  \
         in the lab you have every right: cargo lab shell left\n  \
         outside the lab: run the program with sudo, or leave it to the kernel: --pmtu want"
    )]
    IcmpNotPermitted,

    /// EBUSY: another program holds a device of this name.
    #[error(
        "cannot create {name}: another program holds a device of that name\n  \
         end that program, or choose another name with --tun"
    )]
    NameTaken { name: String },

    /// EINVAL from TUNSETIFF: the name belongs to another kind of device.
    #[error(
        "cannot create {name}: there is a device of that name, and it is not a TUN device\n  \
         choose another name with --tun"
    )]
    NameOtherKind { name: String },

    /// EBADFD or EFAULT: the device was deleted.
    #[error(
        "{name} is gone: it was deleted while this program used it\n  \
         start the program again to create a new one"
    )]
    DeviceGone { name: String },

    /// The kernel would not take an address.
    #[error("cannot give {name} the address {address}: {reason}")]
    Address {
        name: String,
        address: String,
        reason: String,
    },

    /// EADDRINUSE.
    #[error(
        "cannot listen on {address}: another program has that port\n  \
         see which with: ss -lunp\n  \
         end it, or choose another port with --listen"
    )]
    PortInUse { address: SocketAddr },

    /// EADDRNOTAVAIL.
    #[error(
        "cannot listen on {address}: no interface of this host has that address\n  \
         see its addresses with: ip address\n  \
         leave out --listen to listen on all of them"
    )]
    NotMyAddress { address: SocketAddr },

    /// `--listen` and `--peer` are of different families.
    #[error(
        "cannot reach {peer} from {listen}: one is IPv4, the other IPv6\n  \
         give --listen and --peer addresses of one family"
    )]
    FamilyMismatch {
        listen: SocketAddr,
        peer: SocketAddr,
    },

    /// EACCES from `bind` (ip(7)).
    #[error(
        "cannot listen on {address}: a port below 1024 needs CAP_NET_BIND_SERVICE\n  \
         choose a larger one with --listen"
    )]
    PrivilegedPort { address: SocketAddr },

    /// `--listen` is an address that only this host can reach.
    #[error(
        "cannot reach {peer} from {listen}: what is sent from {from} never leaves this host\n  \
         leave out --listen to listen on all addresses of this host",
        from = .listen.ip()
    )]
    ListenLoopback {
        listen: SocketAddr,
        peer: SocketAddr,
    },

    /// The peer of a tunnel is an address of this host.
    #[error(
        "cannot reach a peer at {peer}: that is an address of this host\n  \
         give --peer the address of the host at the other end"
    )]
    ThisHost { peer: IpAddr },

    /// The route that comes with an address of the device would lead there.
    #[error(
        "cannot reach a peer at {peer}: that address is inside the tunnel, in {network} (--addr)\n  \
         a datagram to it would come out of the tunnel as a packet, and so on without end\n  \
         give --peer the address that the other host has outside the tunnel"
    )]
    PeerInside { peer: IpAddr, network: IpNet },

    /// A route that is there already leads into the device.
    #[error(
        "cannot reach a peer at {peer}: the route to it leads into {name}, the tunnel itself\n  \
         a datagram to it would come out of the tunnel as a packet, and so on without end\n  \
         see that route with: ip route get {peer}{oif}\n  \
         delete it, or choose another device with --tun",
        oif = match .peer {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => format!(" oif {name}"),
            _ => String::new(),
        }
    )]
    RouteInside { peer: IpAddr, name: String },

    /// The device has an IPv6 address.
    #[error(
        "the path to {peer} takes packets of {path} bytes, which leaves {inside} for those inside, \
         and IPv6 needs an MTU of at least 1280 (RFC 8200, section 5)\n  \
         leave out the IPv6 address, or let longer packets be cut: --mtu 1280 --pmtu dont"
    )]
    PathTooNarrow {
        peer: SocketAddr,
        path: u16,
        inside: u16,
    },

    /// EACCES from `connect`, for the address of all hosts in a network.
    #[error(
        "cannot reach {peer}: that is a broadcast address, which means all hosts of a network\n  \
         give --peer the address of one host"
    )]
    Broadcast { peer: IpAddr },

    /// EACCES or EINVAL from `connect`: a route that forbids the destination.
    #[error(
        "cannot reach {peer}: a route of this host forbids it\n  \
         see the routes it has with: ip route"
    )]
    RouteForbids { peer: IpAddr },

    /// ENETUNREACH and its relatives.
    #[error(
        "cannot reach {peer}: this host has no route to it\n  \
         see the routes it has with: ip route\n  \
         check the address after --peer"
    )]
    NoRoute { peer: IpAddr },

    /// No `ip` on the path.
    #[error(
        "cannot run the program `ip`: it was not found\n  \
         install it: sudo apt-get install iproute2"
    )]
    NoIp,

    /// A capture file or its folder.
    #[error("cannot write the capture {path}: {err}{remedy}", path = .path.display(), remedy = capture_remedy(.err))]
    CaptureFile { path: PathBuf, err: io::Error },

    /// A capture that cannot be read back.
    #[error("cannot read the capture {path}: {err}", path = .path.display())]
    CaptureRead { path: PathBuf, err: String },

    /// Any other error of the system; `tried` names the action.
    #[error("{tried}: {err}{remedy}", remedy = limit_remedy(.err))]
    System { tried: String, err: io::Error },
}

impl Error {
    /// Wraps a system error with the action that failed.
    pub fn system(tried: impl Into<String>, err: impl Into<io::Error>) -> Error {
        let (tried, err) = (tried.into(), err.into());
        Error::System { tried, err }
    }

    /// Wraps an error of writing a capture.
    pub fn capture_file(path: &Path, err: impl Into<io::Error>) -> Error {
        let (path, err) = (path.to_owned(), err.into());
        Error::CaptureFile { path, err }
    }

    /// Explains why ICMP messages cannot be listened to.
    pub fn listening_to_icmp(err: io::Error) -> Error {
        match errno(&err) {
            Errno::EPERM | Errno::EACCES => Error::IcmpNotPermitted,
            _ => Error::system("cannot listen to ICMP messages", err),
        }
    }

    /// Explains why a TUN device of this name could not be opened.
    ///
    /// EACCES and EPERM share one [`io::ErrorKind`] and need different
    /// remedies, so the number decides.
    pub fn opening_tun(name: &str, err: io::Error) -> Error {
        let name = name.to_owned();
        match errno(&err) {
            Errno::ENOENT => Error::TunMissing,
            Errno::ENODEV => Error::TunNoDriver,
            Errno::EACCES => Error::TunForbidden,
            Errno::EPERM => Error::NotPermitted {
                tried: format!("cannot create {name}"),
            },
            Errno::EBUSY => Error::NameTaken { name },
            Errno::EINVAL => Error::NameOtherKind { name },
            _ => Error::system(format!("cannot create {name}"), err),
        }
    }

    /// Explains an error of reading from or writing to a TUN device.
    pub fn using_tun(name: &str, err: io::Error) -> Error {
        let name = name.to_owned();
        match is_fatal(&err) {
            true => Error::DeviceGone { name },
            false => Error::system(format!("cannot use {name}"), err),
        }
    }
}

/// The error number inside an [`io::Error`], `UnknownErrno` if it has none.
pub fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

// ANCHOR: is_fatal
/// Whether this error of reading or writing means that the TUN device was deleted
/// (EBADFD; during a read, EFAULT), so that no further packet can pass. Any other
/// error of a write is about that one packet, which can be dropped.
pub fn is_fatal(err: &io::Error) -> bool {
    matches!(errno(err), Errno::EBADFD | Errno::EFAULT)
}
// ANCHOR_END: is_fatal

fn capture_remedy(err: &io::Error) -> &'static str {
    match errno(err) {
        Errno::EEXIST => "\n  there is a file of that name, and --capture needs a folder",
        Errno::ENOSPC => "\n  make room on that disk, or choose another folder",
        Errno::EACCES | Errno::EROFS | Errno::EPERM | Errno::ENOTDIR => {
            "\n  choose a folder that you may write to"
        }
        _ => limit_remedy(err),
    }
}

/// What to do when a limit of this process or of the machine is reached.
fn limit_remedy(err: &io::Error) -> &'static str {
    match errno(err) {
        Errno::EMFILE => "\n  see how many files a program may open with: ulimit -n",
        Errno::ENFILE => "\n  end other programs: the whole machine can open no more files",
        Errno::EAGAIN => "\n  see how many processes and threads you may start with: ulimit -u",
        Errno::ENOMEM => "\n  see how much memory a program may have with: ulimit -v",
        Errno::EFBIG => "\n  see how large a file may be with: ulimit -f",
        _ => "",
    }
}
