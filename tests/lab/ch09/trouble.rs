//! What else can go wrong.

use ip_over_udp::capture;
use nix::sys::signal::Signal;
use support::{Lab, PING, Program, apply, test_in_lab};

use super::{V4, ends, mtu, narrow_cable, transfer};

/// One end that knows the path is enough for TCP, whatever the router says.
#[apply(test_in_lab)]
fn a_silent_router_and_one_end_that_knows() {
    let lab = Lab::up();
    narrow_cable(&lab);
    silence_v4(&lab);
    let [_left, _right] = ends(&lab, V4, "", "");
    transfer(&lab, "left", "right", 1_000_000);
    transfer(&lab, "right", "left", 1_000_000);
}

fn silence_v4(lab: &Lab) {
    lab.run("internet", "ip rule add ipproto icmp blackhole")
        .code(0);
}

/// IPv6 inside needs 1280 bytes: less is refused at the start, and not believed later.
#[apply(test_in_lab)]
#[needs(PING)]
fn less_than_ipv6_needs() {
    let lab = Lab::up_with_ipv6();
    let v6 = "--addr fd00:0:0:1::1/64";
    let left = format!("ch09 --addr 192.168.0.1/24 {v6} --peer 203.0.113.2:9876");
    lab.run("left", &format!("{left} --mtu 1200"))
        .code(1)
        .says("IPv6 needs an MTU of at least 1280");
    // A cable that leaves 1272: known at the start,
    lab.run("left", "ip link set eth0 mtu 1300").code(0);
    lab.run("internet", "ip link set left mtu 1300").code(0);
    lab.run("left", &left)
        .code(1)
        .says("takes packets of 1300 bytes, which leaves 1272")
        .says("--mtu 1280 --pmtu dont");
    let dont = lab.start_on("left", &format!("{left} --mtu 1280 --pmtu dont"));
    let right = "ch09 --addr 192.168.0.2/24 --addr fd00:0:0:1::2/64 --peer 198.51.100.2:9876";
    let cutting = lab.start_on("right", &format!("{right} --mtu 1280 --pmtu dont"));
    lab.run("left", "ping -c 1 -M do -s 1232 fd00:0:0:1::2")
        .code(0);
    dont.stop().code(0);
    cutting.stop().code(0);
    // or found out later.
    lab.run("left", "ip link set eth0 mtu 1500").code(0);
    lab.run("internet", "ip link set left mtu 1500").code(0);
    let right = lab.start_on("right", right);
    lab.run(
        "internet",
        "ip route add 203.0.113.2 dev right mtu lock 1300",
    )
    .code(0);
    let own = lab.start_on("left", &left);
    lab.run("left", "ping -c 1 -W 1 -M do -s 1424 fd00:0:0:1::2")
        .code(1);
    assert_eq!(mtu(&lab, "left", "tun0"), 1472);
    own.stop()
        .code(0)
        .says("reports: 0 believed, 1 ignored: 1 too small");
    right.stop().code(0);
}

/// This host's own cable becomes narrow.
#[apply(test_in_lab)]
#[needs(PING)]
fn the_interface_itself_shrinks() {
    let lab = Lab::up();
    let [left, _right] = ends(&lab, V4, "", "");
    lab.run("left", "ip link set eth0 mtu 1400").code(0);
    lab.run("left", "ping -c 1 -W 1 -M do -s 1444 192.168.0.2")
        .says("Frag needed and DF set (mtu = 1372)");
    lab.run("left", "ping -c 1 -M do -s 1344 192.168.0.2")
        .code(0);
    left.stop()
        .code(0)
        .says("tun0: mtu 1372, because this host passes on 1400 bytes")
        .says("1 dropped: 1 too big");
}

/// So narrow that nothing fits: the program outlives it, and IPv6 keeps its addresses.
#[apply(test_in_lab)]
#[needs(PING)]
fn the_interface_shrinks_to_almost_nothing() {
    let lab = Lab::up_with_ipv6();
    let [left, right] = ends(
        &lab,
        V4,
        "--addr fd00:0:0:1::1/64",
        "--addr fd00:0:0:1::2/64",
    );
    lab.run("left", "ip link set eth0 mtu 1290").code(0);
    lab.run("left", "ping -c 1 -W 0.5 -M do -s 1424 fd00:0:0:1::2")
        .code(1);
    assert_eq!(mtu(&lab, "left", "tun0"), 1280);
    lab.run("left", "ip link set eth0 mtu 1500").code(0);
    lab.run("left", "ping -c 1 fd00:0:0:1::2").code(0);
    left.stop().code(0);
    right.stop().code(0);
    let [left, right] = ends(&lab, V4, "", "");
    lab.run("left", "ip link set eth0 mtu 68").code(0);
    lab.run("left", "ping -c 1 -W 0.5 -M do -s 1344 192.168.0.2")
        .code(1);
    assert_eq!(mtu(&lab, "left", "tun0"), 68);
    lab.run("left", "ip link set eth0 mtu 1500").code(0);
    lab.run("left", "ping -c 1 -s 8 192.168.0.2").code(0);
    left.stop().code(0);
    right.stop().code(0);
}

