//! The chapter programs: each does what its chapter says, and its pitfall
//! happens.

use std::time::{Duration, Instant};

use ip_over_udp::capture::{self, Direction, LinkType};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Lab, chapters, lab, run, temporary};
use crate::{CURL, Need, PING, Test, WGET};

pub const TESTS: &[Test] = &[
    Test {
        name: "ch01: the kernel speaks first",
        needs: &[Need::Lab],
        run: the_kernel_speaks_first,
    },
    Test {
        name: "ch01: the packet information header is four bytes more",
        needs: &[Need::Lab, PING],
        run: packet_information,
    },
    Test {
        name: "ch01: the kernel puts a number in place of %d",
        needs: &[Need::Lab],
        run: the_kernel_chooses_a_number,
    },
    Test {
        name: "ch02: what the route sends arrives, and is captured",
        needs: &[Need::Lab, PING],
        run: the_route_leads_here,
    },
    Test {
        name: "ch02: a ping of its own address never leaves lo",
        needs: &[Need::Lab, PING],
        run: own_address,
    },
    Test {
        name: "ch02: nobody speaks unasked, with IPv6 too",
        needs: &[Need::Lab],
        run: silence,
    },
    Test {
        name: "ch03: every address answers",
        needs: &[Need::Lab, PING],
        run: ping_is_answered,
    },
    Test {
        name: "ch03: one wrong bit in the checksum, and no reply counts",
        needs: &[Need::Lab, PING],
        run: wrong_checksum,
    },
    Test {
        name: "ch04: datagrams keep their borders, and an empty one is one",
        needs: &[Need::Lab],
        run: echo,
    },
    Test {
        name: "ch04: a small buffer cuts a datagram",
        needs: &[Need::Lab],
        run: truncation,
    },
    Test {
        name: "ch04: a connected socket learns that nobody listens",
        needs: &[Need::Lab],
        run: refused,
    },
    Test {
        name: "ch04: a late echo is not the next text's",
        needs: &[Need::Lab],
        run: late_echo,
    },
    Test {
        name: "ch04: a client that is stopped and continued waits on",
        needs: &[Need::Lab],
        run: stopped_client,
    },
    Test {
        name: "ch05: requests arrive, replies do not",
        needs: &[Need::Lab, PING],
        run: one_way,
    },
    Test {
        name: "ch06: a page comes through, for curl and wget too",
        needs: &[Need::Lab, CURL, WGET],
        run: a_page,
    },
    Test {
        name: "ch06: a packet of 1500 bytes leaves as two fragments",
        needs: &[Need::Lab, PING],
        run: fragments,
    },
    Test {
        name: "every program stays below 10 MB with its capture on",
        needs: &[Need::Lab, PING],
        run: memory,
    },
    Test {
        name: "every program goes on when it was stopped while it waited",
        needs: &[Need::Lab],
        run: stopped,
    },
    Test {
        name: "probe: ends with its device",
        needs: &[Need::Lab],
        run: reads,
    },
    Test {
        name: "every experiment plays",
        needs: &[Need::Lab, PING],
        run: every_experiment_plays,
    },
];

fn the_kernel_speaks_first() {
    let lab = Lab::up_with_ipv6();
    let ch01 = lab.start_on("left", "ch01 -v");
    lab.run("left", "ip link set tun0 up").code(0);
    let done = ch01.until("router solicitation (48 bytes)").stop();
    done.says("packet 1: 48 bytes").says("ff 02 00 00").code(0);
}

fn packet_information() {
    let lab = Lab::up();
    for (option, bytes, dump) in [
        ("", "84 bytes", "0000  45 00 00 54"),
        (
            "--packet-information",
            "88 bytes",
            "0000  00 00 08 00 45 00 00 54",
        ),
    ] {
        let ch01 = lab.start_on("left", &format!("ch01 {option}"));
        lab.run("left", "ip address add 192.168.0.1/24 dev tun0")
            .code(0);
        lab.run("left", "ip link set tun0 up").code(0);
        lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
        let done = ch01.until(dump).stop();
        done.says(&format!("packet 1: {bytes}"))
            .says("packets: 1 (")
            .code(0);
    }
}

