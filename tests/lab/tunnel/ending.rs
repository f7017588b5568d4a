//! The end of a tunnel, of its capture, or of its output, in the middle of traffic.

use ip_over_udp::capture::{self};
use nix::sys::signal::Signal;
use support::{Lab, PING, Program, apply, temporary, test_in_lab};

use crate::ends::{V4, tunnel};

#[apply(test_in_lab)]
#[needs(PING)]
fn a_full_disk_ends_the_capture_alone() {
    let lab = Lab::up();
    lab.run("left", "mkdir /run/small").code(0);
    lab.run("left", "mount -t tmpfs -o size=40k tmpfs /run/small")
        .code(0);
    let left = "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture /run/small";
    let left = lab.start_on("left", left);
    let right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    lab.run("left", "ping -c 30 -i 0.01 -s 1400 192.168.0.2")
        .code(0)
        .says("30 received");
    let done = left.stop();
    done.says("the capture stops here, the program goes on: cannot write the capture /run/small/")
        .says("No space left on device")
        .says("30 (42840 bytes) out, 30 (42840 bytes) in, 0 dropped")
        .code(0);
    right.stop().code(0);

    // What did fit is whole, and what did not left no piece.
    let folder = temporary("small");
    lab.run("left", &format!("cp -r /run/small {}", folder.display()))
        .code(0);
    let mut packets = 0;
    for file in ["tun0.pcap", "eth0.pcap", "both.pcapng"] {
        let file = folder.join("small").join(file);
        packets += capture::read(&file)
            .unwrap_or_else(|err| panic!("{err}"))
            .len();
    }
    assert!(packets > 10, "{packets} packets");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Both captures of tun0, the program's and the lab's, hear the same. When the
/// program is killed while packets flow, its files end with a whole packet, and
/// lack no more than what was in its queue.
#[apply(test_in_lab)]
#[needs(PING)]
fn kill_9_leaves_the_capture() {
    let lab = Lab::up();
    let folder = temporary("killed");
    let left = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        folder.display()
    );
    let left = lab.start_on("left", &left);
    let right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    let ping = "ping -q -i 0.001 -c 5000 -s 1000 192.168.0.2";
    let ping = support::Program::start(&mut lab.on("left", ping)).until("PING");
    lab.captured("left-tun0", "echo reply", 300);
    lab.run("left", "pkill -KILL ch06").code(0);
    ping.signal(Signal::SIGINT);
    left.wait();
    right.wait(); // all hosts' processes are in one world

    let ours = capture::read(&folder.join("tun0.pcap")).unwrap();
    let theirs = capture::read(&lab.folder().join("left-tun0.pcap")).unwrap();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((ours.time, &ours.data), (theirs.time, &theirs.data));
    }
    assert!(
        ours.len() + 100 >= theirs.len(),
        "{} of {}",
        ours.len(),
        theirs.len()
    );
    let both = capture::read(&folder.join("both.pcapng")).unwrap();
    let tun0 = both
        .iter()
        .filter(|packet| packet.interface == "tun0")
        .count();
    assert!(
        ours.len().abs_diff(tun0) <= 1,
        "one file is written before the other"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// A packet that goes round for ever is the busiest network there is: the
/// address of the peer is behind the tunnel itself, by a route that was made
/// when the program had looked already.
#[apply(test_in_lab)]
#[needs(PING)]
fn ctrl_c_while_packets_flow() {
    let mut lab = Lab::up();
    let folder = temporary("busy");
    let left = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        folder.display()
    );
    let left = lab.start_on("left", &left);
    lab.run("left", "ip route add 203.0.113.2 dev tun0").code(0);
    lab.run("left", "ping -c 1 -W 1 -s 1472 192.168.0.3")
        .code(1);
    // While it goes round, the lab must end.
    lab.end().code(130);
    left.wait();
    std::fs::remove_dir_all(folder).unwrap();

    let lab = Lab::up();
    let folder = temporary("busy");
    let [left, right] = tunnel(&lab, &V4, &V4);
    right.stop().code(0);
    let right = format!(
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876 --capture {}",
        folder.display()
    );
    let right = lab.start_on("right", &right);
    let flood = Program::start(&mut lab.on("left", "ping -q -f -c 200000 -w 20 192.168.0.2"));
    let mut flood = flood.until("PING");
    lab.captured("right-tun0", "echo reply", 500);
    right.stop().code(0).says("packets captured");
    assert!(
        flood.is_running(),
        "the program waited for the end of the flood"
    );
    flood.stop();
    left.stop().code(0);
    std::fs::remove_dir_all(folder).unwrap();
}

/// As in `ch06 -v | head`, and with a full disk behind standard output, behind
/// standard error, or behind both. None of it is a panic.
#[apply(test_in_lab)]
#[needs(PING)]
fn nobody_reads_what_it_prints() {
    let lab = Lab::up();
    let ch03 = "ch03 --addr 192.168.0.1/24 -v";
    let piped = format!("bash -c '{ch03} 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}'");
    let piped = Program::start(&mut lab.on("left", &piped)).until("tun0");
    lab.run("left", "ping -c 2 -i 0.2 -W 1 192.168.0.2");
    let piped = piped.wait();
    piped.code(0);
    assert_eq!(piped.output.lines().count(), 1, "and no word of a panic");

    let server = lab.start_on("left", "serve --listen 127.0.0.1:80");
    let fetch = "fetch http://127.0.0.1/bytes/1000000";
    lab.run(
        "left",
        &format!("bash -c '{fetch} 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}'"),
    )
    .says("200 OK")
    .lacks("error")
    .code(0);
    for program in [
        ch03,
        "ch01",
        "ch02 --addr 192.168.0.1/24",
        "ch04",
        "ch05 --addr 192.168.0.1/24",
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "ch07 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "ch08 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "ch09 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "ch10 --addr 192.168.0.1/24 --peer 203.0.113.2:9876",
        "ch11 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --threads 1",
        "ch11 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --threads 2",
        "probe --addr 192.168.0.1/24 read",
        "attack port 203.0.113.2:9876 zzz",
        "serve --listen 127.0.0.1:81",
        "fetch http://127.0.0.1/bytes/3", // less than a line
    ] {
        for (err, words) in [
            (
                "",
                "error: cannot write to standard output: No space left on device",
            ),
            ("2> /dev/full", ""),
            ("2>&-", ""),
        ] {
            let full = format!("timeout 5 sh -c '{program} > /dev/full {err}'");
            lab.run("left", &full).says(words).code(1);
        }
        // An error that nobody can read is still an error.
        let wrong = format!("sh -c '{program} --no-such-option 2> /dev/full'");
        lab.run("left", &wrong).code(2);
    }
    lab.run("left", "sh -c 'ch01 --tun eth0 2> /dev/full'")
        .code(1);
    server.stop();
}
