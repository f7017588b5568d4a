//! The three hosts, and the cables between them.
//!
//! A host is a network namespace, with the mounts and the host name that go
//! with it; a cable is a pair of virtual Ethernet interfaces. See
//! network_namespaces(7) and veth(4).
//!
//! ```text
//! left                          internet                           right
//! eth0 198.51.100.2/24 ---- left 198.51.100.1
//!                           right 203.0.113.1 ---- eth0 203.0.113.2/24
//!      2001:db8:1::2/64          2001:db8:1::1 | 2001:db8:2::1
//!                                                  2001:db8:2::2/64
//! ```
//!
//! The addresses are reserved for documentation (RFC 5737, RFC 3849), so they
//! look like the Internet's and belong to no host there.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use crate::programs::{search_path, tree};
use crate::sys;
use ip_over_udp::capture::PacketSocket;
use ip_over_udp::error::Error;
use ip_over_udp::signals::default_signals;

/// The hosts, from one end of the tunnel to the other.
pub const NAMES: [&str; 3] = ["left", "internet", "right"];

/// What a namespace takes over from the machine, set to one value everywhere,
/// so that a lab looks the same on every machine.
const SYSCTLS: &[(&str, &str)] = &[
    // A kernel may refuse other algorithms in here; reno it always has.
    ("net/ipv4/tcp_congestion_control", "reno"),
    ("net/ipv4/tcp_rmem", "4096 131072 6291456"),
    ("net/ipv4/tcp_wmem", "4096 16384 4194304"),
    ("net/ipv4/tcp_timestamps", "1"),
    ("net/ipv4/tcp_ecn", "2"),
    // A connection whose program has ended, and whose data do not get through, is
    // given up at once. Otherwise it goes on for minutes, into later experiments.
    ("net/ipv4/tcp_orphan_retries", "1"),
    ("net/ipv4/ip_default_ttl", "64"),
    // `ping` may use a datagram socket, as on most distributions: the kernel
    // then verifies the checksum of a reply before ping sees it.
    ("net/ipv4/ping_group_range", "0 0"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
];

/// The cables: for each end the host, the interface and its hardware address.
const CABLES: [[(&str, &str, &str); 2]; 2] = [
    [
        ("left", "eth0", "02:00:00:00:01:02"),
        ("internet", "left", "02:00:00:00:01:01"),
    ],
    [
        ("right", "eth0", "02:00:00:00:02:02"),
        ("internet", "right", "02:00:00:00:02:01"),
    ],
];

/// What `ip` is told on each host. The neighbours are fixed, so that no
/// host asks for hardware addresses, and no capture shows such questions.
const LEFT: &str = "
    link set lo up
    link set eth0 up
    address add 198.51.100.2/24 dev eth0
    neighbour add 198.51.100.1 lladdr 02:00:00:00:01:01 dev eth0
    route add default via 198.51.100.1";
const LEFT_IPV6: &str = "
    address add 2001:db8:1::2/64 dev eth0 nodad
    neighbour add 2001:db8:1::1 lladdr 02:00:00:00:01:01 dev eth0
    route add default via 2001:db8:1::1";
const INTERNET: &str = "
    link set lo up
    link set left up
    link set right up
    address add 198.51.100.1/24 dev left
    address add 203.0.113.1/24 dev right
    neighbour add 198.51.100.2 lladdr 02:00:00:00:01:02 dev left
    neighbour add 203.0.113.2 lladdr 02:00:00:00:02:02 dev right";
const INTERNET_IPV6: &str = "
    address add 2001:db8:1::1/64 dev left nodad
    address add 2001:db8:2::1/64 dev right nodad
    neighbour add 2001:db8:1::2 lladdr 02:00:00:00:01:02 dev left
    neighbour add 2001:db8:2::2 lladdr 02:00:00:00:02:02 dev right";
const RIGHT: &str = "
    link set lo up
    link set eth0 up
    address add 203.0.113.2/24 dev eth0
    neighbour add 203.0.113.1 lladdr 02:00:00:00:02:01 dev eth0
    route add default via 203.0.113.1";
const RIGHT_IPV6: &str = "
    address add 2001:db8:2::2/64 dev eth0 nodad
    neighbour add 2001:db8:2::1 lladdr 02:00:00:00:02:01 dev eth0
    route add default via 2001:db8:2::1";

/// `/etc/hosts` in the lab.
const ETC_HOSTS: &str = "\
127.0.0.1 localhost
::1 localhost
198.51.100.2 left
198.51.100.1 internet
203.0.113.2 right
";

/// `/etc/resolv.conf` in the lab.
const RESOLV_CONF: &str = "# The lab has no name server. Its hosts are in /etc/hosts.\n";

/// What programs in the lab inherit of the reader's environment. The rest is
/// left out: a proxy, for example, would keep `curl` from the tunnel.
const INHERITED: &[&str] = &[
    "HOME",
    "USER",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "DISPLAY",
    "XAUTHORITY",
    "WAYLAND_DISPLAY",
    "CARGO_HOME",
    "RUSTUP_HOME",
];

/// A host of the lab: programs can be started on it.
pub struct Host {
    /// One of [`NAMES`].
    pub name: String,
    /// The folder with the chapter programs.
    programs: PathBuf,
    net: OwnedFd,
    mnt: OwnedFd,
    uts: OwnedFd,
}

/// Makes the hosts and the cables, and for each host a socket that hears its
/// interfaces from before the first packet.
///
/// To be called by the first process of a new PID namespace, with all rights in
/// its user namespace, before it has threads.
pub fn create(programs: &Path, ipv6: bool) -> anyhow::Result<Vec<(Host, PacketSocket)>> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWUTS)
        .context("cannot leave the machine's network and mounts")?;
    lay_over_the_machine()?;

    let mut script: String = NAMES.map(|name| format!("netns add {name}\n")).concat();
    for [(host, name, mac), (to_host, to_name, to_mac)] in CABLES {
        script += &format!(
            "link add {name} netns {host} address {mac} type veth \
             peer name {to_name} netns {to_host} address {to_mac}\n"
        );
    }
    ip(Command::new("ip"), &script)?;

    let mut hosts = Vec::new();
    for (name, v4, v6) in [
        ("left", LEFT, LEFT_IPV6),
        ("internet", INTERNET, INTERNET_IPV6),
        ("right", RIGHT, RIGHT_IPV6),
    ] {
        // A thread can enter a namespace and end; this process stays out.
        let programs = programs.to_owned();
        let thread = thread::Builder::new()
            .spawn(move || open(name, &programs, ipv6))
            .map_err(|err| Error::system("cannot start a thread", err))?;
        let opened = thread
            .join()
            .map_err(|_| anyhow!("the thread that sets it up has died"));
        let (host, socket) = opened
            .flatten()
            .with_context(|| format!("cannot set up the host {name}"))?;
        ip(host.command("ip")?, v4)?;
        if ipv6 {
            ip(host.command("ip")?, v6)?;
        }
        hosts.push((host, socket));
    }
    for (host, _) in &hosts {
        wait_for_cables(host)?;
    }
    Ok(hosts)
}

