//! The only module of the library with `unsafe` in it: system calls for which
//! neither the standard library nor `nix` has a safe form. Each function is
//! small, and safe for its callers.

use std::ffi::CString;
use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask,
};
use nix::unistd::{Pid, chdir, setpgid, setsid, tcsetpgrp};

/// The descriptor inside `owner`, for calls that want a [`BorrowedFd`].
///
/// For types such as `tun::Device`, which implement [`AsRawFd`] only.
pub fn borrow(owner: &impl AsRawFd) -> BorrowedFd<'_> {
    // SAFETY: an owner keeps its descriptor open for as long as it lives, and
    // the result cannot outlive the borrow of the owner.
    unsafe { BorrowedFd::borrow_raw(owner.as_raw_fd()) }
}

/// Makes `command` start inside the given namespaces, in `folder`: entering
/// a mount namespace means starting in its root. Where the folder cannot be
/// seen from in there, it starts in the root.
pub fn enter(command: &mut Command, namespaces: Vec<OwnedFd>, folder: CString) {
    let enter = move || {
        for namespace in &namespaces {
            setns(namespace, CloneFlags::empty())?;
        }
        let _ = chdir(folder.as_c_str());
        Ok(())
    };
    // SAFETY: the closure runs between fork and exec, where only
    // async-signal-safe calls are allowed; it makes the system calls setns and
    // chdir, and allocates nothing.
    unsafe { command.pre_exec(enter) };
}

/// Makes `command` inherit this descriptor, under the number it has here.
pub fn hand_down(command: &mut Command, descriptor: OwnedFd) {
    let keep = move || {
        fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::empty()))?;
        Ok(())
    };
    // SAFETY: as in `enter`: one system call, nothing allocated.
    unsafe { command.pre_exec(keep) };
}

/// Takes over a descriptor that a parent handed down, and keeps it from being
/// handed down further. To be called once for a number.
pub fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl fails with EBADF if the number is no open descriptor; the
    // descriptor is one that the parent left open for us, so nothing else in
    // this process owns it.
    let descriptor = unsafe {
        check(libc::fcntl(number, libc::F_GETFD))?;
        OwnedFd::from_raw_fd(number)
    };
    fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(descriptor)
}

/// Makes `command` start with no signal blocked. A child inherits the mask of
/// its parent, and a program that blocks Ctrl-C would start deaf programs.
pub fn unblock_signals(command: &mut Command) {
    let all = SigSet::all();
    let unblock = move || Ok(sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&all), None)?);
    // SAFETY: as in `enter`: one system call, nothing allocated.
    unsafe { command.pre_exec(unblock) };
}

/// Makes this signal end the process at once, with the exit code that a shell
/// would report: 128 and the number of the signal (sigaction(2)). A program
/// that is started from here has the default action again (execve(2)).
pub fn exit_on(signal: Signal) -> io::Result<()> {
    extern "C" fn exit(signal: libc::c_int) {
        // SAFETY: _exit is async-signal-safe (signal-safety(7)).
        unsafe { libc::_exit(128 + signal) }
    }
    let action = SigAction::new(SigHandler::Handler(exit), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler calls nothing but an async-signal-safe function, and
    // touches no data of the process.
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

/// Gives this signal its default action, which the parent may have changed.
pub fn default_action(signal: Signal) -> io::Result<()> {
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action runs no code of ours.
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

/// Whether this process ignores this signal.
pub fn is_ignored(signal: Signal) -> bool {
    // SAFETY: all-zero bytes are a valid sigaction; the kernel writes the
    // present action into it, which outlives the call, and changes nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal as libc::c_int, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

/// Makes `command` a process group of its own and the one that the terminal
/// on standard input listens to, as a shell does with a foreground job.
pub fn foreground(command: &mut Command) {
    let foreground = || {
        let me = Pid::from_raw(0);
        setpgid(me, me)?;
        take_terminal()
    };
    // SAFETY: as in `enter`: system calls only, nothing allocated.
    unsafe { command.pre_exec(foreground) };
}

/// Makes `command` start in a session of its own, without a terminal.
pub fn new_session(command: &mut Command) {
    // SAFETY: as in `enter`: one system call, nothing allocated.
    unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) };
}

/// Makes the process group of the caller the terminal's foreground group.
pub fn take_terminal() -> io::Result<()> {
    // A process of the background that does this is sent SIGTTOU, which would
    // stop it; while it is blocked, the call goes through.
    let mut ttou = SigSet::empty();
    ttou.add(Signal::SIGTTOU);
    let before = ttou.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let done = tcsetpgrp(io::stdin(), nix::unistd::getpgrp());
    before.thread_set_mask()?;
    Ok(done?)
}

/// Binds a packet socket to one interface, or to all of them with index 0, so
/// that frames of every protocol arrive (packet(7)).
pub fn bind_packet(socket: &impl AsFd, interface: u32) -> io::Result<()> {
    // SAFETY: all-zero bytes are a valid sockaddr_ll.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be(); // network byte order
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
    check(result)
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
    check(result).map(|()| stats.tp_drops)
}

/// The name that interface number `index` has in the network namespace of
/// `socket`, which need not be the caller's (netdevice(7), SIOCGIFNAME).
pub fn interface_name(socket: &impl AsFd, index: u32) -> io::Result<String> {
    let mut request = interface_request("");
    request.ifr_ifru.ifru_ifindex = index as i32;
    // SAFETY: SIOCGIFNAME reads the index from the request and writes the
    // name into it; the request outlives the call.
    check(unsafe {
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

/// Turns checksum offload of an interface off, in the network namespace of
/// `socket`: the kernel then computes each checksum before a frame leaves, and
/// captures show what a wire would carry (linux/ethtool.h, ETHTOOL_STXCSUM).
pub fn checksum_offload_off(socket: &impl AsFd, interface: &str) -> io::Result<()> {
    const ETHTOOL_STXCSUM: u32 = 0x17;
    const SIOCETHTOOL: libc::Ioctl = 0x8946;
    let mut value: [u32; 2] = [ETHTOOL_STXCSUM, 0]; // struct ethtool_value
    let mut request = interface_request(interface);
    request.ifr_ifru.ifru_data = value.as_mut_ptr().cast();
    // SAFETY: the request holds a name that ends in a zero byte and a pointer
    // to a struct ethtool_value; both outlive the call.
    check(unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), SIOCETHTOOL, &raw mut request) })
}

/// An ifreq for this interface, cut to the 15 bytes that fit.
fn interface_request(name: &str) -> libc::ifreq {
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(15)) {
        *to = from as libc::c_char;
    }
    request
}

fn check(result: libc::c_int) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
