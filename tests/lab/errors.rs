//! Bad input and bad machines: the words that a reader gets, and that nothing
//! was changed before.

use std::path::PathBuf;

use nix::sys::signal::Signal;

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
        name: "errors: the peer inside the tunnel",
        needs: &[Need::Lab],
        run: peer_inside,
    },
    Test {
        name: "errors: a route to the peer that leads into the device",
        needs: &[Need::Lab],
        run: route_inside,
    },
    Test {
        name: "errors: a peer that is no other host",
        needs: &[Need::Lab],
        run: no_peers,
    },
    Test {
        name: "errors: listening where the peer cannot answer",
        needs: &[Need::Lab],
        run: listening_inside,
    },
    Test {
        name: "errors: limits of the process",
        needs: &[Need::Lab],
        run: limits,
    },
    Test {
        name: "errors: signals that the parent ignores",
        needs: &[Need::Lab],
        run: ignored_signals,
    },
    Test {
        name: "errors: a capture folder that cannot be written",
        needs: &[Need::Lab],
        run: captures,
    },
    Test {
        name: "errors: the lab, where standard output and error are full",
        needs: &[Need::Lab, PING],
        run: full_output,
    },
    Test {
        name: "errors: captures that would fill a disk",
        needs: &[Need::Lab],
        run: captures_without_end,
    },
    Test {
        name: "errors: the largest packet that a TUN device can give",
        needs: &[Need::Lab, PING],
        run: largest_packet,
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
        ("203.0.113.2:0", "nobody can be reached at port 0"),
        ("0.0.0.0:9876", "is not the address of one host"),
        ("255.255.255.255:9876", "is not the address of one host"),
        ("[fe80::1]:9876", "write it like [fe80::1%eth0]:9876"),
        ("[fe80::1%nothing]:9876", "no interface nothing here"),
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

/// What the programs from chapter 5 on refuse before they change anything:
/// no device, no folder.
#[track_caller]
fn refuses(lab: &Lab, addr: &str, peer: &str) -> Done {
    let mut done = None;
    for name in ["ch05", "ch06", "ch07", "ch08"] {
        let folder = format!("/run/untouched-{name}");
        let command = format!("timeout 5 {name} --addr {addr} --peer {peer} --capture {folder}");
        let refused = lab.run("left", &command);
        refused.code(1);
        lab.run("left", &format!("test -e {folder}")).code(1);
        done = Some(refused);
    }
    done.unwrap()
}

fn peer_inside() {
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

fn route_inside() {
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
    lab.run("left", "ip address show tun0").lacks("192.168.0.1");
    // Another device is another matter, and so is a device without the route.
    let other = "ch06 --tun tun1 --addr 192.168.1.1/24 --peer 203.0.113.2:9876";
    lab.start_on("left", other).stop().code(0);
    lab.run("left", "ip route delete 203.0.113.2 dev tun0")
        .code(0);
    lab.start_on("left", CH06).stop().code(0);
}

fn no_peers() {
    let lab = Lab::up();
    lab.run("left", "ip address add 198.51.100.7/32 dev lo")
        .code(0);
    for own in ["198.51.100.2", "198.51.100.7", "127.0.0.1"] {
        refuses(&lab, "192.168.0.1/24", &format!("{own}:9876"))
            .says(&format!("cannot reach a peer at {own}: that is this host"));
    }
    refuses(&lab, "192.168.0.1/24", "192.168.0.1:9876").says("that is this host");
    let broadcast = "198.51.100.255:9876";
    refuses(&lab, "192.168.0.1/24", broadcast).says("stands for all hosts of a network");
    lab.run("left", &format!("ch04 --peer {broadcast} x"))
        .code(1)
        .says("stands for all hosts of a network");
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

fn listening_inside() {
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

/// `ulimit`, and what it makes of a program: words, and no device.
fn limits() {
    let lab = Lab::up();
    let mut refused = 0;
    for files in 3..20 {
        let program = format!("sh -c 'ulimit -n {files}; exec timeout 1 {CH06} --capture /run'");
        let done = lab.run("left", &program);
        lab.run("left", "ip link show tun0").code(1);
        // With fewer, `timeout` itself does not start.
        if done.code == Some(1) {
            done.says("error: cannot ")
                .says("Too many open files")
                .says("ulimit -n");
            refused += 1;
        }
    }
    assert!(refused > 3, "{refused}");
    fails(
        &lab,
        &format!("bash -c 'ulimit -u 1; exec {CH06} --capture /run'"),
    )
    .says("error: cannot ")
    .says("Resource temporarily unavailable")
    .says("ulimit -u");

    // The capture reaches its limit, and the tunnel goes on.
    let program = format!("bash -c 'ulimit -f 2; exec {CH06} --capture /run/large'");
    let program = lab.start_on("left", &program);
    lab.run("left", "ping -c 3 -i 0.1 -W 1 -s 1400 192.168.0.2")
        .code(1);
    let program = program.until("the capture stops here, the program goes on");
    lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    program
        .stop()
        .code(0)
        .says("4 (4368 bytes) out")
        .says(", then the capture stopped");
}

/// As a script starts a job in the background, and as some programs start all
/// their children.
fn ignored_signals() {
    let lab = Lab::up();
    let program = lab.start_on("left", &format!("env --ignore-signal=INT,CHLD,XFSZ {CH06}"));
    program.signal_child(Signal::SIGINT);
    program.wait().says("packets: ").code(0);
    // And a lab that is started so starts its programs as ever.
    let mut shell = as_user("env");
    shell.args(["--ignore-signal=INT,QUIT,CHLD,TERM,USR1,XFSZ"]);
    let base = temporary("ignored");
    shell
        .arg(crate::support::program("lab"))
        .arg("--bin-dir")
        .arg(crate::support::program(""));
    shell.arg("--out").arg(&base);
    shell.args(["shell", "left", "--", "grep", "SigIgn", "/proc/self/status"]);
    let done = run(&mut shell);
    let ignored = done.code(0).output.trim().rsplit('\t').next().unwrap();
    let ignored = u64::from_str_radix(ignored, 16).unwrap();
    assert_eq!(ignored & 0x7fff_ffff, 0, "{}", done.output);
    std::fs::remove_dir_all(base).unwrap();
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

/// Neither a panic nor its exit codes, 134 and 139, and not the one that means
/// a difference either.
fn full_output() {
    let base = temporary("full");
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["02"], 1),
        (&["check", "02"], 2),
        (&["exercise", "02-1"], 2),
    ] {
        for (err, words) in [("", "cannot write to standard output"), ("2>&1", "")] {
            let lab = crate::support::lab();
            let mut full = as_user("sh");
            full.args(["-c", &format!("exec \"$@\" > /dev/full {err}"), "sh"]);
            full.arg(lab.get_program()).args(lab.get_args());
            full.arg("--out").arg(&base).args(arguments);
            run(&mut full).says(words).code(code);
        }
    }
    std::fs::remove_dir_all(base).unwrap();
}

/// A capture ends at 256 MB, the lab's and a program's, and says so; what was
/// captured goes on.
fn captures_without_end() {
    let fetch = |lab: &Lab, at: &str, bytes: u64| {
        let fetch = format!("fetch http://{at}/bytes/{bytes}");
        let fetch = format!("bash -c '{fetch} | wc -c; exit ${{PIPESTATUS[0]}}'");
        let length = "HTTP/1.1 200 OK\n".len() as u64 + bytes;
        lab.run("left", &fetch).code(0).says(&length.to_string());
    };
    // A capture misses some of what comes too fast for it.
    let fill = |lab: &Lab, at: &str, file: PathBuf| {
        let full = || std::fs::metadata(&file).unwrap().len() > 255_900_000;
        let mut rounds = (0..100).take_while(|_| !full());
        rounds.by_ref().for_each(|_| fetch(lab, at, 20_000_000));
        fetch(lab, at, 20_000_000);
        let size = std::fs::metadata(&file).unwrap().len();
        assert!((255_900_000..=256_000_000).contains(&size), "{size}");
    };
    let limit = "it has 256 MB, and no capture grows beyond that";

    let mut lab = Lab::up();
    let server = lab.start_on("right", "serve");
    fill(&lab, "right", lab.folder().join("all.pcapng"));
    let done = lab.end();
    let told = done.output.matches("the lab captures no more: ").count();
    assert_eq!(told, 1, "{}", done.output);
    done.says(limit);
    server.wait();
    drop(lab);

    let lab = Lab::up_without_captures();
    let folder = temporary("large");
    let left = format!("{CH06} --capture {}", folder.display());
    let left = lab.start_on("left", &left);
    let right = "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876";
    let right = lab.start_on("right", right);
    let server = lab.start_on("right", "serve");
    fill(&lab, "192.168.0.2", folder.join("both.pcapng"));
    left.stop()
        .code(0)
        .says("the capture stops here, the program goes on: ")
        .says(limit)
        .says(", then the capture stopped");
    server.stop();
    right.stop().code(0);
    std::fs::remove_dir_all(folder).unwrap();
}

/// 65,535 bytes, for IPv6 too, whose packets could be 40 bytes larger.
fn largest_packet() {
    let lab = Lab::up_with_ipv6();
    let left = "ch06 --addr fd00:0:0:1::1/64 --mtu 65535 -v --peer [2001:db8:2::2]:9876";
    let left = lab.start_on("left", left);
    lab.run("left", "ip link set tun0 mtu 65536")
        .code(2)
        .says("mtu greater than device maximum");
    // An IPv6 header and an ICMP header are 48 bytes.
    for size in ["65487", "65488"] {
        let ping = format!("ping -c 1 -W 1 -s {size} fd00:0:0:1::2");
        lab.run("left", &ping).code(1);
    }
    left.stop()
        .says("seq 1 (65535 bytes)\n")
        .says("fragment, bytes 0 to 65479, of ICMPv6 echo request")
        .code(0);
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
