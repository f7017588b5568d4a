//! A world of our own: the processes and namespaces that a lab lives in.
//!
//! Two processes. The outer one is what the reader started: it makes a user
//! namespace, in which an ordinary user has all rights, and a PID namespace,
//! starts itself again in there, and waits. The inner one is the first process
//! of that PID namespace: when it ends, in whatever way, the kernel kills all
//! others in there, and the namespaces vanish with them. See
//! user_namespaces(7) and pid_namespaces(7).
//!
//! So nothing stays behind, whoever is killed: if it is the outer process, the
//! inner one notices, because a pipe between them closes, and ends.

use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};

use anyhow::Context;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, getegid, geteuid, getpgrp, tcgetpgrp};

use super::error::Error;
use crate::sys;

/// Tells the inner process that it is the inner one, and which descriptor is
/// the pipe from the outer one.
const LIFELINE: &str = "LAB_LIFELINE";

/// Starts this program again in a world of its own, with the same arguments,
/// and waits for its end.
///
/// To be called while the process has only one thread: with more, the kernel
/// makes no user namespace.
pub fn begin() -> anyhow::Result<ExitStatus> {
    let signals = signals(&[Signal::SIGCHLD])?;
    enter_namespaces()?;

    let (end, keep) = io::pipe()?;
    let mut inner = Command::new("/proc/self/exe");
    inner.args(std::env::args_os().skip(1));
    inner.env(LIFELINE, end.as_raw_fd().to_string());
    sys::hand_down(&mut inner, end.into());
    let terminal = has_terminal();
    if terminal {
        inner.env(TERMINAL, "1");
    }
    let inner = inner.spawn().context("cannot start the lab")?;
    let status = wait(inner, &signals)?;
    drop(keep);
    if terminal {
        let _ = sys::take_terminal();
    }
    Ok(status)
}

/// Runs a command that joins a lab, and waits for its end.
pub fn run(command: &mut Command) -> anyhow::Result<ExitStatus> {
    let signals = signals(&[Signal::SIGCHLD])?;
    let terminal = has_terminal();
    let status = wait(command.spawn()?, &signals)?;
    if terminal {
        let _ = sys::take_terminal();
    }
    Ok(status)
}

/// Waits for the end of a child, and passes the signals that would end this
/// process on to it.
fn wait(mut child: Child, signals: &SignalFd) -> anyhow::Result<ExitStatus> {
    loop {
        match signals.read_signal() {
            Ok(Some(signal)) if signal.ssi_signo != Signal::SIGCHLD as u32 => {
                let signal = Signal::try_from(signal.ssi_signo as i32)?;
                // It may have ended in this moment.
                let _ = kill(Pid::from_raw(child.id() as i32), signal);
            }
            Ok(_) | Err(Errno::EINTR) => (),
            Err(why) => return Err(why).context("cannot wait for a child"),
        }
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
    }
}

/// Enters the user namespace of a lab that runs already, given the process
/// number of its first process. To be called with one thread only.
pub fn join(pid: u32) -> io::Result<()> {
    let user = File::open(format!("/proc/{pid}/ns/user"))?;
    // Root's labs have no user namespace; to enter one's own is an error.
    if user.metadata()?.ino() != fs::metadata("/proc/self/ns/user")?.ino() {
        setns(user, CloneFlags::CLONE_NEWUSER)?;
    }
    Ok(())
}

/// Makes children from now on processes of that lab, which end with it. A
/// process that has done this cannot start threads any more.
pub fn join_processes(pid: u32) -> io::Result<()> {
    let processes = File::open(format!("/proc/{pid}/ns/pid"))?;
    Ok(setns(processes, CloneFlags::CLONE_NEWPID)?)
}

/// Makes a command of the inner process one as the reader would start it.
pub fn outside(command: &mut Command) {
    command.env_remove(LIFELINE).env_remove(TERMINAL);
    sys::unblock_signals(command);
}

