//! What must be true of every tunnel, whatever goes through it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use ip_over_udp::capture::{self, Direction, Packet};
use ip_over_udp::packet;
use nix::sys::signal::Signal;

use crate::support::{Lab, Program, temporary};
use crate::{Need, PING, Test};

pub const TESTS: &[Test] = &[
    Test {
        name: "tunnel: every packet crosses unchanged, IPv4 in IPv4",
        needs: &[Need::Lab, PING],
        run: || crosses_unchanged(V4, V4),
    },
    Test {
        name: "tunnel: every packet crosses unchanged, IPv6 in IPv4",
        needs: &[Need::Lab, PING],
        run: || crosses_unchanged(V6, V4),
    },
    Test {
        name: "tunnel: every packet crosses unchanged, IPv4 in IPv6",
        needs: &[Need::Lab, PING],
        run: || crosses_unchanged(V4, V6),
    },
    Test {
        name: "tunnel: every packet crosses unchanged, IPv6 in IPv6",
        needs: &[Need::Lab, PING],
        run: || crosses_unchanged(V6, V6),
    },
    Test {
        name: "tunnel: chapter 0 tells the journey of its request",
        needs: &[Need::Lab],
        run: the_journey,
    },
    Test {
        name: "tunnel: what is no packet is dropped and counted",
        needs: &[Need::Lab, PING],
        run: garbage,
    },
    Test {
        name: "tunnel: a device that is down drops, and serves again when up",
        needs: &[Need::Lab, PING],
        run: down_and_up,
    },
    Test {
        name: "tunnel: a deleted device ends the program, with its reason",
        needs: &[Need::Lab],
        run: deleted,
    },
    Test {
        name: "tunnel: a full disk ends the capture, and not the tunnel",
        needs: &[Need::Lab, PING],
        run: full_disk,
    },
    Test {
        name: "tunnel: after kill -9 the capture is there up to the last packet",
        needs: &[Need::Lab, PING],
        run: killed_in_mid_traffic,
    },
    Test {
        name: "tunnel: Ctrl-C ends it while packets flow, and the lab too",
        needs: &[Need::Lab, PING],
        run: stopped_in_mid_traffic,
    },
    Test {
        name: "tunnel: senders that cannot be answered do no harm",
        needs: &[Need::Lab],
        run: odd_senders,
    },
    Test {
        name: "tunnel: a stranger without a route is told of once",
        needs: &[Need::Lab],
        run: strangers_fill_no_log,
    },
    Test {
        name: "tunnel: nobody reads what it prints",
        needs: &[Need::Lab, PING],
        run: closed_output,
    },
    Test {
        name: "tunnel: an absent peer is no error",
        needs: &[Need::Lab, PING],
        run: absent_peer,
    },
];

/// The addresses of a family: inside the tunnel, and outside.
#[derive(Clone, Copy)]
pub struct Family {
    pub left: &'static str,
    pub right: &'static str,
    pub prefix: u8,
    pub outer_left: &'static str,
    pub outer_right: &'static str,
    pub header: usize,
}

impl Family {
    pub fn is_v6(&self) -> bool {
        self.left.contains(':')
    }
}

pub const V4: Family = Family {
    left: "192.168.0.1",
    right: "192.168.0.2",
    prefix: 24,
    outer_left: "198.51.100.2",
    outer_right: "203.0.113.2",
    header: 20,
};

pub const V6: Family = Family {
    left: "fd00:0:0:1::1",
    right: "fd00:0:0:1::2",
    prefix: 64,
    outer_left: "2001:db8:1::2",
    outer_right: "2001:db8:2::2",
    header: 40,
};

pub fn in_url(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => format!("[{v6}]"),
        _ => address.to_owned(),
    }
}

/// Both ends of a tunnel.
pub fn tunnel(lab: &Lab, inner: &Family, outer: &Family) -> [Program; 2] {
    [
        ("left", inner.left, outer.outer_right),
        ("right", inner.right, outer.outer_left),
    ]
    .map(|(host, address, peer)| {
        let (prefix, peer) = (inner.prefix, in_url(peer));
        let command = format!("ch06 --addr {address}/{prefix} --peer {peer}:9876");
        lab.start_on(host, &command)
    })
}

