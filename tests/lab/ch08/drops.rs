//! Each reason to drop a packet has its counter.

use std::time::Duration;

use support::{Lab, PING, STRACE, TC, apply, test_in_lab};

use super::{LEFT, RIGHT, dropped, kernel_counters};

#[apply(test_in_lab)]
#[needs(PING)]
fn each_reason_has_its_counter() {
    let lab = Lab::up();
    // The rest of `attack` is played in the chapter.
    let right = lab.start_on("right", RIGHT);
    for what in ["empty", "zzz", "hello", "cut", "huge"] {
        let attack = format!("attack port 203.0.113.2:9876 {what}");
        lab.run("internet", &attack).code(0);
    }
    let left = lab.start_on("left", &format!("{LEFT} --mtu 65535"));
    lab.run("right", "ip link set tun0 down").code(0);
    lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    right
        .stop()
        .code(0)
        .says("6 dropped: 1 empty, 1 not IP, 1 too short, 2 wrong length, 1 interface down");

    lab.run("left", "ping -c 1 -W 1 -s 65507 192.168.0.2")
        .code(1);
    for way in ["prohibit", "blackhole", "unreachable"] {
        let route = format!("{way} 203.0.113.2");
        lab.run("left", &format!("ip route add {route}")).code(0);
        lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
        lab.run("left", &format!("ip route delete {route}")).code(0);
    }
    left.stop()
        .code(0)
        .says("1 (84 bytes) out, 0 (0 bytes) in, 4 dropped: 1 too big, 3 not sent");

    // Nobody has this address. Datagrams wait for an answer to "who has it?",
    // and count against the send buffer meanwhile.
    let nobody = "ch08 --addr 192.168.0.1/24 --peer 198.51.100.77:9876";
    let left = lab.start_on("left", nobody);
    lab.run("left", "attack device tun0 --count 400").code(0);
    std::thread::sleep(Duration::from_millis(300));
    let by_kernel = kernel_counters(&left)["Udp SndbufErrors"];
    let left = left.stop();
    left.code(0).says(" send buffer full");
    let dropped = dropped(&left);
    left.says(&format!("{dropped} dropped: {dropped} send buffer full"));
    assert_eq!(by_kernel, dropped, "the kernel counts the same");
}

/// A queue that has no room for anything is full for every datagram.
#[apply(test_in_lab)]
#[needs(PING, TC)]
fn the_kernel_alone_counts_a_full_queue_below() {
    let lab = Lab::up();
    let left = lab.start_on("left", LEFT);
    lab.run("left", "tc qdisc add dev eth0 root pfifo limit 0")
        .code(0);
    lab.run("left", "ping -c 5 -i 0.01 -W 1 192.168.0.2")
        .code(1);
    assert_eq!(kernel_counters(&left)["Udp SndbufErrors"], 5);
    left.stop()
        .code(0)
        .says("5 (420 bytes) out, 0 (0 bytes) in, 0 dropped");
}

/// No packet is known that passes the check and is refused by a device that is
/// up. So it is strace that refuses one, as a kernel without memory would.
#[apply(test_in_lab)]
#[needs(PING, STRACE)]
fn a_refused_write_is_counted() {
    let lab = Lab::up();
    let inject = "-P /dev/net/tun -e inject=write:error=ENOMEM:when=1";
    let right = format!("strace -D -o /dev/null {inject} {RIGHT}");
    let (left, right) = (lab.start_on("left", LEFT), lab.start_on("right", &right));
    lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    right
        .stop()
        .code(0)
        .says("1 (84 bytes) in, 1 dropped: 1 refused by the device");
    left.stop().code(0);
}
