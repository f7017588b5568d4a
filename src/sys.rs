//! The only module of the library with `unsafe` in it: system calls for which
//! neither the standard library nor `nix` has a safe form. Each function is
//! small, and sound for every caller that its types allow.
//!
//! | function | what is `unsafe` in it | why it holds for every caller |
//! |---|---|---|
//! | [`of_tun`] | a number becomes a [`BorrowedFd`] | the number is that of a `tun::Device`, which keeps it open for as long as it lives; the result borrows the device |
//! | [`enter`], [`default_signals`], [`foreground`], [`new_session`] | `pre_exec`: code between fork and exec, where another thread may have held any lock | system calls only; all memory was allocated before the fork, and the errors are numbers |
//! | [`reset_signals`] | `signal` could install a handler, which may be called at any moment | no handler: the default, or "ignore" |
//! | [`take_terminal`] | a C function | it takes two numbers, and no memory |
//! | [`exit_on`] | a handler, which may be called at any moment | it makes one system call, `_exit`, and touches no memory |
//! | [`is_ignored`], [`bind_packet`], [`packet_drops`] | a pointer to a struct, and its length | both are those of a local variable, which outlives the call |
//! | [`interface_name`], [`checksum_offload_off`] | `ioctl` with a pointer, whose type nobody checks | each request is given the struct that it is for, all of it initialised, writable, and alive during the call |
//! | [`is_ignored`], [`bind_packet`], `interface_request` | `zeroed` | plain numbers, of which all bits zero are valid; the pointers in the union of `ifreq` may be null |
//!
//! A descriptor is always asked for as [`AsFd`]: [`AsRawFd`] is implemented for
//! plain numbers too, and a number does not keep anything open. What needs no
//! kernel, Miri checks: `cargo +nightly miri test --lib sys::`.

use std::ffi::CString;
use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::socket::{getsockopt, sockopt};
use nix::unistd::{Pid, chdir, setpgid, setsid};

/// The descriptor of a device of the `tun` crate, which has it as a number only.
pub fn of_tun(device: &tun::Device) -> BorrowedFd<'_> {
    // SAFETY: the device opened its descriptor and closes it when it is
    // dropped, and the result cannot outlive the borrow of the device. (The
    // crate can also be given any number to own, in its configuration; whoever
    // does that without owning it has broken the promise there already, for
    // the device closes it.)
    unsafe { BorrowedFd::borrow_raw(device.as_raw_fd()) }
}

/// Frees this process from two signals. Where the parent had SIGCHLD ignored,
/// we inherit that, and the kernel would bury our children before we can ask
/// for their exit codes (wait(2)). And SIGXFSZ would end a program whose capture
/// reaches the limit of `ulimit -f`; without it, `write` fails (setrlimit(2)).
pub fn reset_signals() -> io::Result<()> {
    // SAFETY: no handler is installed.
    unsafe {
        signal(Signal::SIGCHLD, SigHandler::SigDfl)?;
        signal(Signal::SIGXFSZ, SigHandler::SigIgn)?;
    }
    Ok(())
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

/// Makes `command` start with no signal blocked and none ignored, as from a
/// shell. A child inherits both from its parent: a program that blocks Ctrl-C
/// would start deaf programs.
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
    // SAFETY: as in `enter`: system calls only, nothing allocated.
    unsafe { command.pre_exec(reset) };
}

/// Makes this signal end the process at once, with the exit code that a shell
/// would report: 128 and the number of the signal (signal(2)). A program
/// that is started from here has the default action again (execve(2)).
pub fn exit_on(which: Signal) -> io::Result<()> {
    extern "C" fn exit(signal: libc::c_int) {
        // SAFETY: _exit is async-signal-safe (signal-safety(7)).
        unsafe { libc::_exit(128 + signal) }
    }
    // SAFETY: the handler makes one async-signal-safe call, and touches nothing
    // that the code it interrupts may have been changing.
    unsafe { signal(which, SigHandler::Handler(exit)) }?;
    Ok(())
}

/// Whether this process ignores this signal.
pub fn is_ignored(signal: Signal) -> bool {
    // SAFETY: all-zero bytes are a valid sigaction.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes the present action into `action`, which outlives
    // the call. A null pointer in the place of a new one changes nothing.
    let asked =
        unsafe { libc::sigaction(signal as libc::c_int, std::ptr::null(), &raw mut action) };
    asked == 0 && action.sa_sigaction == libc::SIG_IGN
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
    // SAFETY: two numbers, and no memory. (`io::stdin()` would allocate a buffer
    // when it is called for the first time, which `foreground` must not.)
    let done = check(unsafe { libc::tcsetpgrp(libc::STDIN_FILENO, libc::getpgrp()) });
    before.thread_set_mask()?;
    done
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
    getsockopt(socket, sockopt::SockType)?; // other files may know the request as another
    let mut request = interface_request("")?;
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
    getsockopt(socket, sockopt::SockType)?; // as in `interface_name`
    let mut value: [u32; 2] = [ETHTOOL_STXCSUM, 0]; // struct ethtool_value
    let mut request = interface_request(interface)?;
    request.ifr_ifru.ifru_data = value.as_mut_ptr().cast();
    // SAFETY: the request holds a name that ends in a zero byte and a pointer
    // to a struct ethtool_value; both outlive the call.
    check(unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), SIOCETHTOOL, &raw mut request) })
}

/// An ifreq for this interface; an error where the kernel would see another
/// name, cut after 15 bytes or at a zero byte.
fn interface_request(name: &str) -> io::Result<libc::ifreq> {
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() || name.contains('\0') {
        return Err(Errno::ENODEV.into());
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    Ok(request)
}

fn check(result: libc::c_int) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_kernel_would_read_as_another() {
        let name = |name| {
            let request = interface_request(name).ok()?;
            Some(request.ifr_name.map(|c| c as u8))
        };
        assert_eq!(name("tun0").unwrap(), *b"tun0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(name("fifteen-letters").unwrap(), *b"fifteen-letters\0");
        assert_eq!(name("sixteen-letters!"), None);
        assert_eq!(name("lo\0tun0"), None);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri makes no such system calls")]
    fn only_sockets_are_asked() {
        let file = std::fs::File::open("/dev/null").unwrap();
        for result in [
            interface_name(&file, 1).map(drop),
            checksum_offload_off(&file, "lo"),
            packet_drops(&file).map(drop),
            bind_packet(&file, 1),
        ] {
            assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ENOTSOCK));
        }
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(interface_name(&socket, 1).unwrap(), "lo");
        assert!(packet_drops(&socket).is_err());
    }
}
