//! The only module of the lab with `unsafe` in it, by the rules of the library's
//! `sys`: each function is small, and sound for every caller that its types
//! allow.
//!
//! | function | what is `unsafe` in it | why it holds for every caller |
//! |---|---|---|
//! | [`enter`], [`foreground`], [`new_session`] | `pre_exec`: code between fork and exec, where another thread may have held any lock | system calls only; all memory was allocated before the fork, and the errors are numbers |
//! | [`take_terminal`] | a C function | it takes two numbers, and no memory |
//! | [`exit_on`] | a handler, which may be called at any moment | it makes one system call, `_exit`, and touches no memory |
//! | [`is_ignored`] | a pointer to a struct | it is that of a local variable, which outlives the call |
//! | [`checksum_offload_off`] | `ioctl` with a pointer, whose type is not checked | the request is given the struct that it is for, all of it initialised, writable, and alive during the call |
//! | [`is_ignored`], `interface_request` | `zeroed` | plain numbers, of which all bits zero are valid; the pointers in the union of `ifreq` may be null |
//!
//! What needs no kernel, Miri checks: `cargo +nightly miri test -p lab --lib sys::`.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal};
use nix::sys::socket::{getsockopt, sockopt};
use nix::unistd::{Pid, chdir, setpgid, setsid};

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
    let done = Errno::result(unsafe { libc::tcsetpgrp(libc::STDIN_FILENO, libc::getpgrp()) });
    before.thread_set_mask()?;
    Ok(done.map(drop)?)
}

/// Turns checksum offload of an interface off, in the network namespace of
/// `socket`: the kernel then computes each checksum before a frame leaves, and
/// captures show what a wire would carry (linux/ethtool.h, ETHTOOL_STXCSUM).
pub fn checksum_offload_off(socket: &impl AsFd, interface: &str) -> io::Result<()> {
    const ETHTOOL_STXCSUM: u32 = 0x17;
    const SIOCETHTOOL: libc::Ioctl = 0x8946;
    getsockopt(socket, sockopt::SockType)?; // other files may know the request as another
    let mut value: [u32; 2] = [ETHTOOL_STXCSUM, 0]; // struct ethtool_value
    let mut request = interface_request(interface)?;
    request.ifr_ifru.ifru_data = value.as_mut_ptr().cast();
    // SAFETY: the request holds a name that ends in a zero byte and a pointer
    // to a struct ethtool_value; both outlive the call.
    let done = Errno::result(unsafe {
        libc::ioctl(socket.as_fd().as_raw_fd(), SIOCETHTOOL, &raw mut request)
    });
    Ok(done.map(drop)?)
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
        let result = checksum_offload_off(&file, "lo");
        assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ENOTSOCK));
    }
}
