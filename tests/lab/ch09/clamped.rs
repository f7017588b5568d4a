//! The maximum segment size of every SYN, with tshark as the witness.

use support::{Lab, TSHARK, apply, run, test_in_lab};

use super::{Outer, V4, V6, ends, narrow_cable, transfer};

/// What is announced without a tunnel, on a cable of 1500 bytes.
const ADVMSS: &str = "advmss 1460";

#[apply(test_in_lab)]
#[needs(TSHARK)]
fn over_ipv4() {
    clamped(V4, 1332);
}

#[apply(test_in_lab)]
#[needs(TSHARK)]
fn over_ipv6() {
    clamped(V6, 1312);
}

/// Every SYN on the cable, in both directions, fits the narrower end, and so does every one
/// that this end hands to its kernel.
#[track_caller]
fn clamped(outer: Outer, most: u32) {
    let lab = Lab::up_with_ipv6();
    narrow_cable(&lab);
    let [left, right] = ends(&lab, outer, "", "");
    announce_more(&lab);
    transfer(&lab, "left", "right", 100_000);
    transfer(&lab, "right", "left", 100_000);
    right.stop().code(0).says("clamped: 4 SYN");
    left.stop().code(0);
    // What right sends, and what right's kernel gets.
    let inside = syns(&lab, "right-tun0", "ip.dst == 192.168.0.2");
    assert_eq!(inside, [(most, true); 2], "from left");
    let outside = syns(&lab, "right-eth0", "ip.src == 192.168.0.2");
    assert_eq!(outside, [(most, true); 2], "from right");
}

#[apply(test_in_lab)]
#[needs(TSHARK)]
fn unless_it_is_switched_off() {
    let lab = Lab::up();
    lab.run("right", "ip link set eth0 mtu 1400").code(0);
    let [_left, right] = ends(&lab, V4, "--no-clamp", "--no-clamp");
    announce_more(&lab);
    transfer(&lab, "right", "left", 100_000);
    right.stop().code(0).lacks("clamped");
    let outside = syns(&lab, "right-eth0", "ip.src == 192.168.0.2");
    assert_eq!(outside, [(1460, true)]);
}

/// As a computer behind each end would.
fn announce_more(lab: &Lab) {
    for (host, source) in [("left", "192.168.0.1"), ("right", "192.168.0.2")] {
        let route = format!("192.168.0.0/24 dev tun0 src {source} {ADVMSS}");
        lab.run(host, &format!("ip route change {route}")).code(0);
    }
}

/// The maximum segment size of each SYN, and whether the checksum of TCP is correct.
fn syns(lab: &Lab, interface: &str, filter: &str) -> Vec<(u32, bool)> {
    lab.settle();
    let mut tshark = std::process::Command::new("tshark");
    let file = lab.folder().join(format!("{interface}.pcap"));
    tshark.arg("-r").arg(file);
    tshark.args(["-d", "udp.port==9876,ip", "-o", "tcp.check_checksum:TRUE"]);
    tshark.args(["-Y", &format!("tcp.flags.syn == 1 && {filter}")]);
    tshark.args([
        "-T",
        "fields",
        "-e",
        "tcp.options.mss_val",
        "-e",
        "tcp.checksum.status",
    ]);
    let done = run(&mut tshark);
    let fields = done
        .code(0)
        .output
        .lines()
        .filter_map(|line| line.split_once('\t'));
    fields
        .map(|(mss, status)| (mss.parse().unwrap(), status == "1"))
        .collect()
}