/// The invariant of the whole project: a packet that the kernel sends into one
/// tun0 stands byte for byte in the payload of exactly one datagram outside,
/// and comes out of the other tun0.
fn crosses_unchanged(inner: Family, outer: Family) {
    let mut lab = Lab::up_with_ipv6();
    let ends = tunnel(&lab, &inner, &outer);
    let server = format!("serve --listen {}:80", in_url(inner.right));
    let server = lab.start_on("right", &server);
    for size in [0, 1, 56, 1000, 1500 - 8 - inner.header] {
        let ping = format!("ping -c 2 -i 0.05 -s {size} {}", inner.right);
        lab.run("left", &ping).code(0).says("2 received");
    }
    let url = format!("http://{}/bytes/20000", in_url(inner.right));
    lab.run("left", &format!("fetch {url}")).code(0);
    lab.settle();
    let out: Vec<_> = ends
        .into_iter()
        .map(|end| end.stop().code(0).output.clone())
        .collect();
    server.signal(Signal::SIGINT);

    let folder = lab.folder();
    lab.end().code(130);
    let all = capture::read(&folder.join("all.pcapng")).unwrap();
    let (from_left, from_right) = (inner_packets(&all, "left"), inner_packets(&all, "right"));
    let outgoing = |packets: &[(Direction, Vec<u8>)], direction| {
        let these = packets.iter().filter(|packet| packet.0 == direction);
        these.map(|packet| packet.1.clone()).collect::<Vec<_>>()
    };
    for (sent, received, on_wire) in [
        (
            outgoing(&from_left, Direction::Out),
            outgoing(&from_right, Direction::In),
            payloads(&all, "left-eth0", Direction::Out),
        ),
        (
            outgoing(&from_right, Direction::Out),
            outgoing(&from_left, Direction::In),
            payloads(&all, "right-eth0", Direction::Out),
        ),
    ] {
        assert!(sent.len() > 15, "only {} packets, {out:?}", sent.len());
        same(&sent, &received, "what went in must come out");
        same(&sent, &on_wire, "one datagram for each packet, in order");
    }
}

/// Compares packets, and shows lines rather than bytes where they differ.
pub fn same(sent: &[Vec<u8>], found: &[Vec<u8>], rule: &str) {
    let lines = |packets: &[Vec<u8>]| {
        let lines: Vec<_> = packets.iter().map(|packet| packet::info(packet)).collect();
        lines.join("\n")
    };
    let equal = sent == found;
    assert!(
        equal,
        "{rule}\nsent:\n{}\nfound:\n{}",
        lines(sent),
        lines(found)
    );
}

/// Multicast reports come at times of their own, before the other end listens
/// for example; no test can count them.
fn is_report(packet: &[u8]) -> bool {
    packet::info(packet).contains("multicast listener report")
}

/// What crossed tun0 of a host, with its direction.
pub fn inner_packets(all: &[Packet], host: &str) -> Vec<(Direction, Vec<u8>)> {
    let name = format!("{host}-tun0");
    all.iter()
        .filter(|packet| packet.interface == name && !is_report(&packet.data))
        .map(|packet| (packet.direction.unwrap(), packet.data.clone()))
        .collect()
}

/// The payloads of the datagrams at an interface, whole or put together from
/// their fragments, without the help of the code under test.
pub fn payloads(all: &[Packet], interface: &str, direction: Direction) -> Vec<Vec<u8>> {
    let mut done = Vec::new();
    // By identification: the pieces of what is not complete yet.
    let mut pieces: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for packet in all {
        if packet.interface != interface || packet.direction != Some(direction) {
            continue;
        }
        let slices = LaxSlicedPacket::from_ethernet(&packet.data).unwrap();
        if let Some(TransportSlice::Udp(udp)) = &slices.transport {
            done.push(udp.payload().to_vec());
            continue;
        }
        let (id, offset, more, bytes) = match slices.net.unwrap() {
            LaxNetSlice::Ipv4(v4) => {
                let header = v4.header();
                let offset = usize::from(header.fragments_offset().value()) * 8;
                let id = u32::from(header.identification());
                (
                    id,
                    offset,
                    header.more_fragments(),
                    v4.payload().payload.to_vec(),
                )
            }
            LaxNetSlice::Ipv6(v6) => {
                // Next header 44: 8 bytes of fragment header (RFC 8200, 4.5).
                if v6.header().next_header().0 != 44 {
                    continue; // neighbour discovery
                }
                let header = &packet.data[14 + 40..][..8];
                let word = u16::from_be_bytes([header[2], header[3]]);
                let id = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
                let bytes = packet.data[14 + 40 + 8..].to_vec();
                (id, usize::from(word & !7), word & 1 == 1, bytes)
            }
            LaxNetSlice::Arp(_) => continue,
        };
        let so_far = pieces.entry(id).or_default();
        assert_eq!(so_far.len(), offset, "fragments in order, without gaps");
        so_far.extend(bytes);
        if !more {
            let datagram = pieces.remove(&id).unwrap();
            done.push(datagram[8..].to_vec()); // the UDP header
        }
    }
    assert!(pieces.is_empty(), "incomplete datagrams at {interface}");
    done.retain(|inner| !is_report(inner));
    done
}

