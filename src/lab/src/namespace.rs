//! The namespaces that a lab lives in, and its two processes.
//!
//! The outer process is what the reader started: it makes a user
//! namespace, in which an ordinary user has all rights, and a PID namespace,
//! starts itself again in there, and waits. The inner one is the first process
//! of that PID namespace: when it ends, in whatever way, the kernel kills all
//! others in there, and the namespaces vanish with them. See
//! user_namespaces(7) and pid_namespaces(7).
//!
//! So nothing stays behind, whichever of the two is killed: if it is the outer
//! process, the inner one notices, because a pipe between them closes, and ends.
//!
//! No signal that asks for the end is lost. As long as the outer process has no
//! child, it ends in the signal's handler ([`prepare`]). Before it starts one,
//! it blocks the signals; then it reads them from a descriptor, passes them on,
//! and ends with its child. The inner process inherits them blocked, and a
//! thread of it waits for them from the beginning ([`Lifeline::watch`]).

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio, exit};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getegid, geteuid, getpgrp, tcgetpgrp};

use crate::error::Error;
use crate::sys;
use ip_over_udp::output::eprintln;
use ip_over_udp::signals::default_signals;

/// Tells the inner process that it is the inner one, and where it can open the
/// pipe from the outer one.
const LIFELINE: &str = "LAB_LIFELINE";

/// The signals that ask for the end. Under `nohup` SIGHUP does not.
fn ending() -> impl Iterator<Item = Signal> {
    let hangup = (!sys::is_ignored(Signal::SIGHUP)).then_some(Signal::SIGHUP);
    [Signal::SIGINT, Signal::SIGTERM].into_iter().chain(hangup)
}

/// Makes the signals that ask for the end do so at once, even if the parent
/// ignored or blocked them, as a script does for its background jobs. To be
/// called first thing in the process that a reader started, and again where that
/// waits without a child after it had one: [`begin`], [`run`] and the like leave
/// the signals blocked.
pub fn prepare() -> anyhow::Result<()> {
    ending()
        .try_for_each(sys::exit_on)
        .and_then(|()| Ok(ending().collect::<SigSet>().thread_unblock()?))
        .context("cannot set up signals")
}

/// Starts `inner` in namespaces of its own, and waits for its end. The result is
/// its exit code. `inner` is this program again: one that calls
/// [`Lifeline::take`] first thing.
///
/// To be called while the process has only one thread: with more, the kernel
/// makes no user namespace.
pub fn begin(mut inner: Command) -> anyhow::Result<u8> {
    let signals = signals(&[Signal::SIGCHLD])?;
    enter_namespaces()?;

    let (end, keep) = io::pipe()?;
    let pipe = format!("/proc/{}/fd/{}", number_outside()?, end.as_raw_fd());
    inner.env(LIFELINE, pipe);
    if has_terminal() {
        inner.env(TERMINAL, "1");
    }
    let inner = inner.spawn().map_err(not_started("the lab"))?;
    let code = wait_and_end(&inner, one(&inner), &signals)?;
    drop(keep);
    Ok(code)
}

/// Runs `lab`, which is this program once more for a lab of its own, and waits
/// for its end. The result is its exit code.
pub fn run(lab: &mut Command) -> anyhow::Result<u8> {
    let signals = signals(&[Signal::SIGCHLD])?;
    let lab = lab.spawn().map_err(not_started("the lab"))?;
    wait_and_end(&lab, one(&lab), &signals)
}

/// The same for a lab that is only tried. The result is its exit code and what
/// it says on standard error.
pub fn try_out(lab: &mut Command) -> anyhow::Result<(u8, String)> {
    let signals = signals(&[Signal::SIGCHLD])?;
    let lab = lab.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut lab = lab.spawn().map_err(not_started("the lab"))?;
    // What it says fits into a pipe, so it never waits for us to read.
    let code = wait_and_end(&lab, one(&lab), &signals)?;
    let mut said = String::new();
    if let Some(mut stderr) = lab.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    Ok((code, said))
}

/// Runs a program that starts others, as Cargo does, and waits for its end. A
/// signal ends them all. The result is the program's exit code.
pub fn run_family(program: &mut Command) -> anyhow::Result<u8> {
    let signals = signals(&[Signal::SIGCHLD])?;
    default_signals(program);
    let name = program.get_program().display().to_string();
    let program = program
        .process_group(0)
        .spawn()
        .map_err(not_started(&name))?;
    let family = Pid::from_raw(-one(&program).as_raw());
    wait_and_end(&program, family, &signals)
}