/// Set for the inner process if the outer one may give the terminal away.
const TERMINAL: &str = "LAB_TERMINAL";

/// Gives the terminal to this command while it runs, so that Ctrl-C and Ctrl-Z
/// reach it and not us: if there is a terminal, and we have it. The outer
/// process takes it back; the inner one cannot, and cannot even tell whether
/// it has it, for its process group has no number in its own world.
pub fn foreground(command: &mut Command) {
    if std::env::var_os(TERMINAL).is_some() || has_terminal() {
        sys::foreground(command);
    }
}

/// Whether Ctrl-C at the terminal on standard input would reach this process.
fn has_terminal() -> bool {
    io::stdin().is_terminal() && getpgrp().as_raw() > 0 && tcgetpgrp(io::stdin()) == Ok(getpgrp())
}

/// The exit code that a shell would report for this status.
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.unwrap_or(1) as u8
}

/// Makes the namespaces that the next child will live in. Root needs no user
/// namespace, and so can run a lab where ordinary users may not make one.
fn enter_namespaces() -> Result<(), Error> {
    let (user, group) = (geteuid(), getegid());
    if !user.is_root() {
        unshare(CloneFlags::CLONE_NEWUSER)
            .map_err(|why| Error::namespaces("unshare, CLONE_NEWUSER", why))?;
        // In there we are root, and everything we do to files is done as the
        // user we are out here. Setting groups has to be given up first.
        let map =
            |file, text: &str| fs::write(file, text).map_err(|why| Error::namespaces(file, why));
        map("/proc/self/setgroups", "deny")?;
        map("/proc/self/uid_map", &format!("0 {user} 1"))?;
        map("/proc/self/gid_map", &format!("0 {group} 1"))?;
    }
    unshare(CloneFlags::CLONE_NEWPID).map_err(|why| Error::namespaces("unshare, CLONE_NEWPID", why))
}

/// The signals that end a lab, and these, as a descriptor.
fn signals(more: &[Signal]) -> anyhow::Result<SignalFd> {
    let ending = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    let set: SigSet = ending.iter().chain(more).copied().collect();
    set.thread_block()
        .and_then(|()| SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC))
        .context("cannot turn signals into a descriptor")
}

/// The inner process's hold on the outer one.
pub struct Lifeline(OwnedFd);

impl Lifeline {
    /// `Some` in the inner process, `None` in one that a reader started.
    pub fn take() -> Option<Lifeline> {
        let number = std::env::var(LIFELINE).ok()?.parse().ok()?;
        sys::adopt(number).ok().map(Lifeline)
    }

    /// Calls `end` in a thread as soon as a signal asks for the end of the lab
    /// (`Some`) or the outer process is gone (`None`). To be called before
    /// other threads start: they inherit the blocked signals.
    pub fn watch(self, end: impl FnOnce(Option<Signal>) + Send + 'static) -> anyhow::Result<()> {
        let signals = signals(&[])?;
        std::thread::Builder::new()
            .name("lifeline".to_owned())
            .spawn(move || end(self.wait(&signals)))?;
        Ok(())
    }

    fn wait(&self, signals: &SignalFd) -> Option<Signal> {
        let mut both = [
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.0.as_fd(), PollFlags::POLLIN),
        ];
        while let Err(Errno::EINTR) = poll(&mut both, PollTimeout::NONE) {}
        if both[0].any() != Some(true) {
            return None;
        }
        let signal = signals.read_signal().ok().flatten()?;
        Signal::try_from(signal.ssi_signo as i32).ok()
    }
}

/// The process number of the inner process, as the machine sees it. To be
/// called before the lab's own `/proc` covers the machine's.
pub fn number_outside() -> anyhow::Result<u32> {
    let me = fs::read_link("/proc/self").context("cannot read /proc/self")?;
    Ok(me.to_string_lossy().parse()?)
}
