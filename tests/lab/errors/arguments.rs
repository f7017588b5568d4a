//! Names, addresses and ports that cannot be had.

use support::{Lab, apply, as_user, program, run, test_in_lab, test_without_lab};

use super::{CH06, fails};

#[apply(test_in_lab)]
fn device_names() {
    let lab = Lab::up();
    let first = lab.start_on("left", CH06);
    for program in ["ch01", "ch02 --addr 192.168.9.1/24"] {
        lab.run("left", program)
            .code(1)
            .says("error: cannot create tun0: another program holds a device of that name")
            .says("--tun");
    }
    first.stop().code(0);
    for program in ["ch01", "ch02 --addr 192.168.0.1/24", CH06] {
        lab.run("left", &format!("{program} --tun eth0"))
            .code(1)
            .says("there is a device of that name, and it is not a TUN device");
        lab.run("left", &format!("{program} --tun sixteen-letters!"))
            .code(2)
            .says("a name has at most 15 bytes");
        lab.run("left", &format!("{program} --tun a/b"))
            .code(2)
            .says("no slash");
        lab.run("left", &format!("{program} --tun ''"))
            .code(2)
            .says("at least one character");
    }
    let links = lab.run("left", "ip -br link").output;
    assert_eq!(links.lines().count(), 2, "lo and eth0:\n{links}");
}

#[apply(test_without_lab)]
fn bad_addresses() {
    for (address, words) in [
        ("192.168.0.1", "the prefix length is missing"),
        ("192.168.0.999/24", "\"192.168.0.999\" is not an IP address"),
        ("192.168.0.1/33", "a number from 0 to 32, not \"33\""),
        ("fd00::1/200", "a number from 0 to 128, not \"200\""),
        ("192.168.0.1/", "a number from 0 to 32, not \"\""),
        ("/24", "is not an IP address"),
        ("0.0.0.0/0", "not an address that a host can have"),
        ("224.0.0.1/24", "not an address that a host can have"),
        ("127.0.0.1/8", "127.0.0.1 never leaves this host"),
        ("::1/128", "::1 never leaves this host"),
        (
            "192.168.0.0/24",
            "192.168.0.0 is the address of the network",
        ),
        (
            "fd00:0:0:1::/64",
            "fd00:0:0:1:: is the address of the network",
        ),
        (
            "192.168.0.255/24",
            "192.168.0.255 is the address of all hosts in 192.168.0.0/24",
        ),
        ("255.255.255.255/32", "not an address that a host can have"),
        ("", "the prefix length is missing"),
    ] {
        for name in ["ch02", "ch03", "ch05", "ch06"] {
            run(as_user(program(name)).args(["--addr", address]))
                .code(2)
                .says(words);
        }
    }
    run(as_user(program("ch06")).args(["--addr", "192.168.0.1/24", "--peer", "203.0.113.2"]))
        .code(2)
        .says("write them like 203.0.113.2:9876");
    for (peer, words) in [
        ("203.0.113.2:0", "no datagram can be sent to port 0"),
        ("0.0.0.0:9876", "is not the address of one host"),
        ("255.255.255.255:9876", "is not the address of one host"),
        ("[fe80::1]:9876", "as in [fe80::1%eth0]:9876"),
        (
            "[fe80::1%nothing]:9876",
            "this host has no interface nothing",
        ),
        ("right:9876", "write them like"),
    ] {
        let args = ["--addr", "192.168.0.1/24", "--peer", peer];
        run(as_user(program("ch06")).args(args)).code(2).says(words);
    }
    run(as_user(program("ch06")).args(["--addr", "192.168.0.1/24"]))
        .code(2)
        .says("--peer");
    run(as_user(program("ch06")).args(["--mtu", "67"]))
        .code(2)
        .says("68");
}

#[apply(test_in_lab)]
fn families_that_do_not_match() {
    let lab = Lab::up_with_ipv6();
    let words = "one is IPv4, the other IPv6";
    fails(&lab, &format!("{CH06} --listen [::]:9876")).says(words);
    fails(
        &lab,
        "ch06 --addr 192.168.0.1/24 --listen 198.51.100.2:9876 --peer [2001:db8:2::2]:9876",
    )
    .says(words);
    lab.run("left", "ch04 --listen [::]:9876 --peer 203.0.113.2:9876 x")
        .code(1)
        .says(words);
}

#[apply(test_in_lab)]
fn ports_and_addresses_to_listen_on() {
    let lab = Lab::up();
    let first = lab.start_on("left", "ch04");
    for program in ["ch04", "ch05 --addr 192.168.0.1/24", CH06] {
        fails(&lab, program)
            .says("error: cannot listen on 0.0.0.0:9876: another program has that port")
            .says("ss -lunp")
            .says("--listen");
    }
    first.stop().code(0);
    fails(&lab, &format!("{CH06} --listen 192.0.2.1:9876"))
        .says("cannot listen on 192.0.2.1:9876: no interface of this host has that address")
        .says("ip address");
}

#[apply(test_in_lab)]
fn folders_for_captures() {
    let lab = Lab::up();
    let small = "mkdir -p /run/small && mount -t tmpfs -o size=4k tmpfs /run/small \
                 && head -c 4096 /dev/zero > /run/small/full";
    lab.run("left", &format!("sh -c '{small}'")).code(0);
    lab.run("left", "touch /run/file").code(0);
    for program in [
        "ch02 --addr 192.168.0.1/24",
        "ch03 --addr 192.168.0.1/24",
        CH06,
    ] {
        fails(&lab, &format!("{program} --capture /proc/nowhere"))
            .says("error: cannot write the capture /proc/nowhere");
        fails(&lab, &format!("{program} --capture /run/file"))
            .says("error: cannot write the capture /run/file")
            .says("there is a file of that name, and --capture needs a folder");
        fails(&lab, &format!("{program} --capture /run/small"))
            .says("error: cannot write the capture /run/small/")
            .says("No space left on device")
            .says("make room on that disk, or choose another folder");
    }
    lab.run("left", "ch04 --peer 203.0.113.2:9876 --capture /run/file x")
        .code(1)
        .says("cannot write the capture /run/file")
        .says("--capture needs a folder");
}
