//! Chapter 5: half a tunnel.

use support::{Lab, PING, apply, test_in_lab};

#[apply(test_in_lab)]
#[needs(PING)]
fn requests_arrive_replies_do_not() {
    let lab = Lab::up();
    let right = lab.start_on("right", "ch05 --addr 192.168.0.2/24");
    let left = lab.start_on("left", "ch05 --addr 192.168.0.1/24 --peer 203.0.113.2:9876");
    lab.run("left", "ping -c 1 -W 1 192.168.0.2")
        .code(1)
        .says("0 received");
    lab.captured(
        "right-tun0",
        "192.168.0.1 > 192.168.0.2 ICMP echo request",
        1,
    );
    let reply = lab.captured("right-tun0", "192.168.0.2 > 192.168.0.1 ICMP echo reply", 1);
    assert_eq!(reply.len(), 1);
    left.stop()
        .says("packets: 1 (84 bytes) out, 0 dropped")
        .code(0);
    right
        .stop()
        .says("packets: 1 (84 bytes) in, 0 dropped")
        .code(0);
    let outside = lab.captured("right-eth0", "", 1);
    assert_eq!(outside.len(), 1, "the reply has no way out of right");
}
