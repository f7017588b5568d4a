//! Garbage, strangers, and a device or a peer that is not there.

use support::{Lab, PING, apply, temporary, test_in_lab};

use crate::ends::{V4, tunnel};

#[apply(test_in_lab)]
#[needs(PING)]
fn what_is_no_packet_is_dropped() {
    let lab = Lab::up();
    let [left, right] = tunnel(&lab, &V4, &V4);
    // Empty, of version 7, of version 0, of version 15; from a stranger.
    let texts = "\"\" zzz \u{5} \u{1f600}";
    let stranger = "ch04 --listen 203.0.113.1:5000 --peer 203.0.113.2:9876";
    lab.run("internet", &format!("{stranger} {texts}")).code(0);
    // Short, but beginning like IPv4: the driver takes it, the kernel drops it.
    lab.run("internet", &format!("{stranger} Hello")).code(0);
    // The largest datagram there is, also beginning like IPv4.
    let largest = "ping -c 1 -s 65000 -W 1 192.168.0.2";
    lab.run("left", largest);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    right.stop().says(", 4 dropped").code(0);
    left.stop().says(", 0 dropped").code(0);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn a_device_that_is_down_drops() {
    let lab = Lab::up();
    let [left, right] = tunnel(&lab, &V4, &V4);
    lab.run("right", "ip link set tun0 down").code(0);
    lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    lab.run("right", "ip link set tun0 up").code(0);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    right
        .stop()
        .says("1 (84 bytes) out, 1 (84 bytes) in, 1 dropped")
        .code(0);
    left.stop().code(0);
}

#[apply(test_in_lab)]
fn a_deleted_device_ends_the_program() {
    let lab = Lab::up();
    let [left, right] = tunnel(&lab, &V4, &V4);
    lab.run("right", "ip link delete tun0").code(0);
    right
        .wait()
        .code(1)
        .says("error: tun0 is gone: it was deleted while this program used it");
    // Blocked in a wait of another kind: the programs with one descriptor.
    for start in [
        "ch02 --addr 192.168.0.2/24",
        "ch03 --addr 192.168.0.2/24",
        "ch01",
    ] {
        let program = lab.start_on("right", start);
        lab.run("right", "ip link delete tun0").code(0);
        program.wait().code(1).says("tun0 is gone");
    }
    left.stop().code(0);
}

/// Whoever knocks, the programs that wait for anyone go on.
#[apply(test_in_lab)]
fn senders_that_cannot_be_answered() {
    let lab = Lab::up_with_ipv6();
    let folder = temporary("odd");
    for program in ["ch04", "ch05 --addr 192.168.0.2/24"] {
        let capture = format!("--capture {}", folder.display());
        let server = lab.start_on("right", &format!("{program} --listen [::]:9876 {capture}"));
        let knock = "ch04 --listen 198.51.100.2:7000 --peer 203.0.113.2:9876 hello";
        lab.run("left", knock).code(0);
        let knock = "ch04 --listen [2001:db8:1::2]:7000 --peer [2001:db8:2::2]:9876 hello";
        lab.run("left", knock).code(0);
        // The broadcast address of a network as the sender.
        lab.run("left", "ip address add 198.51.100.77/24 dev eth0")
            .code(0);
        lab.run("right", "ip route add prohibit 198.51.100.77")
            .code(0);
        let knock = "ch04 --listen 198.51.100.77:7000 --peer 203.0.113.2:9876 hello";
        lab.run("left", knock).code(0);
        lab.run("left", "ip address delete 198.51.100.77/24 dev eth0")
            .code(0);
        lab.run("right", "ip route delete prohibit 198.51.100.77")
            .code(0);
        server.stop().code(0).says("packets captured");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// A stranger to whom no route leads is told of once, not for each datagram.
#[apply(test_in_lab)]
fn a_stranger_without_a_route_is_told_of_once() {
    let lab = Lab::up();
    lab.run("left", "ip address add 192.0.2.66/32 dev eth0")
        .code(0);
    lab.run("right", "ip route add blackhole 192.0.2.66")
        .code(0);
    let folder = temporary("log");
    for program in ["ch04", "ch05 --addr 192.168.0.2/24"] {
        let server = format!("{program} --capture {}", folder.display());
        let server = lab.start_on("right", &server);
        let knock = "ch04 --listen 192.0.2.66:7000 --peer 203.0.113.2:9876 a b c";
        lab.run("left", knock).code(0);
        lab.run(
            "left",
            "ch04 --listen 198.51.100.2:0 --peer 203.0.113.2:9876 d",
        )
        .code(0);
        let done = server.stop();
        done.code(0).says("packets captured");
        let told = done.output.matches("nothing is captured yet").count();
        assert_eq!(told, 1, "{}", done.output);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[apply(test_in_lab)]
#[needs(PING)]
fn an_absent_peer_is_no_error() {
    let lab = Lab::up();
    let left = lab.start_on("left", "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876");
    lab.run("left", "ping -c 2 -i 0.2 -W 1 192.168.0.2").code(1);
    left.stop()
        .says("2 (168 bytes) out, 0 (0 bytes) in, 0 dropped")
        .code(0);
}
