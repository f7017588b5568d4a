//! The tunnel of chapter 6 on left, and a stranger's on right: programs that
//! were not written to agree with ours, and speak the same wire format.
//!
//! Everything works with everyone: pings and pages from both sides, IPv4 and
//! IPv6 inside, packets of 1500 bytes. One peer has to be told to leave the
//! packets alone: see [`Peer::OpenVpn`].

use std::path::Path;
use std::process::Command;

use ip_over_udp::capture::{self, Direction};
use lab::programs;
use support::{CC, Lab, OPENVPN, PING, PYTHON, Program, SOCAT, apply, eventually, test_in_lab};

use crate::crossing::{inner_packets, payloads, same};
use crate::ends::{Family, V4, V6, in_url};

#[apply(test_in_lab)]
#[needs(PING, SOCAT)]
fn socat_ipv4_in_ipv4() {
    understand_each_other(Peer::Socat, V4, V4);
}

#[apply(test_in_lab)]
#[needs(PING, SOCAT)]
fn socat_ipv6_in_ipv4() {
    understand_each_other(Peer::Socat, V6, V4);
}

#[apply(test_in_lab)]
#[needs(PING, CC)]
fn c_ipv4_in_ipv4() {
    understand_each_other(Peer::C, V4, V4);
}

#[apply(test_in_lab)]
#[needs(PING, CC)]
fn c_ipv6_in_ipv4() {
    understand_each_other(Peer::C, V6, V4);
}

#[apply(test_in_lab)]
#[needs(PING, CC)]
fn c_ipv4_in_ipv6() {
    understand_each_other(Peer::C, V4, V6);
}

#[apply(test_in_lab)]
#[needs(PING, CC)]
fn c_ipv6_in_ipv6() {
    understand_each_other(Peer::C, V6, V6);
}

#[apply(test_in_lab)]
#[needs(PING, PYTHON)]
fn python_ipv4_in_ipv4() {
    understand_each_other(Peer::Python, V4, V4);
}

#[apply(test_in_lab)]
#[needs(PING, PYTHON)]
fn python_ipv6_in_ipv4() {
    understand_each_other(Peer::Python, V6, V4);
}

#[apply(test_in_lab)]
#[needs(PING, OPENVPN)]
fn openvpn_ipv4_in_ipv4() {
    understand_each_other(Peer::OpenVpn, V4, V4);
}

#[apply(test_in_lab)]
#[needs(PING, OPENVPN)]
fn openvpn_ipv6_in_ipv4() {
    understand_each_other(Peer::OpenVpn, V6, V4);
}

/// Who is at the other end of the tunnel, on right.
#[derive(Clone, Copy)]
pub enum Peer {
    /// `socat`, which copies between any two descriptors.
    Socat,
    /// `tests/peers/tunnel.c`.
    C,
    /// `tests/peers/tunnel.py`.
    Python,
    /// OpenVPN with everything switched off. It changes the MSS in the SYN of
    /// every TCP connection (`--mssfix`, by default), and sends a payload of
    /// its own that is no IP packet if it has a keepalive.
    OpenVpn,
}

impl Peer {
    /// Starts it, and returns when its end of the tunnel is up. What it needs
    /// in files goes into `folder`.
    pub fn start(self, lab: &Lab, inner: Family, outer: Family, folder: &Path) -> Program {
        let sources = programs::tree().unwrap().join("tests/peers");
        let Family {
            left,
            right,
            prefix,
            ..
        } = inner;
        let (peer, me) = (outer.outer_left, outer.outer_right);
        match self {
            Peer::Socat => {
                let udp = format!("UDP4-DATAGRAM:{peer}:9876,bind={me}:9876");
                let socat = format!("socat -d -d {udp} TUN,iff-no-pi,tun-name=tun0");
                let socat =
                    Program::start(&mut lab.on("right", &socat)).until("starting data transfer");
                let nodad = if inner.is_v6() { "nodad" } else { "" };
                for command in [
                    "link set tun0 mtu 1500 addrgenmode none",
                    &format!("address add {right}/{prefix} dev tun0 {nodad}"),
                    "link set tun0 up",
                ] {
                    lab.run("right", &format!("ip {command}")).code(0);
                }
                socat
            }
            Peer::C => {
                let program = folder.join("tunnel");
                let mut cc = Command::new("cc");
                cc.args(["-O2", "-Wall", "-Wextra", "-o"]);
                cc.arg(&program).arg(sources.join("tunnel.c"));
                support::run(&mut cc).code(0);
                let program = program.display();
                lab.start_on("right", &format!("{program} {right}/{prefix} {peer}"))
            }
            Peer::Python => {
                let script = folder.join("tunnel.py");
                std::fs::copy(sources.join("tunnel.py"), &script).unwrap();
                let script = script.display();
                lab.start_on(
                    "right",
                    &format!("python3 {script} {right}/{prefix} {peer}"),
                )
            }
            Peer::OpenVpn => {
                // It brings tun0 up itself, and the kernel would send packets
                // of its own: no address unless somebody gives one.
                let silence = "/proc/sys/net/ipv6/conf/default/addr_gen_mode";
                lab.run("right", &format!("sh -c 'echo 1 > {silence}'"));
                let addresses = match inner.is_v6() {
                    true => format!("--ifconfig-ipv6 {right}/{prefix} {left}"),
                    false => format!("--ifconfig {right} {left}"),
                };
                let openvpn = format!(
                    "openvpn --dev tun0 --proto udp4 --port 9876 --remote {peer} {addresses} \
                     --cipher none --auth none --mssfix 0"
                );
                Program::start(&mut lab.on("right", &openvpn)).until("UDPv4 link remote")
            }
        }
    }
}

