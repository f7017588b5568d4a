//! The only module of the library with `unsafe` in it: system calls for which
//! neither the standard library nor `nix` has a safe form. Each function is
//! small, and sound for every caller that its types allow.
//!
//! | function | what is `unsafe` in it | why it holds for every caller |
//! |---|---|---|
//! | [`descriptor`] | a number becomes a [`BorrowedFd`] | the number is that of a `tun::Device`, which keeps it open for as long as it lives, unless it was told not to; the result borrows the device |
//! | [`default_signals`] | `pre_exec`: code between fork and exec, where another thread may have held any lock | system calls only; nothing is allocated, and the errors are numbers |
//! | [`default_signals`], [`set_signals`] | `signal` could install a handler, which may be called at any moment | no handler: the default, or "ignore" |
//! | [`bind_packet`], [`packet_drops`], [`set_mtu_discovery`], [`path_mtu`], [`only_too_big`] | a pointer to a variable, and its length | both are those of a local variable, which outlives the call |
//! | [`set_offload`] | `ioctl` with a number, which another kind of file could take for a pointer | it is a `tun::Device`, and there the argument is a number |
//! | [`interface_name`] | `ioctl` with a pointer, whose type is not checked | the request is given the struct that it is for, all of it initialised, writable, and alive during the call |
//! | [`bind_packet`], [`interface_name`] | `zeroed` | plain numbers, of which all bits zero are valid; the pointers in the union of `ifreq` may be null |
//!
//! A descriptor is always asked for as [`AsFd`]: [`AsRawFd`] is implemented for
//! plain numbers too, and a number does not keep anything open.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::socket::{getsockopt, sockopt};

/// The descriptor of a device, to wait for it; the `tun` crate has it as a number
/// only.
pub fn descriptor(device: &tun::Device) -> BorrowedFd<'_> {
    // SAFETY: the device opened its descriptor and closes it when it is
    // dropped, and the result cannot outlive the borrow of the device. One hole
    // is left, and it is the crate's: in its configuration it can be given a
    // number that other code may close (`raw_fd`). Nothing here does.
    unsafe { BorrowedFd::borrow_raw(device.as_raw_fd()) }
}

/// Says what the program that reads a device will do itself: checksums and
/// segmentation, as flags `TUN_F_...` (TUNSETOFFLOAD in the kernel's
/// include/uapi/linux/if_tun.h).
pub fn set_offload(device: &tun::Device, flags: libc::c_uint) -> io::Result<()> {
    // SAFETY: it is a TUN device, for which the argument of this request is a number.
    let result = unsafe {
        libc::ioctl(
            device.as_raw_fd(),
            libc::TUNSETOFFLOAD,
            libc::c_ulong::from(flags),
        )
    };
    Ok(Errno::result(result).map(drop)?)
}

/// Sets two signals to what a program needs. SIGCHLD to its default: a parent may
/// have set it to "ignore", and then wait(2) finds no exit codes of children. And
/// SIGXFSZ to "ignore": at the limit of `ulimit -f`, `write` then fails with EFBIG,
/// where the signal would end the program (setrlimit(2)).
pub fn set_signals() -> io::Result<()> {
    // SAFETY: no handler is installed.
    unsafe {
        signal(Signal::SIGCHLD, SigHandler::SigDfl)?;
        signal(Signal::SIGXFSZ, SigHandler::SigIgn)?;
    }
    Ok(())
}

/// Makes `command` start with no signal blocked and none ignored, as from a
/// shell. A child inherits both from its parent: a program that blocks SIGINT
/// would start programs that Ctrl-C cannot end.
pub fn default_signals(command: &mut Command) {
    let all = SigSet::all();
    let reset = move || {
        for each in Signal::iterator() {
            if ![Signal::SIGKILL, Signal::SIGSTOP].contains(&each) {
                // SAFETY: no handler is installed.
                unsafe { signal(each, SigHandler::SigDfl) }?;
            }
        }
        Ok(sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&all), None)?)
    };
    // SAFETY: the closure runs between fork and exec, where only
    // async-signal-safe calls are allowed (signal-safety(7)); it makes the
    // system calls rt_sigaction and rt_sigprocmask, and allocates nothing.
    unsafe { command.pre_exec(reset) };
}

/// Binds a packet socket to one interface, or to all of them with index 0. Frames
/// of this protocol arrive: `ETH_P_ALL` for all, and none with 0 (packet(7)).
pub fn bind_packet(socket: &impl AsFd, interface: u32, protocol: libc::c_int) -> io::Result<()> {
    // SAFETY: all-zero bytes are a valid sockaddr_ll.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (protocol as u16).to_be(); // network byte order
    address.sll_ifindex = interface as i32;
    // SAFETY: the pointer and the length describe `address`, which outlives
    // the call; the kernel only reads it.
    let result = unsafe {
        libc::bind(
            socket.as_fd().as_raw_fd(),
            (&raw const address).cast(),
            size_of::<libc::sockaddr_ll>() as u32,
        )
    };
    Ok(Errno::result(result).map(drop)?)
}

