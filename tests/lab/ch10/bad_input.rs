//! Options that make no sense, and packets that are none.

use support::{Lab, PING, apply, test_in_lab};

use super::ends;

#[apply(test_in_lab)]
fn rates_and_limits_that_make_no_sense() {
    let lab = Lab::up();
    let start = "ch10 --addr 192.168.0.1/24 --peer 203.0.113.2:9876";
    for rate in ["0", "-1", "NaN", "inf", "1e9", "0.001", "ten", ""] {
        lab.run("left", &format!("{start} --rate='{rate}'"))
            .code(2)
            .says("a number from 0.01 to 100000");
    }
    for limit in ["0", "10001", "-1", "99999999999999999999"] {
        lab.run("left", &format!("{start} --rate 1 --limit='{limit}'"))
            .code(2)
            .says("--limit");
    }
    for alone in ["--limit 10", "--queue codel"] {
        lab.run("left", &format!("{start} {alone}"))
            .code(2)
            .says("--rate");
    }
    lab.run("left", "ch10-tcp --addr 192.168.0.1/24")
        .code(2)
        .says("--listen");
}

/// Neither strangers nor other programs on this host end it, at any rate.
#[apply(test_in_lab)]
#[needs(PING)]
fn survives_what_is_no_packet() {
    for queue in ["device", "drop-tail", "codel"] {
        let lab = Lab::up();
        let left = format!("ch10 --rate 1 --queue {queue} --limit 5");
        let [left, right] = ends(&lab, &left, "ch10");
        lab.run("left", "attack device tun0 --count 20").code(0);
        lab.run("internet", "attack port 198.51.100.2:9876").code(0);
        lab.run("left", "ping -c 1 -w 5 192.168.0.2").code(0);
        left.stop().code(0);
        right.stop().code(0);
    }
}
