//! Bad input and bad machines: the words that a reader gets, and that nothing
//! was changed before.

use crate::support::{Done, Lab, as_user, program, run, temporary};
use crate::{Need, PING, SETPRIV, Test, UNSHARE};

pub const TESTS: &[Test] = &[
    Test {
        name: "errors: no /dev/net/tun",
        needs: &[Need::Lab, UNSHARE],
        run: no_tun,
    },
    Test {
        name: "errors: /dev/net/tun not for you",
        needs: &[Need::Lab, UNSHARE, SETPRIV],
        run: tun_forbidden,
    },
    Test {
        name: "errors: no right to make a device, or to capture",
        needs: &[Need::Lab, SETPRIV],
        run: not_permitted,
    },
    Test {
        name: "errors: outside the lab, an ordinary user learns the way in",
        needs: &[Need::User, Need::Lab],
        run: outside_the_lab,
    },
    Test {
        name: "errors: user namespaces forbidden, as in a container",
        needs: &[Need::Lab, UNSHARE],
        run: namespaces_forbidden,
    },
    Test {
        name: "errors: user namespaces used up",
        needs: &[Need::Lab, UNSHARE],
        run: namespaces_used_up,
    },
    Test {
        name: "errors: no ip",
        needs: &[Need::Lab, UNSHARE],
        run: no_ip,
    },
    Test {
        name: "errors: a name that is taken, too long, or of another device",
        needs: &[Need::Lab],
        run: names,
    },
    Test {
        name: "errors: bad addresses",
        needs: &[],
        run: bad_addresses,
    },
    Test {
        name: "errors: families that do not match",
        needs: &[Need::Lab],
        run: families,
    },
    Test {
        name: "errors: a port in use, an address of nobody here",
        needs: &[Need::Lab],
        run: ports,
    },
    Test {
        name: "errors: no route to the peer",
        needs: &[Need::Lab],
        run: no_route,
    },
    Test {
        name: "errors: a capture folder that cannot be written",
        needs: &[Need::Lab],
        run: captures,
    },
    Test {
        name: "errors: a packet larger than a datagram",
        needs: &[Need::Lab, PING],
        run: larger_than_a_datagram,
    },
];

const CH06: &str = "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876";

/// Runs a program that must fail, and sees that it left no device.
#[track_caller]
fn fails(lab: &Lab, command: &str) -> Done {
    let done = lab.run("left", command);
    done.code(1);
    lab.run("left", "ip link show tun0").code(1);
    done
}

fn no_tun() {
    let lab = Lab::up();
    for program in ["ch01", "ch02 --addr 192.168.0.1/24", CH06] {
        let covered = format!("mount -t tmpfs none /dev/net && {program}");
        fails(&lab, &format!("unshare -m sh -c '{covered}'"))
            .says("error: cannot open /dev/net/tun: there is no such file")
            .says("sudo modprobe tun")
            .says("--device /dev/net/tun --cap-add NET_ADMIN");
    }
}

fn tun_forbidden() {
    let lab = Lab::up();
    // A file of root's with the mode 0000, and no right to pass over modes.
    let covered = "mount -t tmpfs none /dev/net && touch /dev/net/tun && chmod 0 /dev/net/tun \
                   && setpriv --bounding-set=-dac_override,-dac_read_search ch01";
    fails(&lab, &format!("unshare -m sh -c '{covered}'"))
        .says("error: cannot open /dev/net/tun: its file mode does not let you")
        .says("sudo chmod 666 /dev/net/tun");
}

fn not_permitted() {
    let lab = Lab::up();
    for program in ["ch01", "ch02 --addr 192.168.0.1/24", CH06] {
        fails(
            &lab,
            &format!("setpriv --bounding-set=-net_admin {program}"),
        )
        .says("error: cannot create tun0: not permitted (it needs CAP_NET_ADMIN)")
        .says("cargo lab shell left")
        .says("sudo");
    }
    let capture = format!("setpriv --bounding-set=-net_raw {CH06} --capture /run");
    fails(&lab, &capture)
        .says("error: cannot capture: not permitted (it needs CAP_NET_RAW)")
        .says("leave out --capture");
}

fn outside_the_lab() {
    run(&mut as_user(program("ch01")))
        .code(1)
        .says("cannot create tun0: not permitted")
        .says("in the lab you have every right: cargo lab shell left")
        .says("outside the lab: run the program with sudo");
}

/// Starts a lab inside a world that lacks something. The user in
/// there must not be root: root's labs need no user namespace.
fn in_a_poor_world(script: &str) -> Done {
    let base = temporary("poor");
    let mut unshare = as_user("unshare");
    unshare.args([
        "--user",
        "--map-user=1000",
        "--map-group=1000",
        "--keep-caps",
        "--mount",
    ]);
    let lab = format!(
        "{} --bin-dir {} --out {}",
        program("lab").display(),
        program("").display(),
        base.display()
    );
    unshare.args(["sh", "-c", &script.replace("LAB", &lab)]);
    let done = run(&mut unshare);
    std::fs::remove_dir_all(base).unwrap();
    done
}

fn namespaces_forbidden() {
    // In a chroot, the kernel makes no user namespaces: EPERM, as where a
    // container's seccomp rules or AppArmor say no.
    in_a_poor_world("mount --rbind / /mnt && exec chroot /mnt LAB up")
        .code(1)
        .says("error: cannot make a user namespace: this system forbids it")
        .says("kernel.apparmor_restrict_unprivileged_userns=0")
        .says("--privileged")
        .says("or run the lab as root");
}

fn namespaces_used_up() {
    in_a_poor_world("echo 0 > /proc/sys/user/max_user_namespaces && exec LAB up")
        .code(1)
        .says("error: cannot make a user namespace: the limit is reached")
        .says("sudo sysctl -w user.max_user_namespaces=10000");
}

fn no_ip() {
    // /dev/null in the place of every `ip`.
    let hide = "for ip in /usr/sbin/ip /usr/bin/ip /sbin/ip /bin/ip; do \
                test -f $ip && mount --bind /dev/null $(readlink -f $ip); done; exec LAB up";
    in_a_poor_world(hide)
        .code(1)
        .says("error: the lab needs the program `ip`")
        .says("sudo apt-get install iproute2");
}

fn names() {
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
        ("203.0.113.2:0", "nobody can be reached at port 0"),
        ("0.0.0.0:9876", "is not the address of one host"),
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

fn families() {
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

fn ports() {
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

fn no_route() {
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

fn captures() {
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
            .says("error: cannot write the capture /run/file");
        fails(&lab, &format!("{program} --capture /run/small"))
            .says("error: cannot write the capture /run/small/")
            .says("No space left on device")
            .says("make room on that disk, or choose another folder");
    }
    lab.run("left", "ch04 --peer 203.0.113.2:9876 --capture /run/file x")
        .code(1)
        .says("cannot write the capture /run/file");
}

fn larger_than_a_datagram() {
    let lab = Lab::up();
    let left = lab.start_on("left", &format!("{CH06} --mtu 65535"));
    let right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --mtu 65535 --peer 198.51.100.2:9876",
    );
    // 65,507 bytes are the most that a datagram can carry over IPv4.
    lab.run("left", "ping -c 1 -s 65479 192.168.0.2").code(0);
    lab.run("left", "ping -c 1 -W 1 -s 65480 192.168.0.2")
        .code(1);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    left.stop()
        .says("2 (65591 bytes) out, 2 (65591 bytes) in, 1 dropped")
        .code(0);
    right.stop().says(", 0 dropped").code(0);
}