/// A cable carries packets a little after its second end is up: the kernel sees
/// to that in a thread of its own, and drops what is sent before.
fn wait_for_cables(host: &Host) -> anyhow::Result<()> {
    let ends = CABLES.iter().flatten();
    for (_, interface, _) in ends.filter(|(name, ..)| *name == host.name) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let mut show = host.command("ip")?;
            let output = show
                .args(["-oneline", "link", "show", interface])
                .output()?;
            if String::from_utf8_lossy(&output.stdout).contains(" state UP ") {
                break;
            }
            if Instant::now() > deadline {
                bail!("{interface} of {} does not come up", host.name);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(())
}

/// What all hosts share: their own `/proc`, `/run` and name resolution.
fn lay_over_the_machine() -> anyhow::Result<()> {
    let none = None::<&str>;
    // From here on, mounts are ours alone.
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .context("cannot make the mounts private")?;

    let files = [("/etc/hosts", ETC_HOSTS), ("/etc/resolv.conf", RESOLV_CONF)];
    // A resolv.conf is often a link into /run, which is covered next.
    let targets = files.map(|(path, _)| fs::canonicalize(path).unwrap_or_default());
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), none)
        .context("cannot mount a /run of the lab's own")?;
    for ((path, text), target) in files.into_iter().zip(targets) {
        if target.as_os_str().is_empty() {
            continue; // this machine does without
        }
        if target.starts_with("/run") {
            fs::create_dir_all(target.parent().unwrap_or(Path::new("/run")))?;
            fs::write(&target, text)?;
        } else {
            let ours = PathBuf::from("/run").join(path.trim_start_matches("/etc/"));
            fs::write(&ours, text)?;
            mount(Some(&ours), &target, none, MsFlags::MS_BIND, none)
                .with_context(|| format!("cannot mount the lab's own file over {path}"))?;
        }
    }
    // Some containers forbid this. Then the lab sees the container's processes.
    let _ = mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none);
    Ok(())
}