fn the_journey() {
    let base = crate::support::temporary("journey");
    let done = crate::support::run(crate::support::lab().arg("--out").arg(&base));
    done.code(0)
        .says("The journey of one packet: GET / HTTP/1.1");
    let hops = [
        "left tun0",
        "left eth0",
        "internet left",
        "internet right",
        "right eth0",
        "right tun0",
    ];
    let mut rest = done.output.as_str();
    for hop in hops {
        let at = rest.find(&format!("\n{hop}"));
        rest = &rest[at.unwrap_or_else(|| panic!("no {hop} in:\n{}", done.output)) + 1..];
    }
    done.says("added: Ethernet 14, IPv4 20, UDP 8")
        .says("198.51.100.2 > 203.0.113.2 [192.168.0.1 > 192.168.0.2]")
        .says("time to live 64, now 63")
        .says("removed: 42 bytes");
    assert!(!done.output.contains('\x1b'), "no colours in a pipe");
    for line in done.output.lines() {
        assert!(
            line.chars().count() <= 80 || line.contains("ip-over-udp-test"),
            "too wide: {line}"
        );
    }
    std::fs::remove_dir_all(base).unwrap();
}

fn garbage() {
    let lab = Lab::up();
    let [left, right] = tunnel(&lab, &V4, &V4);
    // Empty, of version 7, of version 0, of version 15; from a stranger.
    let texts = "\"\" zzz \u{5} \u{1f600}";
    let stranger = "ch04 --listen 203.0.113.1:5000 --peer 203.0.113.2:9876";
    lab.run("internet", &format!("{stranger} {texts}")).code(0);
    // Short, but beginning like IPv4: the driver takes it, the kernel drops it.
    lab.run("internet", &format!("{stranger} Hello")).code(0);
    // The largest datagram there is, also beginning like IPv4.
    let largest = "ping -c 1 -s 65000 -W 1 192.168.0.2";
    lab.run("left", largest);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    right.stop().says(", 4 dropped").code(0);
    left.stop().says(", 0 dropped").code(0);
}

fn down_and_up() {
    let lab = Lab::up();
    let [left, right] = tunnel(&lab, &V4, &V4);
    lab.run("right", "ip link set tun0 down").code(0);
    lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    lab.run("right", "ip link set tun0 up").code(0);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    right
        .stop()
        .says("1 (84 bytes) out, 1 (84 bytes) in, 1 dropped")
        .code(0);
    left.stop().code(0);
}

fn deleted() {
    let lab = Lab::up();
    let [left, right] = tunnel(&lab, &V4, &V4);
    lab.run("right", "ip link delete tun0").code(0);
    right
        .wait()
        .code(1)
        .says("error: tun0 is gone: it was deleted while this program used it");
    // Blocked in a wait of another kind: the programs with one descriptor.
    for start in [
        "ch02 --addr 192.168.0.2/24",
        "ch03 --addr 192.168.0.2/24",
        "ch01",
    ] {
        let program = lab.start_on("right", start);
        lab.run("right", "ip link delete tun0").code(0);
        program.wait().code(1).says("tun0 is gone");
    }
    left.stop().code(0);
}