/// Its tun0 is deleted, and another made, while a report waits: the other keeps its MTU.
#[apply(test_in_lab)]
#[needs(PING)]
fn a_report_changes_no_other_device_of_its_name() {
    let lab = Lab::up_with_ipv6();
    super::narrow_path(&lab);
    let relay = lab.start_on("internet", "relay --delay 1000 --from left");
    let [left, right] = ends(&lab, V4, "", "");
    lab.run("left", "ping -c 1 -W 0.1 -M do -s 1444 192.168.0.2")
        .code(1);
    left.signal_child(Signal::SIGSTOP);
    lab.captured("left-eth0", "mtu 1400", 1);
    lab.run("left", "ip link delete tun0").code(0);
    lab.run("left", "ip tuntap add tun0 mode tun").code(0);
    left.signal_child(Signal::SIGCONT);
    left.wait().code(1).says("error: tun0 is gone");
    assert_eq!(mtu(&lab, "left", "tun0"), 1500);
    right.stop().code(0);
    relay.stop().code(0);
}

/// A packet that no datagram can hold says nothing of the path.
#[apply(test_in_lab)]
#[needs(PING)]
fn a_packet_that_no_datagram_can_hold() {
    let lab = Lab::up();
    let [left, _right] = ends(&lab, V4, "--mtu 65535 --pmtu want", "");
    lab.run("left", "ping -c 1 -W 0.5 -s 65507 192.168.0.2")
        .code(1);
    assert_eq!(mtu(&lab, "left", "tun0"), 65_535);
    left.stop().code(0).says("1 dropped: 1 too big");
}

/// A route that goes and comes back, also while a packet is too long for it.
#[apply(test_in_lab)]
#[needs(PING)]
fn the_route_goes_and_comes_back() {
    let lab = Lab::up();
    let [left, _right] = ends(&lab, V4, "", "");
    lab.run("left", "ip route delete default").code(0);
    lab.run("left", "ping -c 1 -W 0.5 -s 1444 192.168.0.2")
        .code(1);
    lab.run("left", "ip route add default via 198.51.100.1")
        .code(0);
    lab.run("left", "ping -c 1 -s 1444 192.168.0.2").code(0);
    left.stop().code(0).says("1 dropped: 1 not sent");
}

/// A smaller MTU, given by hand, stays when a report comes: the relay delays what the
/// report is about for so long.
#[apply(test_in_lab)]
#[needs(PING)]
fn a_smaller_mtu_given_by_hand_stays() {
    let lab = Lab::up_with_ipv6();
    super::narrow_path(&lab);
    let relay = lab.start_on("internet", "relay --delay 1000 --from left");
    let [left, _right] = ends(&lab, V4, "", "");
    let ping = "ping -c 1 -W 3 -M do -s 1444 192.168.0.2";
    let ping = Program::start(&mut lab.on("left", ping));
    let sent = "cat /sys/class/net/tun0/statistics/tx_packets";
    assert!((0..200).any(|_| lab.run("left", sent).output.trim() == "1"));
    lab.run("left", "ip link set tun0 mtu 1300").code(0);
    ping.wait().says("Frag needed and DF set (mtu = 1372)");
    assert_eq!(mtu(&lab, "left", "tun0"), 1300);
    left.stop().code(0).says("reports: 1 believed");
    relay.stop().code(0);
}

/// Fragments with a hole, with an overlap and out of order, to the tunnel's port: the kernel
/// makes no datagram of them, and the tunnel goes on.
#[apply(test_in_lab)]
#[needs(PING)]
fn fragments_with_holes_and_overlaps() {
    let lab = Lab::up();
    let [left, right] = ends(&lab, V4, "", "");
    lab.run("internet", "attack fragments 203.0.113.2:9876")
        .code(0);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    left.stop().code(0);
    right.stop().code(0).says("1 (84 bytes) in, 0 dropped");
    lab.settle();
    let inside = capture::read(&lab.folder().join("right-tun0.pcap")).unwrap();
    assert_eq!(inside.len(), 2, "the ping and its reply");
}

/// Without the right to listen to ICMP.
#[apply(test_in_lab)]
fn no_right_to_listen() {
    let lab = Lab::up();
    let start = "ch09 --addr 192.168.0.1/24 --peer 203.0.113.2:9876";
    let command = format!("setpriv --bounding-set=-net_raw {start}");
    lab.run("left", &command)
        .code(1)
        .says("cannot listen to ICMP messages: not permitted (it needs CAP_NET_RAW)");
    // The kernel's ways need no such right.
    let command =
        format!("timeout --signal INT 0.5 setpriv --bounding-set=-net_raw {start} --pmtu do");
    lab.run("left", &command).says("mtu 1472, up");
}