/// Linux makes an IPv6 address valid in the background, without duplicate address
/// detection too. On a busy machine, the first ping can come before that.
fn wait_for_address(lab: &Lab) {
    eventually("the address of tun0 is valid", || {
        let tentative = lab.run("right", "ip -6 -oneline address show dev tun0 tentative");
        tentative.code(0).output.is_empty()
    });
}

fn understand_each_other(peer: Peer, inner: Family, outer: Family) {
    let folder = support::temporary("peer");
    let mut lab = match [inner, outer].iter().any(Family::is_v6) {
        true => Lab::up_with_ipv6(),
        false => Lab::up(),
    };
    let (address, prefix) = (inner.left, inner.prefix);
    let to = in_url(outer.outer_right);
    let left = format!("ch06 --addr {address}/{prefix} --peer {to}:9876");
    let left = lab.start_on("left", &left);
    let right = peer.start(&lab, inner, outer, &folder);
    if inner.is_v6() {
        wait_for_address(&lab);
    }

    for (host, other) in [("left", inner.right), ("right", inner.left)] {
        for size in [0, 56, 1500 - 8 - inner.header] {
            // Without data `ping` cannot measure how long it takes, and waits no
            // longer for the last reply than for the next request.
            let ping = format!("ping -c 2 -i 0.3 -s {size} {other}");
            lab.run(host, &ping).code(0).says("2 received");
        }
    }
    for (client, server, address) in [
        ("left", "right", inner.right),
        ("right", "left", inner.left),
    ] {
        let at = in_url(address);
        let serve = lab.start_on(server, &format!("serve --listen {at}:80"));
        lab.run(client, &format!("fetch http://{at}/"))
            .code(0)
            .says("<h1>Hello from the other end</h1>");
        // Enough for many segments of full size.
        let many = lab.run(client, &format!("fetch http://{at}/bytes/20000"));
        let body = "0123456789abcde\n".repeat(20_000 / 16);
        many.code(0).says(&body);
        serve.stop();
    }
    lab.settle();
    left.stop().code(0).says(", 0 dropped");
    right.stop();
    lab.end().code(130);

    let all = capture::read(&lab.folder().join("all.pcapng")).unwrap();
    for direction in [Direction::Out, Direction::In] {
        let at = |host, direction| -> Vec<Vec<u8>> {
            let packets = inner_packets(&all, host).into_iter();
            let these = packets.filter(|packet| packet.0 == direction);
            these.map(|packet| packet.1).collect()
        };
        let opposite = match direction {
            Direction::Out => Direction::In,
            Direction::In => Direction::Out,
        };
        let (ours, theirs) = (at("left", direction), at("right", opposite));
        assert!(ours.len() > 30, "only {} packets", ours.len());
        same(
            &ours,
            &theirs,
            "what goes in at one end comes out at the other",
        );
        let on_wire = payloads(&all, "left-eth0", direction);
        same(
            &ours,
            &on_wire,
            "one datagram for each packet, and nothing else",
        );

        // What is too large for one frame crosses in two.
        let large = ours
            .iter()
            .filter(|inner| inner.len() > 1500 - 8 - outer.header);
        let full = ours.iter().filter(|inner| inner.len() == 1500).count();
        assert!(full >= 6, "only {full} packets of 1500 bytes");
        let fragments = all.iter().filter(|packet| {
            packet.interface == "left-eth0"
                && packet.direction == Some(direction)
                && packet.dissect().packets[0].fragment.is_some()
        });
        assert_eq!(fragments.count(), 2 * large.count(), "outer fragments");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