fn the_kernel_chooses_a_number() {
    let lab = Lab::up();
    let first = lab.start_on("left", "ch01 --tun rv%d");
    let second = lab.start_on("left", "ch01 --tun rv%d");
    lab.run("left", "ip -brief link show dev rv1").code(0);
    first.stop().code(0).says("rv0: open, without an address");
    second.stop().code(0).says("rv1: open, without an address");

    // Once, and within the 15 bytes.
    lab.run("left", "ch01 --tun rv%d%d")
        .code(2)
        .says("percent sign");
    lab.run("left", "ch01 --tun fourteen-lett%d!")
        .code(2)
        .says("at most 15 bytes");
}

fn the_route_leads_here() {
    let lab = Lab::up();
    let folder = temporary("capture");
    let start = format!(
        "ch02 --addr 192.168.0.1/24 --mtu 1400 -v --capture {}",
        folder.display()
    );
    let ch02 = lab.start_on("left", &start);
    lab.run("left", "ip route").says("192.168.0.0/24 dev tun0");
    lab.run("left", "ip link show tun0")
        .says("mtu 1400")
        .says("UP");
    lab.run("left", "ping -c 2 -i 0.2 -W 1 192.168.0.77")
        .code(1)
        .says("100% packet loss");
    let done = ch02.until("seq 2 (84 bytes)").stop();
    done.says("tun0: 192.168.0.1/24, mtu 1400, up")
        .says("packets: 2 (168 bytes) read")
        .code(0);

    let ours = capture::read(&folder.join("tun0.pcap")).unwrap();
    assert!(ours.iter().all(|packet| packet.link == LinkType::Raw));
    let ours: Vec<_> = ours.into_iter().map(|packet| packet.data).collect();
    let labs = lab.captured("left-tun0", "echo request", 2);
    assert_eq!(
        ours,
        labs.into_iter()
            .map(|packet| packet.data)
            .collect::<Vec<_>>()
    );
    std::fs::remove_dir_all(folder).unwrap();
}

fn own_address() {
    let lab = Lab::up();
    let ch02 = lab.start_on("left", "ch02 --addr 192.168.0.1/24");
    lab.run("left", "ping -c 1 192.168.0.1").code(0);
    lab.captured("left-lo", "192.168.0.1 > 192.168.0.1 ICMP echo request", 1);
    ch02.stop().says("packets: 0 (0 bytes) read").code(0);
}

fn silence() {
    let lab = Lab::up_with_ipv6();
    let ch02 = lab.start_on("left", "ch02 --addr 192.168.0.1/24");
    std::thread::sleep(Duration::from_secs(5)); // solicitations come at 0, 4 … seconds
    ch02.stop().says("packets: 0 (0 bytes) read").code(0);
}

fn ping_is_answered() {
    let lab = Lab::up();
    let ch03 = lab.start_on("left", "ch03 --addr 192.168.0.1/24");
    for address in ["192.168.0.2", "192.168.0.254"] {
        lab.run("left", &format!("ping -c 1 {address}"))
            .code(0)
            .says("1 received");
    }
    lab.run("left", "ping -c 1 -s 1472 192.168.0.2").code(0);
    lab.run("left", "ch04 --peer 192.168.0.2:9876 hello")
        .says("no answer");
    let done = ch03.stop();
    done.says("requests: 3 answered, 0 dropped; 1 other packets")
        .code(0);
    lab.captured(
        "left-tun0",
        "192.168.0.254 > 192.168.0.1 ICMP echo reply",
        1,
    );
}

fn wrong_checksum() {
    let lab = Lab::up();
    let ch03 = lab.start_on("left", "ch03 --addr 192.168.0.1/24 --flip");
    lab.run("left", "ping -c 1 -W 1 192.168.0.2")
        .code(1)
        .says("0 received");
    ch03.stop().says("requests: 1 answered").code(0);
    let counters = lab.run("left", "cat /proc/net/snmp");
    let icmp: Vec<Vec<&str>> = counters
        .output
        .lines()
        .filter(|line| line.starts_with("Icmp:"))
        .map(|line| line.split(' ').collect())
        .collect();
    let column = icmp[0]
        .iter()
        .position(|&name| name == "InCsumErrors")
        .unwrap();
    assert_eq!(
        icmp[1][column], "1",
        "the kernel's own count of wrong checksums"
    );
}

