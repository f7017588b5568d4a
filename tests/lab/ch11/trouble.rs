//! What else can go wrong.

use std::time::Duration;

use nix::sys::signal::Signal;
use support::{Lab, PING, Program, STRACE, apply, number, test_in_lab};

use super::{INNER_V4, STEPS, both_ways, ends};
use crate::ch09::shrinks::transfer_while_the_path_shrinks;
use crate::ch09::{Outer, V4, V6, mtu, outer_fragments};

#[apply(test_in_lab)]
fn the_path_shrinks_in_mid_transfer_over_ipv4() {
    shrinks(V4);
}

#[apply(test_in_lab)]
fn the_path_shrinks_in_mid_transfer_over_ipv6() {
    shrinks(V6);
}

/// The transfer goes on, and tun0 is as narrow as the path.
#[track_caller]
fn shrinks(outer: Outer) {
    let lab = Lab::up_with_ipv6();
    let [left, right] = ends(&lab, outer, "ch11", "ch11");
    transfer_while_the_path_shrinks(&lab);
    let narrow = 1400 - outer.overhead;
    assert_eq!(mtu(&lab, "left", "tun0"), narrow);
    left.stop().code(0).says(&format!(
        "tun0: mtu {narrow}, because this host passes on 1400 bytes"
    ));
    right.stop().code(0);
    assert_eq!(outer_fragments(&lab), 0);
}

/// In every step: what is too big is counted, and makes tun0 narrower.
#[apply(test_in_lab)]
#[needs(PING)]
fn an_mtu_that_does_not_fit() {
    let lab = Lab::up();
    for step in STEPS {
        let [left, right] = ends(&lab, V4, &format!("ch11 --mtu 1500 --fast {step}"), "ch11");
        lab.run("left", "ping -c 1 -W 0.3 -s 1472 192.168.0.2")
            .code(1);
        lab.run("left", "ping -c 1 -s 1472 192.168.0.2").code(0);
        both_ways(&lab, &[INNER_V4], 200_000);
        left.stop()
            .code(0)
            .says("tun0: mtu 1472, because this host passes on 1500 bytes")
            .says("1 dropped: 1 too big");
        right.stop().code(0);
    }
}

#[apply(test_in_lab)]
#[needs(PING)]
fn the_route_goes_and_comes_back() {
    let lab = Lab::up();
    for step in STEPS {
        let [left, right] = ends(&lab, V4, &format!("ch11 --fast {step}"), "ch11");
        lab.run("left", "ip route delete default").code(0);
        lab.run("left", "ping -c 1 -W 0.3 192.168.0.2").code(1);
        lab.run("left", "ip route add default via 198.51.100.1")
            .code(0);
        lab.run("left", "ping -c 1 192.168.0.2").code(0);
        left.stop().code(0).says("1 dropped: 1 not sent");
        right.stop().code(0);
    }
}

#[apply(test_in_lab)]
fn a_deleted_device_ends_the_program() {
    let lab = Lab::up();
    for step in STEPS {
        for threads in [1, 2] {
            let left = format!(
                "ch11 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --fast {step} --threads {threads}"
            );
            let left = lab.start_on("left", &left);
            lab.run("left", "ip link delete tun0").code(0);
            left.wait().code(1).says("error: tun0 is gone");
        }
    }
}

/// A persistent device outlives a program that asked for super-packets; the next one wants none.
#[apply(test_in_lab)]
fn a_persistent_device_forgets_what_was_asked_for() {
    let lab = Lab::up();
    lab.run("left", "ip tuntap add tun0 mode tun").code(0);
    let tunnel = "--addr 192.168.0.1/24 --peer 203.0.113.2:9876 --mtu 1472";
    lab.start_on("left", &format!("ch11 {tunnel}"))
        .stop()
        .code(0);
    lab.run("left", "ip address flush dev tun0").code(0);
    let left = lab.start_on("left", &format!("ch08 {tunnel}"));
    lab.run("left", "burst send 192.168.0.2:7000 --at-once")
        .code(0);
    left.stop().code(0).says("packets: 10 (14280 bytes) out, ");
}

/// tun0 is switched off, and on again.
#[apply(test_in_lab)]
#[needs(PING)]
fn a_device_that_is_down() {
    let lab = Lab::up();
    for step in STEPS {
        let [left, right] = ends(&lab, V4, "ch11", &format!("ch11 --fast {step}"));
        lab.run("right", "ip link set tun0 down").code(0);
        lab.run("left", "ping -c 2 -i 0.2 -W 0.3 192.168.0.2")
            .code(1);
        lab.run("right", "ip link set tun0 up").code(0);
        lab.run("left", "ping -c 1 192.168.0.2").code(0);
        right.stop().code(0).says("2 dropped: 2 interface down");
        left.stop().code(0);
    }
}