fn full_disk() {
    let lab = Lab::up();
    lab.run("left", "mkdir /run/small").code(0);
    lab.run("left", "mount -t tmpfs -o size=40k tmpfs /run/small")
        .code(0);
    let left = "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture /run/small";
    let left = lab.start_on("left", left);
    let right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    lab.run("left", "ping -c 30 -i 0.01 -s 1400 192.168.0.2")
        .code(0)
        .says("30 received");
    let done = left.stop();
    done.says("the capture stops here, the program goes on: cannot write the capture /run/small/")
        .says("No space left on device")
        .says("30 (42840 bytes) out, 30 (42840 bytes) in, 0 dropped")
        .code(0);
    right.stop().code(0);

    // What did fit is whole, and what did not left no piece.
    let folder = temporary("small");
    lab.run("left", &format!("cp -r /run/small {}", folder.display()))
        .code(0);
    let mut packets = 0;
    for file in ["tun0.pcap", "eth0.pcap", "both.pcapng"] {
        let file = folder.join("small").join(file);
        packets += capture::read(&file)
            .unwrap_or_else(|why| panic!("{why}"))
            .len();
    }
    assert!(packets > 10, "{packets} packets");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Both captures of tun0, the program's and the lab's, hear the same. When the
/// program is killed while packets flow, its files end with a whole packet, and
/// lack no more than what was in its queue.
fn killed_in_mid_traffic() {
    let lab = Lab::up();
    let folder = temporary("killed");
    let left = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        folder.display()
    );
    let left = lab.start_on("left", &left);
    let right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    let ping = "ping -q -i 0.001 -c 5000 -s 1000 192.168.0.2";
    let ping = crate::support::Program::start(&mut lab.on("left", ping)).until("PING");
    lab.captured("left-tun0", "echo reply", 300);
    lab.run("left", "pkill -KILL ch06").code(0);
    ping.signal(Signal::SIGINT);
    left.wait();
    right.wait(); // all hosts' processes are in one world

    let ours = capture::read(&folder.join("tun0.pcap")).unwrap();
    let theirs = capture::read(&lab.folder().join("left-tun0.pcap")).unwrap();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((ours.time, &ours.data), (theirs.time, &theirs.data));
    }
    assert!(
        ours.len() + 100 >= theirs.len(),
        "{} of {}",
        ours.len(),
        theirs.len()
    );
    let both = capture::read(&folder.join("both.pcapng")).unwrap();
    let tun0 = both.iter().filter(|it| it.interface == "tun0").count();
    assert!(
        ours.len().abs_diff(tun0) <= 1,
        "one file is written before the other"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// A packet that goes round for ever is the busiest network there is: the
/// address of the peer is behind the tunnel itself, by a route that was made
/// when the program had looked already.
fn stopped_in_mid_traffic() {
    let mut lab = Lab::up();
    let folder = temporary("busy");
    let left = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        folder.display()
    );
    let left = lab.start_on("left", &left);
    lab.run("left", "ip route add 203.0.113.2 dev tun0").code(0);
    lab.run("left", "ping -c 1 -W 1 -s 1472 192.168.0.3")
        .code(1);
    // While it goes round, the lab must end.
    lab.end().code(130);
    left.wait();
    std::fs::remove_dir_all(folder).unwrap();

    let lab = Lab::up();
    let folder = temporary("busy");
    let [left, right] = tunnel(&lab, &V4, &V4);
    right.stop().code(0);
    let right = format!(
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876 --capture {}",
        folder.display()
    );
    let right = lab.start_on("right", &right);
    let flood = Program::start(&mut lab.on("left", "ping -q -f -c 200000 -w 20 192.168.0.2"));
    let mut flood = flood.until("PING");
    lab.captured("right-tun0", "echo reply", 500);
    right.stop().code(0).says("packets captured");
    assert!(
        flood.is_running(),
        "the program waited for the end of the flood"
    );
    flood.stop();
    left.stop().code(0);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Whoever knocks, the programs that wait for anyone go on.
fn odd_senders() {
    let lab = Lab::up_with_ipv6();
    let folder = temporary("odd");
    for program in ["ch04", "ch05 --addr 192.168.0.2/24"] {
        let capture = format!("--capture {}", folder.display());
        let server = lab.start_on("right", &format!("{program} --listen [::]:9876 {capture}"));
        let knock = "ch04 --listen 198.51.100.2:7000 --peer 203.0.113.2:9876 hello";
        lab.run("left", knock).code(0);
        let knock = "ch04 --listen [2001:db8:1::2]:7000 --peer [2001:db8:2::2]:9876 hello";
        lab.run("left", knock).code(0);
        // The broadcast address of a network as the sender.
        lab.run("left", "ip address add 198.51.100.77/24 dev eth0")
            .code(0);
        lab.run("right", "ip route add prohibit 198.51.100.77")
            .code(0);
        let knock = "ch04 --listen 198.51.100.77:7000 --peer 203.0.113.2:9876 hello";
        lab.run("left", knock).code(0);
        lab.run("left", "ip address delete 198.51.100.77/24 dev eth0")
            .code(0);
        lab.run("right", "ip route delete prohibit 198.51.100.77")
            .code(0);
        server.stop().code(0).says("packets captured");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// A stranger to whom no route leads is told of once, not for each datagram.
fn strangers_fill_no_log() {
    let lab = Lab::up();
    lab.run("left", "ip address add 192.0.2.66/32 dev eth0")
        .code(0);
    lab.run("right", "ip route add blackhole 192.0.2.66")
        .code(0);
    let folder = temporary("log");
    for program in ["ch04", "ch05 --addr 192.168.0.2/24"] {
        let server = format!("{program} --capture {}", folder.display());
        let server = lab.start_on("right", &server);
        let knock = "ch04 --listen 192.0.2.66:7000 --peer 203.0.113.2:9876 a b c";
        lab.run("left", knock).code(0);
        lab.run(
            "left",
            "ch04 --listen 198.51.100.2:0 --peer 203.0.113.2:9876 d",
        )
        .code(0);
        let done = server.stop();
        done.code(0).says("packets captured");
        let told = done.output.matches("nothing is captured yet").count();
        assert_eq!(told, 1, "{}", done.output);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// As in `ch06 -v | head`, and with a full disk behind standard output, behind
/// standard error, or behind both. None of it is a panic.
fn closed_output() {
    let lab = Lab::up();
    let ch03 = "ch03 --addr 192.168.0.1/24 -v";
    let piped = format!("bash -c '{ch03} 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}'");
    let piped = Program::start(&mut lab.on("left", &piped)).until("tun0");
    lab.run("left", "ping -c 2 -i 0.2 -W 1 192.168.0.2");
    let piped = piped.wait();
    piped.code(0);
    assert_eq!(piped.output.lines().count(), 1, "and no word of a panic");

    let server = lab.start_on("left", "serve --listen 127.0.0.1:80");
    let fetch = "fetch http://127.0.0.1/bytes/1000000";
    lab.run(
        "left",
        &format!("bash -c '{fetch} 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}'"),
    )
    .says("200 OK")
    .lacks("error")
    .code(0);
    for program in [
        ch03,
        "ch01",
        "ch02 --addr 192.168.0.1/24",
        "ch04",
        "ch05 --addr 192.168.0.1/24",
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "ch07 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "ch08 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "probe --addr 192.168.0.1/24 read",
        "attack port 203.0.113.2:9876 zzz",
        "serve --listen 127.0.0.1:81",
        "fetch http://127.0.0.1/bytes/3", // less than a line
    ] {
        for (err, words) in [
            (
                "",
                "error: cannot write to standard output: No space left on device",
            ),
            ("2> /dev/full", ""),
            ("2>&-", ""),
        ] {
            let full = format!("timeout 5 sh -c '{program} > /dev/full {err}'");
            lab.run("left", &full).says(words).code(1);
        }
        // An error that nobody can read is still an error.
        let wrong = format!("sh -c '{program} --no-such-option 2> /dev/full'");
        lab.run("left", &wrong).code(2);
    }
    lab.run("left", "sh -c 'ch01 --tun eth0 2> /dev/full'")
        .code(1);
    server.stop();
}

fn absent_peer() {
    let lab = Lab::up();
    let left = lab.start_on("left", "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876");
    lab.run("left", "ping -c 2 -i 0.2 -W 1 192.168.0.2").code(1);
    left.stop()
        .says("2 (168 bytes) out, 0 (0 bytes) in, 0 dropped")
        .code(0);
}