/// Enters the network namespace that `ip netns add` made, and makes the rest of
/// the host around it. Runs in a thread of its own.
fn open(name: &str, programs: &Path, ipv6: bool) -> anyhow::Result<(Host, PacketSocket)> {
    let net = File::open(format!("/run/netns/{name}"))?;
    setns(&net, CloneFlags::CLONE_NEWNET)?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)?;
    nix::unistd::sethostname(name)?;
    // /sys shows the interfaces of the namespace in which it was mounted. Some
    // containers forbid it; `ip` does without.
    let _ = mount(
        Some("sysfs"),
        "/sys",
        Some("sysfs"),
        MsFlags::empty(),
        None::<&str>,
    );

    let forward = if name == "internet" { "1" } else { "0" };
    let no_ipv6 = if ipv6 { "0" } else { "1" };
    let of_this_host = [
        ("net/ipv4/ip_forward", forward),
        ("net/ipv6/conf/all/disable_ipv6", no_ipv6),
        ("net/ipv6/conf/default/disable_ipv6", no_ipv6),
        ("net/ipv6/conf/all/forwarding", forward),
    ];
    for (key, value) in SYSCTLS.iter().copied().chain(of_this_host) {
        let done = fs::write(Path::new("/proc/sys").join(key), value);
        if !key.starts_with("net/ipv6/") {
            done.with_context(|| format!("cannot set {key} to {value}"))?;
        } else if ipv6 {
            done.context("cannot set up IPv6: this machine's kernel does not support it")?;
        }
    }

    let socket = PacketSocket::open()?;
    for (host, interface, _) in CABLES.iter().flatten() {
        if *host == name {
            ip_over_udp::device::no_link_local(interface);
            sys::checksum_offload_off(&socket, interface)
                .with_context(|| format!("cannot turn checksum offload of {interface} off"))?;
        }
    }
    let host = Host {
        name: name.to_owned(),
        programs: programs.to_owned(),
        net: net.into(),
        mnt: File::open("/proc/thread-self/ns/mnt")?.into(),
        uts: File::open("/proc/thread-self/ns/uts")?.into(),
    };
    Ok((host, socket))
}

/// Runs `ip` with a script, a command a line.
fn ip(mut ip: Command, script: &str) -> anyhow::Result<()> {
    let mut child = ip
        .args(["-batch", "-"])
        .env("PATH", search_path())
        // Ctrl-C is for us: it ends the lab, and not an `ip` in the middle.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| Error::system("cannot run `ip`", err))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`ip` says: {}", said.trim());
    }
    Ok(())
}

impl Host {
    /// A host of a lab that runs already: `pid` is that lab's first process,
    /// and `descriptors` are what [`Host::descriptors`] said there.
    pub fn join(name: &str, programs: &Path, pid: u32, descriptors: [i32; 3]) -> io::Result<Host> {
        let open = |fd| File::open(format!("/proc/{pid}/fd/{fd}")).map(OwnedFd::from);
        Ok(Host {
            name: name.to_owned(),
            programs: programs.to_owned(),
            net: open(descriptors[0])?,
            mnt: open(descriptors[1])?,
            uts: open(descriptors[2])?,
        })
    }

    /// The numbers of the descriptors that hold this host's namespaces.
    pub fn descriptors(&self) -> [i32; 3] {
        [&self.net, &self.mnt, &self.uts].map(AsRawFd::as_raw_fd)
    }

    /// Moves the calling thread into the host's network.
    pub fn enter_network(&self) -> anyhow::Result<()> {
        Ok(setns(&self.net, CloneFlags::CLONE_NEWNET)?)
    }

    /// A command that will run on this host, in the current folder, with a
    /// plain environment.
    pub fn command(&self, program: &str) -> io::Result<Command> {
        let mut command = Command::new(program);
        command.env_clear();
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let mut path = format!("{}:{}", self.programs.display(), search_path());
        // The programs of other people's kind come last.
        if let Ok(tree) = tree() {
            path += &format!(":{}", tree.join("tests/peers").display());
        }
        command
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("LAB_HOST", &self.name)
            .env("PS1", format!("{}$ ", self.name))
            .env("HISTFILE", "");

        let namespaces = [&self.net, &self.mnt, &self.uts].map(OwnedFd::try_clone);
        let folder = std::env::current_dir().unwrap_or_else(|_| "/".into());
        sys::enter(
            &mut command,
            namespaces.into_iter().collect::<io::Result<_>>()?,
            CString::new(folder.into_os_string().into_encoded_bytes())?,
        );
        default_signals(&mut command);
        Ok(command)
    }
}