/// Runs a command that joins a lab, and waits for its end. The result is its
/// exit code, because the command may handle a signal itself.
pub fn run_guest(command: &mut Command, shell: bool) -> anyhow::Result<u8> {
    let signals = signals(&[Signal::SIGCHLD])?;
    let terminal = Terminal::ours();
    let guest = command.spawn()?;
    let (code, _) = wait(&guest, one(&guest), &signals, shell)?;
    terminal.take_back();
    Ok(code)
}

/// Runs a command in the inner process, where a thread has the signals, and
/// waits for its end. The result is its exit code.
pub fn run_inside(command: &mut Command, shell: bool) -> anyhow::Result<u8> {
    let child = command.spawn()?;
    loop {
        if let Some(code) = ended(&child, WaitPidFlag::WUNTRACED, shell)? {
            return Ok(code);
        }
    }
}

fn not_started(what: &str) -> impl FnOnce(io::Error) -> ip_over_udp::error::Error {
    move |err| ip_over_udp::error::Error::system(format!("cannot start {what}"), err)
}

fn one(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

/// Waits for the end of a child. If a signal asked for the end meanwhile, this
/// process ends too, whatever the child made of it: by then it may have been
/// about to end anyhow.
fn wait_and_end(child: &Child, tell: Pid, signals: &SignalFd) -> anyhow::Result<u8> {
    let terminal = Terminal::ours();
    let (code, asked) = wait(child, tell, signals, false)?;
    terminal.take_back();
    match asked {
        Some(signal) => exit(128 + signal as i32),
        None => Ok(code),
    }
}

/// Waits for the end of a child, and passes the signals that ask for the end on
/// to `tell`: the child, or minus the number of its process group.
fn wait(
    child: &Child,
    tell: Pid,
    signals: &SignalFd,
    shell: bool,
) -> anyhow::Result<(u8, Option<Signal>)> {
    let mut asked = None;
    loop {
        match signals.read_signal() {
            Ok(Some(signal)) if signal.ssi_signo != Signal::SIGCHLD as u32 => {
                let signal = Signal::try_from(signal.ssi_signo as i32)?;
                // It may have ended in this moment.
                let _ = kill(tell, signal);
                asked = Some(signal);
            }
            Ok(_) | Err(Errno::EINTR) => (),
            Err(err) => return Err(err).context("cannot wait for a child"),
        }
        if let Some(code) = ended(child, WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED, shell)? {
            return Ok((code, asked));
        }
    }
}

/// The exit code of a child, as a shell would report it, if it has ended. A
/// shell that has stopped goes on: who could start it again?
fn ended(child: &Child, how: WaitPidFlag, shell: bool) -> anyhow::Result<Option<u8>> {
    match waitpid(one(child), Some(how)) {
        Ok(WaitStatus::Exited(_, code)) => Ok(Some(code as u8)),
        Ok(WaitStatus::Signaled(_, signal, _)) => Ok(Some(128 + signal as u8)),
        Ok(WaitStatus::Stopped(pid, _)) if shell => {
            eprintln!("a shell of the lab cannot be suspended; `exit` leaves it");
            let _ = kill(pid, Signal::SIGCONT);
            Ok(None)
        }
        Ok(_) | Err(Errno::EINTR) => Ok(None),
        Err(err) => Err(err).context("cannot wait for a child"),
    }
}

/// The terminal on standard input, if it is ours while no child has it.
struct Terminal(Option<Termios>);

impl Terminal {
    fn ours() -> Terminal {
        Terminal(
            has_terminal()
                .then(|| tcgetattr(io::stdin()).ok())
                .flatten(),
        )
    }

    /// Takes it back from a child, in the mode that it had: a shell that is
    /// killed while a line is edited leaves it without an echo.
    fn take_back(&self) {
        if let Some(mode) = &self.0
            && sys::take_terminal().is_ok()
        {
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, mode);
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
    default_signals(command);
}

/// Set for the inner process if the outer one may give the terminal away.
const TERMINAL: &str = "LAB_TERMINAL";

/// Gives the terminal to this command while it runs, so that Ctrl-C and Ctrl-Z
/// reach it and not us: if there is a terminal, and we have it. The outer
/// process takes it back; the inner one cannot, and cannot even tell whether
/// it has it, for its process group has no number in its own namespace.
pub fn foreground(command: &mut Command) {
    if std::env::var_os(TERMINAL).is_some() || has_terminal() {
        sys::foreground(command);
    }
}

/// Whether Ctrl-C at the terminal on standard input would reach this process.
fn has_terminal() -> bool {
    io::stdin().is_terminal() && getpgrp().as_raw() > 0 && tcgetpgrp(io::stdin()) == Ok(getpgrp())
}

/// Makes the namespaces that the next child will live in. Root needs no user
/// namespace, and so can run a lab where ordinary users may not make one.
fn enter_namespaces() -> Result<(), Error> {
    let (user, group) = (geteuid(), getegid());
    if !user.is_root() {
        unshare(CloneFlags::CLONE_NEWUSER)
            .map_err(|err| Error::namespaces("unshare, CLONE_NEWUSER", err))?;
        // In there we are root, and everything we do to files is done as the
        // user we are out here. Setting groups has to be given up first.
        let map =
            |file, text: &str| fs::write(file, text).map_err(|err| Error::namespaces(file, err));
        map("/proc/self/setgroups", "deny")?;
        map("/proc/self/uid_map", &format!("0 {user} 1"))?;
        map("/proc/self/gid_map", &format!("0 {group} 1"))?;
    }
    unshare(CloneFlags::CLONE_NEWPID).map_err(|err| Error::namespaces("unshare, CLONE_NEWPID", err))
}

/// The signals that ask for the end, and these, as a descriptor.
fn signals(more: &[Signal]) -> anyhow::Result<SignalFd> {
    let set: SigSet = ending().chain(more.iter().copied()).collect();
    set.thread_block()
        .and_then(|()| SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC))
        .context("cannot turn signals into a descriptor")
}

/// The inner process's hold on the outer one.
pub struct Lifeline(OwnedFd);

/// What the inner process has to put in order before it ends.
type Tidy = Box<dyn FnOnce() + Send>;

/// The thread of the inner process that ends it.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Option<Tidy>>>);

impl Lifeline {
    /// `Some` in the inner process, `None` in one that a reader started.
    pub fn take() -> anyhow::Result<Option<Lifeline>> {
        let Some(pipe) = std::env::var_os(LIFELINE) else {
            return Ok(None);
        };
        let pipe = File::open(pipe).context("the process that started this lab is gone")?;
        Ok(Some(Lifeline(pipe.into())))
    }

    /// Ends this process, from a thread, as soon as a signal asks for it or the
    /// outer process is gone. To be called before other threads start: they
    /// inherit the blocked signals.
    pub fn watch(self) -> anyhow::Result<Watch> {
        let signals = signals(&[])?;
        let watch = Watch::default();
        let Watch(tidy) = watch.clone();
        thread::Builder::new()
            .name("lifeline".to_owned())
            .spawn(move || {
                let code = self.wait(&signals);
                // Held until the end: see `wait_if_it_ends`.
                let mut tidy = tidy.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(tidy) = tidy.take() {
                    tidy();
                }
                exit(code)
            })
            .map_err(not_started("a thread"))?;
        Ok(watch)
    }

    /// Waits for one or the other. The result is this process's exit code.
    fn wait(&self, signals: &SignalFd) -> i32 {
        let mut both = [
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.0.as_fd(), PollFlags::POLLIN),
        ];
        while let Err(Errno::EINTR) = poll(&mut both, PollTimeout::NONE) {}
        match both[0].any() == Some(true) {
            true => match signals.read_signal() {
                Ok(Some(signal)) => 128 + signal.ssi_signo as i32,
                _ => 1,
            },
            false => 1, // and no process receives it
        }
    }
}

impl Watch {
    /// Has this done before the process is ended.
    pub fn tidy(&self, first: impl FnOnce() + Send + 'static) {
        let Watch(tidy) = self;
        *tidy.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(first));
    }

    /// Never returns once the process is being ended: what fails then, because
    /// a file is removed already, need not be reported.
    pub fn wait_if_it_ends(&self) {
        let Watch(tidy) = self;
        drop(tidy.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The process number of the inner process, as the machine sees it. To be
/// called before the lab's own `/proc` covers the machine's.
pub fn number_outside() -> anyhow::Result<u32> {
    let me = fs::read_link("/proc/self").context("cannot read /proc/self")?;
    Ok(me.to_string_lossy().parse()?)
}
