//! Reports that are not to be believed, and one that is.

use support::{Lab, PING, apply, number, test_in_lab};

use super::{Outer, V4, V6, ends, mtu};

#[apply(test_in_lab)]
#[needs(PING)]
fn over_ipv4() {
    lies(V4);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn over_ipv6() {
    lies(V6);
}

/// Each is counted under its reason, and changes nothing.
#[track_caller]
fn lies(outer: Outer) {
    let lab = Lab::up_with_ipv6();
    let [left, right] = ends(&lab, outer, "", "");
    let full = 1500 - outer.overhead;
    let ping = format!("ping -c 1 -M do -s {} 192.168.0.2", full - 28);
    // So that there is something that was sent.
    lab.run("left", &ping).code(0);
    let victim = outer.left.trim_matches(['[', ']']);
    let lie = |mtu: u32, what: &str| {
        let peer = format!("--peer {}:9876", outer.right);
        let attack = format!("attack report {victim} {peer} --mtu {mtu} {what}");
        lab.run("internet", &attack).code(0);
    };
    for mtu in [0, 68, 1279] {
        lie(mtu, "invented");
    }
    lie(1280, "invented");
    lie(1500, "invented");
    lie(1300, "flow --count 3");
    lie(1300, "garbage --count 4");
    lab.run("left", &ping).code(0);
    assert_eq!(mtu(&lab, "left", "tun0"), full);
    left.stop().code(0).lacks("because").says(
        "reports: 0 believed, 12 ignored: 4 malformed, 3 of another flow, \
         1 of a packet that fits, 3 too small, 1 of a packet that was not sent",
    );
    right.stop().code(0);
}

/// The kernel believes a report that quotes the right addresses and ports. So does a tunnel
/// that leaves it to the kernel.
#[apply(test_in_lab)]
#[needs(PING)]
fn the_kernel_falls_for_it() {
    let lab = Lab::up();
    let [left, right] = ends(&lab, V4, "--pmtu do", "");
    let lie = "attack report 198.51.100.2 --peer 203.0.113.2:9876 --mtu 68 invented";
    lab.run("internet", lie).code(0);
    lab.run("left", "ip route get 203.0.113.2")
        .says("mtu lock 552");
    lab.run("left", "ping -c 1 -W 1 -s 600 192.168.0.2").code(1);
    left.stop().code(0).says("tun0: mtu 524, because this host");
    right.stop().code(0);
}

/// Thousands of reports take no memory, and stop no packet.
#[apply(test_in_lab)]
#[needs(PING)]
fn a_flood_of_reports() {
    let lab = Lab::up_without_captures();
    let [left, right] = ends(&lab, V4, "", "");
    let memory = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", left.child())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        number(line.unwrap().trim(), "", " kB")
    };
    let flood = "attack report 198.51.100.2 --peer 203.0.113.2:9876 --mtu 1300 --count 1000";
    lab.run("internet", flood).code(0).says("3000 reports sent");
    let before = memory();
    for _ in 0..4 {
        lab.run("internet", flood).code(0);
        lab.run("left", "ping -c 1 -M do -s 1444 192.168.0.2")
            .code(0);
    }
    assert!(
        memory() < before + 1024,
        "{before} kB before, {} after",
        memory()
    );
    let left = left.stop();
    // The kernel's queue of a raw socket may overflow, as that of any socket.
    let ignored = number(
        &left.code(0).says("reports: 0 believed").output,
        "believed, ",
        " ignored",
    );
    assert!(ignored > 1000, "{}", left.output);
    right.stop().code(0);
}