/// Sets IP_MTU_DISCOVER, or IPV6_MTU_DISCOVER, to one of the values IP_PMTUDISC_... (ip(7));
/// those of IPv6 are the same numbers.
pub fn set_mtu_discovery(socket: &impl AsFd, ipv4: bool, value: libc::c_int) -> io::Result<()> {
    let (level, name) = match ipv4 {
        true => (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER),
        false => (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER),
    };
    // SAFETY: the pointer and the length describe `value`, which outlives the call;
    // the kernel only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as u32,
        )
    };
    Ok(Errno::result(result).map(drop)?)
}

/// The path MTU that the kernel knows for a connected socket, in bytes (IP_MTU in ip(7),
/// IPV6_MTU in ipv6(7)).
pub fn path_mtu(socket: &impl AsFd, ipv4: bool) -> io::Result<u32> {
    let (level, name) = match ipv4 {
        true => (libc::IPPROTO_IP, libc::IP_MTU),
        false => (libc::IPPROTO_IPV6, libc::IPV6_MTU),
    };
    let mut mtu: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as u32;
    // SAFETY: the kernel writes at most `length` bytes into `mtu`, and both outlive
    // the call.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            (&raw mut mtu).cast(),
            &raw mut length,
        )
    };
    Errno::result(result)?;
    Ok(mtu.unsigned_abs())
}

/// Of all messages of ICMP or ICMPv6, leaves a raw socket those of the type that says
/// "too big": 3 or 2. In both filters a bit that is set keeps a type out (raw(7); RFC
/// 3542, section 3.2).
pub fn only_too_big(socket: &impl AsFd, ipv4: bool) -> io::Result<()> {
    const SOL_RAW: libc::c_int = 255;
    const ICMP_FILTER: libc::c_int = 1;
    const ICMPV6_FILTER: libc::c_int = 1;
    let mut filter = [u32::MAX; 8];
    let (level, name, words) = match ipv4 {
        true => {
            filter[0] &= !(1 << 3);
            (SOL_RAW, ICMP_FILTER, 1)
        }
        false => {
            filter[0] &= !(1 << 2);
            (libc::IPPROTO_ICMPV6, ICMPV6_FILTER, filter.len())
        }
    };
    // SAFETY: the pointer and the length describe `filter` or its beginning, which
    // outlives the call; the kernel only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            filter.as_ptr().cast(),
            (words * size_of::<u32>()) as u32,
        )
    };
    Ok(Errno::result(result).map(drop)?)
}

/// How many frames the kernel dropped for this packet socket, because its
/// buffer was full, since this function was last called (packet(7)).
pub fn packet_drops(socket: &impl AsFd) -> io::Result<u32> {
    let mut stats = libc::tpacket_stats {
        tp_packets: 0,
        tp_drops: 0,
    };
    let mut length = size_of::<libc::tpacket_stats>() as u32;
    // SAFETY: the kernel writes at most `length` bytes into `stats`, and both
    // outlive the call.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut stats).cast(),
            &raw mut length,
        )
    };
    Errno::result(result)?;
    Ok(stats.tp_drops)
}

/// The name that interface number `index` has in the network namespace of
/// `socket`, which need not be the caller's (netdevice(7), SIOCGIFNAME).
pub fn interface_name(socket: &impl AsFd, index: u32) -> io::Result<String> {
    // Files of other kinds may give this request number another meaning. This
    // fails for them with ENOTSOCK.
    getsockopt(socket, sockopt::SockType)?;
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_ifru.ifru_ifindex = index as i32;
    // SAFETY: SIOCGIFNAME reads the index from the request and writes the
    // name into it; the request outlives the call.
    Errno::result(unsafe {
        libc::ioctl(
            socket.as_fd().as_raw_fd(),
            libc::SIOCGIFNAME,
            &raw mut request,
        )
    })?;
    let name = request.ifr_name.map(|c| c as u8);
    let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
    Ok(String::from_utf8_lossy(&name[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sockets_are_asked() {
        let file = std::fs::File::open("/dev/null").unwrap();
        for result in [
            interface_name(&file, 1).map(drop),
            packet_drops(&file).map(drop),
            bind_packet(&file, 1, libc::ETH_P_ALL),
        ] {
            assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ENOTSOCK));
        }
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(interface_name(&socket, 1).unwrap(), "lo");
        assert!(packet_drops(&socket).is_err());
    }
}
