//! What is compared, and how each is started.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use lab::programs;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cable::Host;

/// The MTU of all tunnels, in bytes: with the headers of most of them below the 1500 of
/// the cable.
const MTU: u32 = 1440;

/// One of those that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contestant {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// No tunnel: the cable alone.
    Nothing,
    /// The kernel's VXLAN, with its offloads or without.
    Vxlan {
        offload: bool,
    },
    /// A program of this book, with these options.
    Chapter {
        program: String,
        options: String,
    },
    /// `tests/peers/tunnel.c`.
    C,
    Socat,
    OpenVpn,
    Fastd,
    /// A program that speaks WireGuard in user space.
    WireGuard(&'static str),
}

impl Contestant {
    /// All that can be compared.
    pub fn all() -> Vec<Contestant> {
        let chapter = |name: &str, program: &str, options: &str| Contestant {
            name: name.to_owned(),
            kind: Kind::Chapter {
                program: program.to_owned(),
                options: options.to_owned(),
            },
        };
        let other = |name: &str, kind| Contestant {
            name: name.to_owned(),
            kind,
        };
        vec![
            other("none", Kind::Nothing),
            other("vxlan", Kind::Vxlan { offload: true }),
            other("vxlan-nooff", Kind::Vxlan { offload: false }),
            chapter("ch06", "ch06", ""),
            chapter("ch07:threads", "ch07", "--wait threads"),
            chapter("ch08", "ch08", ""),
            chapter("ch09", "ch09", ""),
            chapter("ch11:none", "ch11", "--fast none"),
            chapter("ch11:threads", "ch11", "--fast threads"),
            chapter("ch11:batch", "ch11", "--fast batch"),
            chapter("ch11:gso", "ch11", "--fast gso"),
            chapter("ch11", "ch11", ""),
            chapter("ch11:2", "ch11", "--threads 2"),
            chapter("ch11:trust", "ch11", "--trust"),
            other("c", Kind::C),
            other("socat", Kind::Socat),
            other("openvpn", Kind::OpenVpn),
            other("fastd", Kind::Fastd),
            other("wireguard-go", Kind::WireGuard("wireguard-go")),
            other("boringtun", Kind::WireGuard("boringtun-cli")),
        ]
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Contestant> {
        let name = name.strip_suffix(":offload").unwrap_or(name);
        Contestant::all().into_iter().find(|one| one.name == name)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A program that it needs and this machine does not have.
    pub fn lacking(&self) -> Option<&'static str> {
        let needed: &[&str] = match &self.kind {
            Kind::Nothing | Kind::Chapter { .. } | Kind::Vxlan { offload: true } => &[],
            Kind::Vxlan { .. } => &["ethtool"],
            Kind::C => &["cc"],
            Kind::Socat => &["socat"],
            Kind::OpenVpn => &["openvpn"],
            Kind::Fastd => &["fastd"],
            Kind::WireGuard("boringtun-cli") => &["boringtun-cli", "wg"],
            Kind::WireGuard(_) => &["wireguard-go", "wg"],
        };
        needed
            .iter()
            .find(|program| !programs::installed(program))
            .copied()
    }

    /// The version of somebody else's program, and what it was told: the first line that it
    /// says of itself.
    pub fn version(&self) -> Option<String> {
        let asked: &[&str] = match &self.kind {
            Kind::Socat => &["socat", "-V"],
            Kind::OpenVpn => &["openvpn", "--version"],
            Kind::Fastd => &["fastd", "--version"],
            Kind::WireGuard(program) => &[program, "--version"],
            _ => return None,
        };
        let output = Command::new(asked[0]).args(&asked[1..]).output().ok()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let line = said
            .lines()
            .find(|line| line.contains(|c: char| c.is_ascii_digit()))?;
        let version: Vec<&str> = line.split_whitespace().take(3).collect();
        let options = match &self.kind {
            Kind::OpenVpn => ", --cipher none --auth none",
            Kind::Fastd => ", method null",
            _ => "",
        };
        Some(format!("{}{options}", version.join(" ")))
    }

    /// Starts both ends, and waits until a ping is answered.
    pub fn start(&self, hosts: &[Host; 2], programs: &Path) -> anyhow::Result<Running> {
        let [left, right] = hosts;
        let mut running = Running {
            children: Vec::new(),
            to: match self.kind {
                Kind::Nothing => right.address,
                _ => right.inside,
            },
            back: match self.kind {
                Kind::Nothing => left.address,
                _ => left.inside,
            },
        };
        self.start_ends(hosts, programs, &mut running)?;
        let ping = format!("ping -c 1 -W 0.2 {}", running.to);
        let end = Instant::now() + Duration::from_secs(10);
        while !left.output(&ping)?.status.success() {
            if Instant::now() > end {
                bail!("it did not answer a ping in 10 seconds");
            }
            for child in &mut running.children {
                if let Some(status) = child.try_wait()? {
                    bail!("an end has ended by itself: {status}");
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(running)
    }

    fn start_ends(
        &self,
        hosts: &[Host; 2],
        programs: &Path,
        running: &mut Running,
    ) -> anyhow::Result<()> {
        let folder = std::env::temp_dir().join(format!("bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let keys = match self.kind {
            Kind::Fastd => pairs(hosts, "fastd --machine-readable --generate-key", |secret| {
                format!("secret \"{}\";", secret.trim())
            })?,
            Kind::WireGuard(_) => pairs(hosts, "wg genkey", |secret| secret.trim().to_owned())?,
            _ => Vec::new(),
        };
        for (at, (me, peer)) in [(0, 1), (1, 0)].into_iter().enumerate() {
            let ((host, other), name) = ((&hosts[me], &hosts[peer]), ["left", "right"][at]);
            let (inside, address) = (host.inside, other.address);
            let set_up = |device: &str| -> anyhow::Result<()> {
                host.run(&format!("ip address add {inside}/24 dev {device}"))?;
                host.run(&format!("ip link set {device} mtu {MTU} up"))?;
                Ok(())
            };
            match &self.kind {
                Kind::Nothing => (),
                Kind::Vxlan { offload } => {
                    host.run(&format!(
                        "ip link add vx0 type vxlan id 7 remote {address} dstport 4789 dev eth0"
                    ))?;
                    if !offload {
                        host.run("ethtool -K vx0 tx off tso off gso off gro off")?;
                        host.run("ethtool -K eth0 tx-udp_tnl-segmentation off")
                            .or_else(|_| anyhow::Ok(String::new()))?;
                    }
                    set_up("vx0")?;
                }
                Kind::Chapter { program, options } => {
                    let program = programs.join(program);
                    running.start(
                        host,
                        &format!(
                            "{} --addr {inside}/24 --peer {address}:9876 --mtu {MTU} {options}",
                            program.display()
                        ),
                    )?;
                }
                Kind::C => {
                    let program = folder.join("tunnel");
                    let source = programs::tree()?.join("tests/peers/tunnel.c");
                    host.run(&format!(
                        "cc -O2 -o {} {}",
                        program.display(),
                        source.display()
                    ))?;
                    running.start(
                        host,
                        &format!("{} {inside}/24 {address} {MTU}", program.display()),
                    )?;
                }
                Kind::Socat => {
                    let udp = format!("UDP4-DATAGRAM:{address}:9876,bind={}:9876", host.address);
                    running.start(host, &format!("socat {udp} TUN,iff-no-pi,tun-name=tun0"))?;
                    appears(host, "tun0")?;
                    set_up("tun0")?;
                }
                Kind::OpenVpn => running.start(
                    host,
                    &format!(
                        "openvpn --dev tun0 --proto udp4 --port 9876 --remote {address} \
                     --ifconfig {inside} {} --tun-mtu {MTU} --cipher none --auth none --mssfix 0",
                        other.inside
                    ),
                )?,
                Kind::Fastd => {
                    let file = folder.join(name);
                    let public = |at: usize| -> anyhow::Result<String> {
                        let file = folder.join(format!("key{at}"));
                        std::fs::write(&file, format!("{} method \"null\";", keys[at]))?;
                        let show = format!(
                            "fastd --machine-readable --show-key --config {}",
                            file.display()
                        );
                        Ok(host.run(&show)?.trim().to_owned())
                    };
                    std::fs::write(
                        &file,
                        format!(
                            "log level warn; mode tun; interface \"tun0\"; method \"null\"; mtu {MTU};\n\
                         bind {}:9876; {}\n\
                         peer \"other\" {{ key \"{}\"; remote {address}:9876; }}\n",
                            host.address,
                            keys[me],
                            public(peer)?
                        ),
                    )?;
                    running.start(host, &format!("fastd --config {}", file.display()))?;
                    appears(host, "tun0")?;
                    set_up("tun0")?;
                }
                Kind::WireGuard(program) => {
                    // Both talk to `wg` through a socket with the name of the device.
                    let device = format!("wg{name}");
                    running.start(host, &format!("{program} --foreground {device}"))?;
                    appears(host, &device)?;
                    let secret = folder.join(format!("{name}.key"));
                    std::fs::write(&secret, &keys[me])?;
                    let theirs = folder.join("theirs.key");
                    std::fs::write(&theirs, &keys[peer])?;
                    let public = host.run(&format!("sh {}", public_key(&folder, &theirs)?))?;
                    host.run(&format!(
                        "wg set {device} listen-port 9876 private-key {} peer {} endpoint {address}:9876 allowed-ips 0.0.0.0/0",
                        secret.display(), public.trim()
                    ))?;
                    host.run(&format!("ip address add {inside}/24 dev {device}"))?;
                    host.run(&format!("ip link set {device} mtu {} up", MTU - 20))?;
                }
            }
        }
        Ok(())
    }
}

/// A secret for each end.
fn pairs(
    hosts: &[Host; 2],
    command: &str,
    form: impl Fn(String) -> String,
) -> anyhow::Result<Vec<String>> {
    hosts
        .iter()
        .map(|host| Ok(form(host.run(command)?)))
        .collect()
}

/// A script that prints the public key of a secret one: `wg` reads that from its input.
fn public_key(folder: &Path, secret: &Path) -> anyhow::Result<String> {
    let script = folder.join("public.sh");
    std::fs::write(&script, format!("wg pubkey < {}", secret.display()))?;
    Ok(script.display().to_string())
}

/// Waits until a device is there.
fn appears(host: &Host, device: &str) -> anyhow::Result<()> {
    let look = format!("ip link show {device}");
    for _ in 0..200 {
        if host.output(&look)?.status.success() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("{device} did not appear in 4 seconds")
}

/// Both ends of a tunnel, which end when this is dropped.
pub struct Running {
    children: Vec<Child>,
    /// The address of right, and that of left, through the tunnel.
    pub to: &'static str,
    pub back: &'static str,
}

impl Running {
    fn start(&mut self, host: &Host, command: &str) -> anyhow::Result<()> {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        // A thread's children are in its network namespace.
        let child = host.on(move || {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            ip_over_udp::signals::default_signals(&mut command);
            command
                .spawn()
                .with_context(|| format!("cannot start {}", words[0]))
        })?;
        self.children.push(child);
        Ok(())
    }

    /// The numbers of the two processes; none where the kernel itself is the tunnel.
    pub fn processes(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGINT);
            for _ in 0..100 {
                if !matches!(child.try_wait(), Ok(None)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_of_its_kind() {
        let all = Contestant::all();
        for one in &all {
            assert_eq!(Contestant::named(one.name()).as_ref(), Some(one));
        }
        assert_eq!(
            Contestant::named("ch11:offload"),
            Contestant::named("ch11"),
            "the last step is the default"
        );
        assert_eq!(Contestant::named("ch99"), None);
    }
}
