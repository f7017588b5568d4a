//! Two hosts, which are network namespaces, with one cable between them.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{Command, Output};
use std::thread;

use anyhow::{Context, bail};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use crate::Underlay;

/// A host: the network namespace in which its programs run.
pub struct Host {
    namespace: File,
    /// Its address on the cable.
    pub address: &'static str,
    /// Its address in the tunnel.
    pub inside: &'static str,
}

/// Gives this process a `/proc` of its own PID namespace, so that the numbers of its
/// children can be looked up there, and an empty `/run`, where some programs keep sockets.
pub fn own_proc() -> anyhow::Result<()> {
    let nothing = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS).context("cannot make a mount namespace")?;
    mount(
        nothing,
        "/",
        nothing,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        nothing,
    )
    .context("cannot keep mounts to ourselves")?;
    mount(
        Some("proc"),
        "/proc",
        Some("proc"),
        MsFlags::empty(),
        nothing,
    )
    .context("cannot mount /proc")?;
    mount(
        Some("tmpfs"),
        "/run",
        Some("tmpfs"),
        MsFlags::empty(),
        nothing,
    )
    .context("cannot mount /run")
}

impl Host {
    fn new(address: &'static str, inside: &'static str) -> anyhow::Result<Host> {
        // A thread may leave the network namespace of the others.
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            File::open("/proc/thread-self/ns/net")
        });
        let namespace = joined(made).context("cannot make a network namespace")?;
        Ok(Host {
            namespace,
            address,
            inside,
        })
    }

    /// Starts a thread of this process on the host.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<thread::JoinHandle<anyhow::Result<T>>> {
        let namespace = self.namespace.try_clone()?;
        Ok(thread::Builder::new().spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET)?;
            work()
        })?)
    }

    /// Does something on the host, and waits for it.
    pub fn on<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        joined(self.spawn(work)?)
    }

    /// Runs a command on the host, which must succeed.
    pub fn run(&self, command: &str) -> anyhow::Result<String> {
        let output = self.output(command)?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("{command}: {}", said.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a command on the host.
    pub fn output(&self, command: &str) -> anyhow::Result<Output> {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        self.on(move || {
            let mut command = Command::new(&words[0]);
            command
                .args(&words[1..])
                .output()
                .with_context(|| format!("cannot run {}", words[0]))
        })
    }
}

fn joined<T, E: Into<anyhow::Error>>(
    thread: thread::JoinHandle<Result<T, E>>,
) -> anyhow::Result<T> {
    match thread.join() {
        Ok(done) => done.map_err(Into::into),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Makes the two hosts, and the cable with an MTU of 1500.
pub fn hosts(underlay: Underlay) -> anyhow::Result<[Host; 2]> {
    let left = Host::new("10.9.0.1", "192.168.0.1")?;
    let right = Host::new("10.9.0.2", "192.168.0.2")?;
    // `ip` takes the file of a namespace for its name, if there is a slash in it.
    let peer = format!(
        "/proc/{}/fd/{}",
        std::process::id(),
        right.namespace.as_raw_fd()
    );
    left.run(&format!(
        "ip link add eth0 type veth peer name eth0 netns {peer}"
    ))?;
    for host in [&left, &right] {
        host.run(&format!("ip address add {}/24 dev eth0", host.address))?;
        host.run("ip link set lo up")?;
        host.run("ip link set eth0 up")?;
        if underlay == Underlay::Frames {
            host.run("ethtool -K eth0 tx-udp-segmentation off tso off gro on")
                .context("frames need the program ethtool")?;
        }
        // For senders that cannot have cubic: see `traffic`.
        host.on(|| {
            let file = "/proc/sys/net/ipv4/tcp_congestion_control";
            for name in ["reno", "cubic"] {
                if std::fs::write(file, name).is_ok() {
                    return Ok(());
                }
            }
            bail!("neither reno nor cubic can be chosen in {file}")
        })?;
    }
    Ok([left, right])
}
