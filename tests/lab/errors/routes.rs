//! Peers that cannot be reached, or only through the tunnel itself.

use support::{Done, Lab, apply, test_in_lab};

use super::{CH06, fails};

#[apply(test_in_lab)]
fn no_route_to_the_peer() {
    let lab = Lab::up();
    fails(
        &lab,
        "ch06 --addr 192.168.0.1/24 --peer [2001:db8:2::2]:9876",
    )
    .says("cannot reach 2001:db8:2::2: this host has no route to it");
    lab.run("left", "ip route delete default").code(0);
    for program in ["ch05 --addr 192.168.0.1/24 --peer 203.0.113.2:9876", CH06] {
        fails(&lab, program)
            .says("error: cannot reach 203.0.113.2: this host has no route to it")
            .says("ip route")
            .says("--peer");
    }
    lab.run("left", "ch04 --peer 203.0.113.2:9876 x")
        .code(1)
        .says("no route to it");
}

/// What the programs from chapter 5 on refuse before they change anything:
/// no device, no folder.
#[track_caller]
fn refuses(lab: &Lab, addr: &str, peer: &str) -> Done {
    let mut done = None;
    for name in ["ch05", "ch06", "ch07", "ch08", "ch09", "ch10", "ch11"] {
        let folder = format!("/run/untouched-{name}");
        let command = format!("timeout 5 {name} --addr {addr} --peer {peer} --capture {folder}");
        let refused = lab.run("left", &command);
        refused.code(1);
        lab.run("left", &format!("test -e {folder}")).code(1);
        done = Some(refused);
    }
    done.unwrap()
}

#[apply(test_in_lab)]
fn the_peer_inside_the_tunnel() {
    let lab = Lab::up_with_ipv6();
    for (addr, peer) in [
        ("192.168.0.1/24", "192.168.0.2:9876"),
        ("192.168.0.1/24", "[::ffff:192.168.0.2]:9876"),
        ("203.0.113.77/24", "203.0.113.2:9876"),
        ("fd00:0:0:1::1/64", "[fd00:0:0:1::2]:9876"),
        (
            "192.168.0.1/24 --addr fd00:0:0:1::1/64",
            "[fd00:0:0:1::2]:9876",
        ),
    ] {
        refuses(&lab, addr, peer)
            .says("is inside the tunnel")
            .says("the address that the other host has outside the tunnel");
        lab.run("left", "ip link show tun0").code(1);
    }
    // No device of that network is up when one is only going to receive.
    let receiver = lab.start_on("left", "ch05 --addr 192.168.0.1/24");
    receiver.stop().code(0);
}

#[apply(test_in_lab)]
fn a_route_into_the_device() {
    let lab = Lab::up_with_ipv6();
    for command in [
        "ip tuntap add tun0 mode tun",
        "ip link set tun0 up",
        "ip route add 203.0.113.2 dev tun0",
        "ip route add 2001:db8:2::2 dev tun0",
    ] {
        lab.run("left", command).code(0);
    }
    for peer in ["203.0.113.2", "[2001:db8:2::2]"] {
        refuses(&lab, "192.168.0.1/24", &format!("{peer}:9876"))
            .says("the route to it leads into tun0")
            .says("ip route");
    }
    refuses(&lab, "192.168.0.1/24", "[fe80::2%tun0]:9876")
        .says("see that route with: ip route get fe80::2 oif tun0");
    lab.run("left", "ip address show tun0").lacks("192.168.0.1");
    // Another device is another matter, and so is a device without the route.
    let other = "ch06 --tun tun1 --addr 192.168.1.1/24 --peer 203.0.113.2:9876";
    lab.start_on("left", other).stop().code(0);
    lab.run("left", "ip route delete 203.0.113.2 dev tun0")
        .code(0);
    lab.start_on("left", CH06).stop().code(0);
}

#[apply(test_in_lab)]
fn a_link_local_peer_before_our_own_address_is_ready() {
    let lab = Lab::up_with_ipv6();
    // Duplicate address detection takes a second or two.
    lab.run("left", "ip address add fe80::1/64 dev eth0")
        .code(0);
    let tunnel = "ch06 --addr 192.168.0.1/24 --peer [fe80::2%eth0]:9876";
    lab.start_on("left", tunnel).stop().code(0);
}

#[apply(test_in_lab)]
fn a_peer_that_is_no_other_host() {
    let lab = Lab::up();
    lab.run("left", "ip address add 198.51.100.7/32 dev lo")
        .code(0);
    for own in ["198.51.100.2", "198.51.100.7", "127.0.0.1"] {
        refuses(&lab, "192.168.0.1/24", &format!("{own}:9876")).says(&format!(
            "cannot reach a peer at {own}: that is an address of this host"
        ));
    }
    refuses(&lab, "192.168.0.1/24", "192.168.0.1:9876").says("that is an address of this host");
    // Nor one that only the routes make an address of this host.
    lab.run("left", "ip route add local 192.0.2.14 dev lo")
        .code(0);
    refuses(&lab, "192.168.0.1/24", "192.0.2.14:9876").says("that is an address of this host");
    let broadcast = "198.51.100.255:9876";
    refuses(&lab, "192.168.0.1/24", broadcast).says("means all hosts of a network");
    lab.run("left", &format!("ch04 --peer {broadcast} x"))
        .code(1)
        .says("means all hosts of a network");
    for way in ["prohibit", "blackhole"] {
        lab.run("left", &format!("ip route add {way} 203.0.113.9"))
            .code(0);
        refuses(&lab, "192.168.0.1/24", "203.0.113.9:9876")
            .says("a route of this host forbids it")
            .says("ip route");
        lab.run("left", &format!("ip route delete {way} 203.0.113.9"))
            .code(0);
    }
    // An echo from one's own host is none of this.
    let server = lab.start_on("left", "ch04");
    for own in ["198.51.100.2", "127.0.0.1"] {
        lab.run(
            "left",
            &format!("ch04 --listen {own}:0 --peer {own}:9876 x"),
        )
        .code(0)
        .says("1 bytes came back");
    }
    server.stop().code(0);
}

#[apply(test_in_lab)]
fn listening_where_the_peer_cannot_answer() {
    let lab = Lab::up();
    for program in [CH06, "ch04 --peer 203.0.113.2:9876"] {
        fails(&lab, &format!("{program} --listen 127.0.0.1:9876"))
            .says("cannot reach 203.0.113.2:9876 from 127.0.0.1:9876")
            .says("never leaves this host")
            .says("leave out --listen");
    }
    // A peer on a link-local address, by the name of the interface.
    let lab = Lab::up_with_ipv6();
    let up = "ip -6 address add fe80::2/64 dev eth0 nodad";
    lab.run("left", up).code(0);
    let peer = "[fe80::1%eth0]:9876";
    let ch06 = format!("ch06 --addr 192.168.0.1/24 --peer {peer}");
    lab.start_on("left", &ch06).stop().code(0);
}
