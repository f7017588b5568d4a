//! More packets than there is room for, and who counts them.

use nix::sys::signal::Signal;
use support::{Lab, PING, Program, apply, number, test_in_lab};

use super::{counter, ends};

/// Left's program is stopped, and this many pings are sent.
fn pings_into_a_stopped_program(lab: &Lab, left: &Program, count: u32) {
    left.signal_child(Signal::SIGSTOP);
    let ping = format!("ping -q -c {count} -l {count} -W 0.1 192.168.0.2");
    lab.run("left", &ping).says(" 0 received");
}

/// The ring has 500 places. The kernel's queue before it never fills, because the driver
/// takes what it cannot keep.
#[apply(test_in_lab)]
#[needs(PING)]
fn seven_hundred_into_500() {
    for queue in ["", "tc qdisc replace dev tun0 root pfifo limit 5"] {
        let lab = Lab::up();
        let [left, right] = ends(&lab, "ch09", "ch09");
        if !queue.is_empty() {
            lab.run("left", queue).code(0);
        }
        pings_into_a_stopped_program(&lab, &left, 700);
        assert_eq!(counter(&lab, "left", "tun0", "tx_dropped"), 200);
        lab.run("left", "tc -s qdisc show dev tun0")
            .says("dropped 0,");
        left.signal_child(Signal::SIGCONT);
        lab.captured("left-eth0", "ICMP echo request", 500);
        left.stop()
            .code(0)
            .says("packets: 500 (42000 bytes) out")
            .says("0 dropped");
        right.stop().code(0);
    }
}

/// A program that goes on sends 500 at once, to one that is stopped: what its socket cannot
/// hold only the kernel counts.
#[apply(test_in_lab)]
#[needs(PING)]
fn eight_hundred_through_two_queues() {
    let lab = Lab::up();
    let [left, right] = ends(&lab, "ch09", "ch09");
    right.signal_child(Signal::SIGSTOP);
    pings_into_a_stopped_program(&lab, &left, 800);
    left.signal_child(Signal::SIGCONT);
    lab.captured("right-eth0", "ICMP echo request", 500);
    let snmp = lab.run("right", "nstat -asz UdpRcvbufErrors").output;
    let lost = snmp
        .split_whitespace()
        .nth(2)
        .unwrap()
        .parse::<f64>()
        .unwrap() as u64;
    right.signal_child(Signal::SIGCONT);
    lab.settle();
    assert_eq!(counter(&lab, "left", "tun0", "tx_dropped"), 300);
    left.stop().code(0).says("packets: 500 (").says("0 dropped");
    let right = right.stop();
    right.code(0).says("0 dropped");
    assert_eq!(number(&right.output, "bytes) out, ", " ("), 500 - lost);
    assert!(lost > 100, "{lost}");
}

/// The tunnel's own queue counts what does not fit, by name.
#[apply(test_in_lab)]
#[needs(PING)]
fn the_program_counts_its_own() {
    let lab = Lab::up();
    let left = "ch10 --rate 0.1 --queue drop-tail --limit 10";
    let [left, right] = ends(&lab, left, "ch10");
    lab.run("left", "ping -q -c 100 -l 100 -W 0.1 192.168.0.2");
    assert_eq!(counter(&lab, "left", "tun0", "tx_dropped"), 0);
    let left = left.stop();
    left.code(0).says(" queue full");
    let sent = number(&left.output, "packets: ", " (");
    let dropped = number(&left.output, " in, ", " dropped");
    // And those that wait when it ends.
    assert!((90..=100).contains(&(sent + dropped)), "{}", left.output);
    right.stop().code(0);
}