fn echo() {
    let lab = Lab::up();
    let folder = temporary("capture");
    let capture = |host: &str| folder.join(host).display().to_string();
    let server = lab.start_on("right", &format!("ch04 -v --capture {}", capture("right")));
    let client = format!(
        "ch04 --peer 203.0.113.2:9876 --capture {} hello \"\" tunnel",
        capture("left")
    );
    let done = lab.run("left", &client);
    done.code(0)
        .says("\"hello\": 5 bytes came back, 5 of them read")
        .says("\"\": 0 bytes came back, 0 of them read")
        .says("\"tunnel\": 6 bytes came back, 6 of them read")
        .says("6 packets captured");
    let done = server.stop();
    done.says("datagrams: 3 (11 bytes) echoed, 0 dropped")
        .says("6 packets captured")
        .code(0);

    for host in ["left", "right"] {
        let ours = capture::read(&folder.join(host).join("eth0.pcap")).unwrap();
        assert!(ours.iter().all(|packet| packet.link == LinkType::Ethernet));
        let labs = lab.captured(&format!("{host}-eth0"), "UDP", 6);
        // Two captures of one interface, by two sockets: the same frames, and
        // the same times to the nanosecond.
        for (ours, labs) in ours.iter().zip(&labs) {
            assert_eq!((ours.time, &ours.data), (labs.time, &labs.data));
        }
        assert_eq!(ours.len(), labs.len());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn truncation() {
    let lab = Lab::up();
    let server = lab.start_on("right", "ch04 --buffer 4 -v");
    let done = lab.run("left", "ch04 --peer 203.0.113.2:9876 hello");
    done.says("\"hello\": 4 bytes came back");
    server
        .stop()
        .says("5 bytes, 4 of them read")
        .says("1 (4 bytes) echoed");
}

fn refused() {
    let lab = Lab::up();
    let done = lab.run("left", "ch04 --peer 203.0.113.2:9876 hello");
    done.code(0).says("\"hello\": refused");
    lab.captured(
        "left-eth0",
        "203.0.113.2 > 198.51.100.2 ICMP port unreachable",
        1,
    );
}

fn late_echo() {
    let lab = Lab::up();
    let server = lab.start_on("right", "ch04");
    server.signal_child(Signal::SIGSTOP);
    let client = "ch04 --peer 203.0.113.2:9876 hello tunnel ab \"\" same";
    let client = lab.start_on("left", client);
    let client = client.until("\"hello\": no answer in a second");
    server.signal_child(Signal::SIGCONT);
    let done = client.wait();
    done.code(0)
        .says("\"tunnel\": 5 bytes came back that are no echo of it\n")
        .says("\"tunnel\": 6 bytes came back, 6 of them read\n")
        .says("\"ab\": 2 bytes came back, 2 of them read\n")
        .says("\"\": 0 bytes came back, 0 of them read\n")
        .says("\"same\": 4 bytes came back, 4 of them read\n");
    server
        .stop()
        .says("datagrams: 5 (17 bytes) echoed, 0 dropped");

    // Nothing is the beginning of every text, and still not its echo.
    let server = lab.start_on("right", "ch04");
    server.signal_child(Signal::SIGSTOP);
    let client = "ch04 --peer 203.0.113.2:9876 \"\" hello";
    let client = lab.start_on("left", client);
    let client = client.until("\"\": no answer in a second");
    server.signal_child(Signal::SIGCONT);
    client
        .wait()
        .says("\"hello\": 0 bytes came back that are no echo of it\n")
        .says("\"hello\": 5 bytes came back, 5 of them read\n");
}

fn stopped_client() {
    let lab = Lab::up();
    let server = lab.start_on("right", "ch04 -v");
    server.signal_child(Signal::SIGSTOP);
    let ask = "ch04 --peer 203.0.113.2:9876 hello";

    // The echo comes while the client is stopped, and in time.
    let client = lab.start_on("left", ask);
    let state = format!("/proc/{}/stat", client.child());
    let sleeps = || std::fs::read_to_string(&state).unwrap().contains(") S ");
    while !sleeps() {
        std::thread::sleep(Duration::from_millis(5));
    }
    client.signal_child(Signal::SIGSTOP);
    server.signal_child(Signal::SIGCONT);
    let server = server.until("5 bytes, 5 of them read");
    client.signal_child(Signal::SIGCONT);
    client
        .wait()
        .code(0)
        .says("\"hello\": 5 bytes came back, 5 of them read");

    // No echo comes, and being stopped again and again does not make its
    // second any longer.
    server.signal_child(Signal::SIGSTOP);
    let mut client = lab.start_on("left", ask);
    let child = Pid::from_raw(client.child() as i32);
    let (start, mut times) = (Instant::now(), 0);
    while client.is_running() {
        assert!(start.elapsed() < Duration::from_secs(20), "it waits on");
        for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
            times += u32::from(kill(child, signal).is_ok());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    assert!(times > 2, "it was never stopped while it waited");
    client
        .wait()
        .code(0)
        .says("\"hello\": no answer in a second");
    server.signal_child(Signal::SIGCONT);
}

fn one_way() {
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

fn a_page() {
    let lab = Lab::up();
    let _left = lab.start_on("left", "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876");
    let _right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    let server = lab.start_on("right", "serve --listen 192.168.0.2:80");
    for client in ["fetch", "curl -sS", "wget -q -O -"] {
        let done = lab.run("left", &format!("{client} http://192.168.0.2/"));
        done.code(0).says("<h1>Hello from the other end</h1>");
    }
    let done = lab.run("left", "fetch http://192.168.0.2/bytes/100000");
    assert_eq!(
        done.output.lines().skip(1).collect::<String>().len(),
        93_750
    );
    lab.run("left", "fetch http://192.168.0.2/nothing")
        .says("404");
    lab.run("left", "fetch http://192.168.0.2:81/")
        .code(1)
        .says("cannot fetch");
    server.signal(Signal::SIGINT);
}

fn fragments() {
    let lab = Lab::up();
    let folder = temporary("capture");
    let left = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        folder.display()
    );
    let left = lab.start_on("left", &left);
    let right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    lab.run("left", "ping -c 1 -s 1472 192.168.0.2").code(0);
    let pieces = lab.captured("left-eth0", "198.51.100.2 > 203.0.113.2 fragment", 2);
    assert_eq!(
        pieces.iter().map(|it| it.length).collect::<Vec<_>>(),
        [1514, 62]
    );
    let done = left.stop();
    done.says("packets: 1 (1500 bytes) out, 1 (1500 bytes) in, 0 dropped")
        .code(0);
    right.stop().code(0);

    // The program's own capture: two interfaces, each with its name, its link
    // type, and directions.
    let both = capture::read(&folder.join("both.pcapng")).unwrap();
    let of = |name| both.iter().filter(move |it| it.interface == name);
    assert_eq!(of("tun0").count(), 2);
    assert_eq!(of("eth0").count(), 4);
    assert!(of("tun0").all(|it| it.link == LinkType::Raw));
    assert!(of("eth0").all(|it| it.link == LinkType::Ethernet));
    let directions: Vec<_> = of("tun0").map(|it| it.direction).collect();
    assert_eq!(directions, [Some(Direction::Out), Some(Direction::In)]);
    for name in ["tun0", "eth0"] {
        let alone = capture::read(&folder.join(format!("{name}.pcap"))).unwrap();
        let together: Vec<_> = of(name).map(|it| (it.time, &it.data)).collect();
        assert_eq!(
            alone
                .iter()
                .map(|it| (it.time, &it.data))
                .collect::<Vec<_>>(),
            together
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn memory() {
    let lab = Lab::up();
    let folder = temporary("capture");
    let capture = format!("--capture {}", folder.display());
    let peer = "--peer 203.0.113.2:9876";
    for (start, traffic) in [
        ("ch01".to_owned(), "ip link set tun0 up"),
        (
            format!("ch02 --addr 192.168.0.1/24 {capture}"),
            "ping -c 50 -i 0.01 -W 1 -s 1400 192.168.0.2",
        ),
        (
            format!("ch03 --addr 192.168.0.1/24 {capture}"),
            "ping -c 50 -i 0.01 -s 1400 192.168.0.2",
        ),
        (
            format!("ch04 {capture}"),
            "ch04 --peer 198.51.100.2:9876 --listen 198.51.100.2:0 a b c",
        ),
        (
            format!("ch05 --addr 192.168.0.1/24 {peer} {capture}"),
            "ping -c 50 -i 0.01 -W 1 -s 1472 192.168.0.2",
        ),
        (
            format!("ch06 --addr 192.168.0.1/24 {peer} {capture}"),
            "ping -c 50 -i 0.01 -W 1 -s 1472 192.168.0.2",
        ),
    ] {
        let name = start.split(' ').next().unwrap();
        let program = lab.start_on("left", &start);
        lab.run("left", traffic);
        let find = format!("grep VmHWM /proc/$(pgrep -x {name} | head -n 1)/status");
        let status = lab.run("left", &format!("sh -c '{find}'"));
        let kilobytes = status
            .output
            .split_whitespace()
            .nth(1)
            .and_then(|kb| kb.parse::<u64>().ok());
        let kilobytes = kilobytes.unwrap_or_else(|| panic!("{name}: {}", status.output));
        assert!(kilobytes < 10_000, "{name} took {kilobytes} kB");
        program.stop().code(0);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Checks each chapter, and its captures beside the reference. RUNS=20 does
/// all of it twenty times.
fn every_experiment_plays() {
    let runs = std::env::var("RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok());
    for _ in 0..runs.unwrap_or(1) {
        play_all();
    }
}

fn play_all() {
    let base = temporary("experiments");
    for name in chapters() {
        run(lab().arg("--out").arg(&base).args(["check", &name]))
            .code(0)
            .says(&format!("chapter {name}: "));
        let all = capture::read(&base.join(&name).join("all.pcapng")).unwrap();
        assert!(
            all.is_sorted_by_key(|packet| packet.time),
            "{name}: in the order of time"
        );
    }
    std::fs::remove_dir_all(base).unwrap();
}

/// After SIGSTOP and SIGCONT some system calls fail with EINTR (signal(7)).
fn stopped() {
    let lab = Lab::up();
    let tunnel = "--addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture /run/c";
    let mut programs = vec![
        "ch01".to_owned(),
        "ch02 --addr 192.168.0.1/24".to_owned(),
        "ch03 --addr 192.168.0.1/24".to_owned(),
        "ch04 --capture /run/c".to_owned(),
        "ch05 --addr 192.168.0.1/24 --capture /run/c".to_owned(),
        "probe --addr 192.168.0.1/24 read".to_owned(),
        "probe --addr 192.168.0.1/24 two".to_owned(),
    ];
    programs.extend([5, 6, 8].map(|chapter| format!("ch0{chapter} {tunnel}")));
    for wait in [
        "threads",
        "poll",
        "epoll-edge",
        "epoll-edge-once",
        "blocking",
    ] {
        programs.push(format!("ch07 {tunnel} --wait {wait}"));
    }
    for program in programs {
        let mut running = lab.start_on("left", &program);
        let stat = format!("/proc/{}/stat", running.child());
        for (signal, stopped) in [(Signal::SIGSTOP, true), (Signal::SIGCONT, false)] {
            running.signal_child(signal);
            while std::fs::read_to_string(&stat).unwrap().contains(") T ") != stopped {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // Long enough for it to fail, if it does.
        std::thread::sleep(Duration::from_millis(100));
        assert!(running.is_running(), "{program}");
        running.stop().code(0);
    }
}

fn reads() {
    let lab = Lab::up();
    for way in ["read", "exact 84", "buffered", "two"] {
        let reads = lab.start_on("left", &format!("probe --addr 192.168.0.1/24 {way}"));
        lab.run("left", "ip link delete tun0").code(0);
        reads
            .wait()
            .code(1)
            .says("error: tun0 is gone: it was deleted while this program used it");
    }
    for bytes in ["0", "65536", "99999999999"] {
        let reads = format!("probe --addr 192.168.0.1/24 exact {bytes}");
        lab.run("left", &reads).code(2).says("is not in 1..=65535");
    }
    let attack = "attack port 203.0.113.2:9876 zzz --seconds 18446744073709551615";
    lab.run("left", attack).code(2).says("is not in 0..=86400");
}
