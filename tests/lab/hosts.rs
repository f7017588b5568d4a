//! What a lab gives: hosts of its own, out of reach of the machine's network, and
//! captures of all they send.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use ip_over_udp::capture;
use nix::sys::signal::Signal;
use support::{Lab, PING, Program, TSHARK, apply, as_user, eventually, test_in_lab};

#[apply(test_in_lab)]
#[needs(PING)]
fn have_names_and_settings_of_their_own() {
    let lab = Lab::up();
    for (host, address) in [
        ("left", "198.51.100.2"),
        ("internet", "198.51.100.1"),
        ("right", "203.0.113.2"),
    ] {
        lab.run(host, "hostname").says(host);
        lab.run(host, "ip -br address").says(address);
        lab.run(host, "cat /proc/sys/net/ipv4/tcp_congestion_control")
            .says("reno");
        lab.run(host, "cat /etc/resolv.conf")
            .says("The lab has no name server");
        lab.run(host, "env").says("LC_ALL=C.UTF-8").says("LAB_HOST");
        let sys = lab.run(host, "ls /sys/class/net");
        assert_eq!(
            sys.output.contains("right"),
            host == "internet",
            "{}",
            sys.output
        );
    }
    lab.run("left", "ping -c 1 right")
        .code(0)
        .says("203.0.113.2")
        .says("ttl=63");
    // No question about hardware addresses, no IPv6: only what was sent.
    let all = lab.captured("left-eth0", "", 2);
    let all: Vec<_> = all.iter().map(|packet| packet.info()).collect();
    assert!(all.iter().all(|line| line.contains("ICMP echo")), "{all:?}");
    // Fixed hardware addresses.
    lab.run("left", "ip link show eth0")
        .says("02:00:00:00:01:02");
    // Every checksum in a capture is right: none is left to a network card.
    lab.run("left", "ch04 --peer 203.0.113.2:9876 x").code(0);
    let udp = &lab.captured("left-eth0", "UDP", 1)[0];
    let ip = etherparse::SlicedPacket::from_ethernet(&udp.data).unwrap();
    let (Some(etherparse::NetSlice::Ipv4(v4)), Some(etherparse::TransportSlice::Udp(udp))) =
        (ip.net, ip.transport)
    else {
        panic!("not a datagram");
    };
    let right = udp
        .to_header()
        .calc_checksum_ipv4(&v4.header().to_header(), udp.payload());
    assert_eq!(right.unwrap(), udp.checksum());
}

#[apply(test_in_lab)]
fn cannot_reach_the_machines_network() {
    let lab = Lab::up();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    lab.run("left", &format!("fetch http://127.0.0.1:{port}/"))
        .code(1)
        .says("cannot fetch");
    // No way from the router either: its only interfaces are its two cables.
    let links = lab.run("internet", "ip -br link").output;
    let names: Vec<_> = links
        .lines()
        .filter_map(|line| line.split(['@', ' ']).next())
        .collect();
    assert_eq!(names, ["lo", "left", "right"]);
    lab.run("internet", "ip route get 192.0.2.1")
        .says("unreachable");
}

#[apply(test_in_lab)]
#[needs(PING, TSHARK)]
fn a_capture_streams_to_tshark() {
    let lab = Lab::up();
    let mut stream = support::lab();
    stream
        .arg("--out")
        .arg(&lab.base)
        .args(["capture", "left", "eth0"]);
    stream.stdout(Stdio::piped());
    let mut stream = stream.spawn().unwrap();
    let mut tshark = as_user("tshark");
    tshark.args([
        "-l",
        "-c",
        "2",
        "-i",
        "-",
        "-T",
        "fields",
        "-e",
        "icmp.type",
    ]);
    tshark.args(["-e", "frame.interface_name"]);
    tshark.stdin(stream.stdout.take().unwrap());
    let running = Program::start(&mut tshark).until("Capturing");
    drop(tshark); // it holds the other end of the stream
    std::thread::sleep(Duration::from_millis(300));
    lab.run("left", "ping -c 1 right").code(0);
    running.wait().code(0).says("8\teth0\n").says("0\teth0\n");
    // Nobody reads any more: the stream ends, and the lab goes on.
    eventually("the stream goes on", || {
        stream.try_wait().unwrap().is_some()
    });
    lab.run("left", "hostname").code(0);

    // And it ends with its lab.
    let mut stream = support::lab();
    stream
        .arg("--out")
        .arg(&lab.base)
        .args(["capture", "left", "eth0"]);
    stream.stdout(Stdio::piped());
    let mut stream = stream.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    drop(lab);
    eventually("the stream outlives its lab", || {
        stream.try_wait().unwrap().is_some()
    });
}

/// The kernel counts what an interface sends and receives; the capture of it
/// and the number of missed packets must add up to that.
#[apply(test_in_lab)]
fn every_packet_is_captured_or_counted() {
    let mut lab = Lab::up();
    let server = lab.start_on("right", "serve");
    lab.run(
        "left",
        "sh -c 'fetch http://right/bytes/50000000 > /dev/null'",
    )
    .code(0);
    server.signal(Signal::SIGINT);
    lab.settle();
    let statistics = "cat /sys/class/net/eth0/statistics/rx_packets \
                      /sys/class/net/eth0/statistics/tx_packets";
    let counted = lab.run("left", statistics).output;
    let counted: usize = counted
        .lines()
        .map(|count| count.parse::<usize>().unwrap())
        .sum();
    let said = lab.end();
    let captured = capture::read(&lab.folder().join("left-eth0.pcap"))
        .unwrap()
        .len();
    let missed = said
        .output
        .split(", ")
        .chain(said.output.split(": "))
        .find_map(|words| {
            words
                .split_once(" on left")
                .and_then(|words| words.0.parse::<usize>().ok())
        });
    let missed = missed.unwrap_or(0);
    assert!(counted > 25_000, "{counted}");
    assert_eq!(
        captured + missed,
        counted,
        "{captured} captured, {missed} missed"
    );
}
