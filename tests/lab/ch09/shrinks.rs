//! A path that becomes narrow in the middle of a transfer.

use std::time::Duration;

use support::{Lab, Program, apply, test_in_lab};

use super::{Outer, V4, V6, ends, mtu, narrow_path, outer_fragments};

#[apply(test_in_lab)]
fn over_ipv4() {
    shrinks(V4);
}

#[apply(test_in_lab)]
fn over_ipv6() {
    shrinks(V6);
}

/// The transfer goes on, and nothing is cut.
#[track_caller]
fn shrinks(outer: Outer) {
    let lab = Lab::up_with_ipv6();
    let [left, right] = ends(&lab, outer, "", "");
    transfer_while_the_path_shrinks(&lab);
    let narrow = 1400 - outer.overhead;
    assert_eq!(mtu(&lab, "left", "tun0"), narrow);
    left.stop()
        .code(0)
        .says(&format!("tun0: mtu {narrow}, because "))
        .lacks("reports: 0 believed");
    right.stop().code(0);
    assert_eq!(outer_fragments(&lab), 0);
}

/// Sends a file from left to right through a tunnel that is up, and makes the path narrow in
/// the middle of it. Every byte arrives.
#[track_caller]
pub fn transfer_while_the_path_shrinks(lab: &Lab) {
    // Slow enough that something is left when the path shrinks.
    let relay = lab.start_on("internet", "relay --rate 40 --queue 200000");
    let server = lab.start_on("left", "serve --listen 0.0.0.0:80");
    let bytes = 8_000_000;
    let sum = |address: &str| {
        let url = format!("http://{address}/random/{bytes}");
        format!("sh -c 'fetch --timeout 28 {url} | tail -n +2 | sha256sum'")
    };
    let fetch = Program::start(&mut lab.on("right", &sum("192.168.0.1")));
    let received = || {
        let file = "cat /sys/class/net/tun0/statistics/rx_bytes";
        lab.run("right", file).output.trim().parse::<u64>().unwrap()
    };
    while received() < bytes / 8 {
        std::thread::sleep(Duration::from_millis(5));
    }
    narrow_path(lab);
    assert!(received() < bytes, "it was over before");
    let fetched = fetch.wait();
    let expected = lab.run("left", &sum("127.0.0.1"));
    assert_eq!(fetched.code(0).output, expected.code(0).output);
    server.stop();
    relay.stop();
}