/// What strangers send is counted under its reason, and none of it gets into tun0.
#[apply(test_in_lab)]
#[needs(PING)]
fn hostile_datagrams() {
    let lab = Lab::up();
    for step in STEPS {
        let [left, right] = ends(&lab, V4, "ch11", &format!("ch11 --fast {step}"));
        lab.run("internet", "attack port 203.0.113.2:9876").code(0);
        lab.run("left", "ping -c 1 192.168.0.2").code(0);
        right
            .stop()
            .code(0)
            .says("6 dropped: 1 empty, 1 not IP, 1 too short, 3 wrong length");
        left.stop().code(0);
        // And what no kernel sends, out of tun0.
        let [left, right] = ends(&lab, V4, &format!("ch11 --fast {step}"), "ch11");
        lab.run("left", "attack device tun0 --count 50").code(0);
        lab.run("left", "ping -c 1 192.168.0.2").code(0);
        left.stop().code(0);
        right.stop().code(0);
    }
}

#[apply(test_in_lab)]
#[needs(PING)]
fn tells_what_it_has_counted() {
    let lab = Lab::up();
    for threads in [1, 2] {
        let [left, right] = ends(&lab, V4, &format!("ch11 --threads {threads}"), "ch11");
        lab.run("left", "ping -c 1 192.168.0.2").code(0);
        left.signal_child(Signal::SIGUSR1);
        let left = left.until("packets: 1 (84 bytes) out, 1 (84 bytes) in, 0 dropped");
        lab.run("left", "ping -c 1 192.168.0.2").code(0);
        left.stop()
            .code(0)
            .says("packets: 2 (168 bytes) out, 2 (168 bytes) in, 0 dropped");
        right.stop().code(0);
    }
}

/// An MTU that is hardly one, and the largest.
#[apply(test_in_lab)]
#[needs(PING)]
fn extreme_mtus() {
    let lab = Lab::up();
    for mtu in [68, 65_535] {
        let [left, right] = ends(&lab, V4, &format!("ch11 --mtu {mtu}"), "ch11");
        lab.run("left", "ping -c 1 -s 8 192.168.0.2").code(0);
        lab.run("left", "ping -c 1 -W 0.3 -s 65000 192.168.0.2");
        lab.run("left", "ping -c 1 -s 8 192.168.0.2").code(0);
        left.stop().code(0);
        right.stop().code(0);
    }
}

/// Starts left's end under strace, which lets a system call fail as another kernel would.
fn under_strace(lab: &Lab, inject: &str) -> [Program; 2] {
    let strace = format!("strace -D -o /dev/null -e inject={inject} ch11");
    ends(lab, V4, &strace, "ch11")
}

/// On a way that leads through IPsec, the kernel does not segment.
#[apply(test_in_lab)]
#[needs(STRACE)]
fn segmentation_that_is_refused_in_mid_run() {
    let lab = Lab::up_without_captures();
    let [left, right] = under_strace(&lab, "sendmsg:error=EIO:when=20");
    both_ways(&lab, &[INNER_V4], 2_000_000);
    left.stop()
        .code(0)
        .says("udp: no segmentation on the way to the peer, sending a list of datagrams")
        .says(", 0 dropped");
    right.stop().code(0).says(", 0 dropped");
}

/// Before Linux 6.14, EINVAL said that a datagram does not fit the path. It is about those
/// datagrams, and the next ones are segmented again.
#[apply(test_in_lab)]
#[needs(STRACE)]
fn one_piece_that_an_older_kernel_refuses() {
    let lab = Lab::up_without_captures();
    let [left, right] = under_strace(&lab, "sendmsg:error=EINVAL:when=5+20");
    both_ways(&lab, &[INNER_V4], 5_000_000);
    let said = left.stop();
    said.code(0).says(", 0 dropped").lacks("no segmentation");
    let packets = number(&said.output, "packets: ", " (");
    let calls = number(&said.output, "to read, ", " to send");
    assert!(calls < packets * 3 / 4, "{}", said.output);
    right.stop().code(0).says(", 0 dropped");
}

/// A kernel that takes no super-packets gets the packets one by one.
#[apply(test_in_lab)]
#[needs(STRACE)]
fn super_packets_that_are_refused() {
    let lab = Lab::up_without_captures();
    let [left, right] = under_strace(&lab, "writev:error=EINVAL:when=5+30");
    both_ways(&lab, &[INNER_V4], 2_000_000);
    left.stop().code(0);
    right.stop().code(0);
}

/// A datagram to a neighbour that does not answer waits, and counts against the send buffer.
/// (What UDP_SEGMENT sends takes less room there: the queue for the neighbour is full before.)
#[apply(test_in_lab)]
fn a_full_send_buffer_is_counted() {
    let lab = Lab::up();
    for step in &STEPS[..3] {
        let nobody = format!("ch11 --addr 192.168.0.1/24 --peer 198.51.100.77:9876 --fast {step}");
        let left = lab.start_on("left", &nobody);
        lab.run("left", "attack device tun0 --count 450").code(0);
        std::thread::sleep(Duration::from_millis(300));
        left.stop().code(0).says(" send buffer full");
    }
}
