//! What chapter 8 claims, with numbers: the program lives, takes no more
//! memory, and accounts for every datagram and every packet that was sent to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ip_over_udp::capture;
use lab::programs;
use nix::sys::signal::Signal;

use crate::support::{Done, Lab, Program, as_user, number, program, run, temporary};
use crate::{CC, Need, PING, STRACE, TC, TSHARK, Test};

pub const TESTS: &[Test] = &[
    Test {
        name: "hostile: a flood of garbage",
        needs: &[Need::Lab, PING],
        run: flood,
    },
    Test {
        name: "hostile: 10,000 random datagrams and 10,000 random packets",
        needs: &[Need::Lab, PING],
        run: random,
    },
    Test {
        name: "hostile: each reason to drop a packet has its counter",
        needs: &[Need::Lab, PING],
        run: reasons,
    },
    Test {
        name: "hostile: a full queue below the socket is counted by the kernel alone",
        needs: &[Need::Lab, PING, TC],
        run: queue_below,
    },
    Test {
        name: "hostile: a write that fails for no known reason is counted",
        needs: &[Need::Lab, PING, STRACE],
        run: refused,
    },
    Test {
        name: "hostile: nothing is written to another device of the same name",
        needs: &[Need::Lab, PING],
        run: made_again,
    },
    Test {
        name: "hostile: answers that nobody takes",
        needs: &[Need::Lab, PING],
        run: unread,
    },
    Test {
        name: "hostile: what a full disk leaves of a capture, tshark reads",
        needs: &[Need::Lab, PING, TSHARK],
        run: full_disk,
    },
    Test {
        name: "hostile: what ends a program in Rust, C does not notice",
        needs: &[CC],
        run: overflow,
    },
];

const LEFT: &str = "ch08 --addr 192.168.0.1/24 --peer 203.0.113.2:9876";
const RIGHT: &str = "ch08 --addr 192.168.0.2/24 --peer 198.51.100.2:9876";

/// How much more memory a program may have afterwards, in kB.
const FLAT: u64 = 1024;

/// Both ends of the tunnel, in a lab without captures: a flood would fill the
/// disk with them.
struct Tunnel {
    lab: Lab,
    left: Program,
    right: Program,
    /// How many datagrams were sent to the port of right.
    attacks: u64,
}

impl Tunnel {
    fn up() -> Tunnel {
        let lab = Lab::up_without_captures();
        let (left, right) = (lab.start_on("left", LEFT), lab.start_on("right", RIGHT));
        let mut tunnel = Tunnel {
            lab,
            left,
            right,
            attacks: 0,
        };
        // The largest datagram and the rest of what the program will ever hold.
        tunnel.attack("--count 20");
        tunnel
    }

    fn attack(&mut self, what: &str) {
        let attack = format!("attack port 203.0.113.2:9876 {what}");
        let done = self.lab.run("internet", &attack);
        self.attacks += number(&done.code(0).output, "", " datagrams sent");
    }

    fn memory(&self) -> [u64; 2] {
        [&self.left, &self.right].map(|end| {
            let status = std::fs::read_to_string(format!("/proc/{}/status", end.child())).unwrap();
            let memory = status.lines().find(|line| line.starts_with("VmRSS:"));
            number(memory.unwrap().trim(), "", " kB")
        })
    }

    #[track_caller]
    fn has_not_grown_since(&self, before: [u64; 2]) {
        let now = self.memory();
        let flat = now
            .iter()
            .zip(before)
            .all(|(now, then)| *now <= then + FLAT);
        assert!(flat, "kB before: {before:?}, after: {now:?}");
        say(&format!("kB before: {before:?}, after: {now:?}"));
    }

    /// Ends it, and adds up: whatever was sent to the port of right, by left
    /// or by the attack, was passed on, or dropped by name, or dropped by the
    /// kernel, because the queue of the socket was full. Returns what left said.
    #[track_caller]
    fn adds_up(self) -> Done {
        self.lab.run("left", "ping -c 3 -i 0.1 192.168.0.2").code(0);
        let kernel = kernel_counters(&self.right);
        let (left, right) = (self.left.stop(), self.right.stop());
        let (from_left, into_right) = (packets_out(&left), packets_in(&right));
        let (by_name, by_kernel) = (dropped(&right), kernel["Udp InErrors"]);
        say(&format!(
            "{} sent by attack, {from_left} by left: {into_right} in, {by_name} dropped, \
             {by_kernel} dropped by the kernel",
            self.attacks
        ));
        assert_eq!(by_kernel, kernel["Udp RcvbufErrors"], "no other error");
        assert_eq!(kernel["Ip ReasmFails"], 0, "every fragment arrived");
        assert_eq!(
            self.attacks + from_left,
            into_right + by_name + by_kernel,
            "{}",
            right.output
        );
        left
    }
}

/// FLOOD_SECONDS=10 for more than a glance, and to see the numbers.
fn flood() {
    let seconds = std::env::var("FLOOD_SECONDS").unwrap_or("2".to_owned());
    let mut tunnel = Tunnel::up();
    let before = tunnel.memory();
    let ping = format!("ping -q -i 0.1 -w {seconds} 192.168.0.2");
    let ping = Program::start(&mut tunnel.lab.on("left", &ping)).until("PING");
    tunnel.attack(&format!("--seconds {seconds}"));
    let during = ping.wait();
    // A full queue drops pings as it drops garbage: not all come through.
    let (sent, received) = (
        number(&during.output, "", " packets transmitted"),
        number(&during.output, "", " received"),
    );
    say(&format!("during the flood {received} of {sent} pings"));
    assert!(received > 0, "{}", during.output);
    tunnel.has_not_grown_since(before);
    tunnel.adds_up();
}

/// In handfuls, so that most of them reach the program, and not only a queue.
fn random() {
    let mut tunnel = Tunnel::up();
    let before = tunnel.memory();
    let (mut handed_in, handful) = (0, 200);
    for seed in 0..10_000 / handful {
        tunnel.attack(&format!("random --count {handful} --seed {seed}"));
        let attack = format!("attack device tun0 --count {handful} --seed {seed}");
        let done = tunnel.lab.run("left", &attack);
        handed_in += number(&done.code(0).output, "", " packets sent");
    }
    tunnel.has_not_grown_since(before);
    // 500 packets may wait at a TUN device; it drops the others, and says so.
    let left_out = transmit_drops(&tunnel.left);
    let left = tunnel.adds_up();
    say(&format!(
        "{handed_in} packets into tun0, {left_out} dropped there"
    ));
    let pings = 3;
    assert_eq!(
        handed_in + pings,
        packets_out(&left) + dropped(&left) + left_out,
        "{}",
        left.output
    );
}

fn reasons() {
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
fn queue_below() {
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
fn refused() {
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

/// The worst case: when the program wakes up, a datagram waits for it, and its
/// device was replaced while it slept.
fn made_again() {
    let lab = Lab::up();
    let (left, right) = (lab.start_on("left", LEFT), lab.start_on("right", RIGHT));
    right.signal_child(Signal::SIGSTOP);
    for command in [
        "link delete tun0",
        "tuntap add tun0 mode tun",
        "address add 192.168.0.2/24 dev tun0",
        "link set tun0 up",
    ] {
        lab.run("right", &format!("ip {command}")).code(0);
    }
    lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    lab.captured("right-eth0", "198.51.100.2 > 203.0.113.2", 1);
    right.signal_child(Signal::SIGCONT);
    right
        .wait()
        .code(1)
        .says("error: tun0 is gone: it was deleted while this program used it");
    let counters = lab.run("right", "cat /proc/net/dev").output;
    let tun0 = counters.lines().find(|line| line.contains("tun0:"));
    let received = tun0.unwrap().split_whitespace().nth(1);
    assert_eq!(received, Some("0"), "{counters}");
    left.stop().code(0);
}

/// Asked again and again, with an output that is full, broken or on a full
/// disk: none of it is a reason to end, to wait, or to be deaf to SIGTERM.
fn unread() {
    let lab = Lab::up();
    let right = lab.start_on("right", RIGHT);
    for output in [
        // Held open by the program itself, and read by nobody.
        "mkfifo /run/full; exec 3<>/run/full; echo; exec LEFT >/run/full",
        // The reader takes one line, and is gone.
        "mkfifo /run/broken; head -n 1 /run/broken & exec LEFT >/run/broken",
        "mkdir /run/small; mount -t tmpfs -o size=4k tmpfs /run/small; echo; exec LEFT >/run/small/log",
    ] {
        let command = format!("sh -c '{}'", output.replace("LEFT", LEFT));
        let left = lab.start_on("left", &command);
        // Its first line is not for us; the device is up just before it.
        let up = "until ip link show up | grep -q tun0; do sleep 0.02; done";
        lab.run("left", &format!("timeout 5 sh -c '{up}'")).code(0);
        lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(0);
        for _ in 0..3000 {
            left.signal_child(Signal::SIGUSR1);
            std::thread::sleep(Duration::from_micros(100));
        }
        lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(0);
        left.signal_child(Signal::SIGTERM);
        left.wait();
        lab.run("left", "ip link show tun0").code(1);
    }
    right.stop().code(0);
}

/// Small disks of several sizes, so that each of the files is once the one
/// that is cut.
fn full_disk() {
    let lab = Lab::up();
    let right = lab.start_on("right", RIGHT);
    let folder = temporary("small");
    for pages in 5..12 {
        let small = format!("/run/small{pages}");
        lab.run("left", &format!("mkdir {small}")).code(0);
        let size = pages * 4;
        let mount = format!("mount -t tmpfs -o size={size}k tmpfs {small}");
        lab.run("left", &mount).code(0);
        let left = lab.start_on("left", &format!("{LEFT} --capture {small}"));
        lab.run("left", "ping -c 20 -i 0.01 -s 1400 192.168.0.2")
            .code(0)
            .says("20 received");
        let done = left.stop();
        done.code(0)
            .says("20 (28560 bytes) out, 20 (28560 bytes) in, 0 dropped")
            .says(", then the capture stopped");
        let once = done.output.matches("the capture stops here").count();
        assert_eq!(once, 1, "{}", done.output);
        let copy = format!("cp -r {small} {}", folder.display());
        lab.run("left", &copy).code(0);
    }
    right.stop().code(0);

    let mut packets = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        for file in std::fs::read_dir(entry.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let ours = capture::read(&file).unwrap_or_else(|why| panic!("{why}"));
            let mut tshark = as_user("tshark");
            let theirs = run(tshark
                .args(["-T", "fields", "-e", "frame.len", "-r"])
                .arg(&file));
            let lines = theirs.code(0).output.lines();
            let lengths = lines.filter_map(|line| line.parse::<u32>().ok());
            let lengths: Vec<u32> = lengths.collect();
            let ours: Vec<u32> = ours.iter().map(|packet| packet.length).collect();
            assert_eq!(ours, lengths, "{}: {}", file.display(), theirs.output);
            theirs.lacks("cut short");
            packets += ours.len();
        }
    }
    assert!(packets > 50, "{packets} packets");
    std::fs::remove_dir_all(folder).unwrap();
}

/// The 2016 bytes of chapter 8, for a buffer of 2000 and what is behind it.
fn overflow() {
    let folder = temporary("overflow");
    let in_c = folder.join("trusting");
    let source = programs::tree().unwrap().join("tests/peers/trusting.c");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-Wall", "-Wextra", "-o"]);
    run(cc.arg(&in_c).arg(source)).code(0);
    let stranger = format!("\x07\u{e0}{:2000}{:16}", "", "192.0.2.66");
    let packet: Vec<u8> = stranger.chars().map(|letter| letter as u8).collect();
    let file = folder.join("packet");
    std::fs::write(&file, packet).unwrap();

    let given = |program: PathBuf| {
        let stdin = std::fs::File::open(&file).unwrap();
        run(Command::new(program).stdin(stdin))
    };
    given(in_c)
        .code(0)
        .says("a packet of 2016 bytes; the next one goes to 192.0.2.66");
    given(program("trusting"))
        .code(101)
        .says("range end index 2016 out of range for slice of length 2000");
    std::fs::remove_dir_all(folder).unwrap();
}

fn say(numbers: &str) {
    if std::env::var_os("FLOOD_SECONDS").is_some() {
        eprintln!("{numbers}");
    }
}

fn packets_out(done: &Done) -> u64 {
    number(&done.output, "packets: ", " (")
}

fn packets_in(done: &Done) -> u64 {
    number(&done.output, "out, ", " (")
}

fn dropped(done: &Done) -> u64 {
    number(&done.output, "in, ", " dropped")
}

/// What the kernel of this program's host has counted: proc_net_snmp.
fn kernel_counters(program: &Program) -> BTreeMap<String, u64> {
    let snmp = std::fs::read_to_string(format!("/proc/{}/net/snmp", program.child())).unwrap();
    let lines: Vec<&str> = snmp.lines().collect();
    let mut counters = BTreeMap::new();
    for pair in lines.chunks(2) {
        let protocol = pair[0].split(':').next().unwrap();
        let names = pair[0].split(' ').skip(1);
        for (name, value) in names.zip(pair[1].split(' ').skip(1)) {
            counters.insert(format!("{protocol} {name}"), value.parse().unwrap_or(0));
        }
    }
    counters
}

/// How many packets did not fit into the queue of this program's tun0.
fn transmit_drops(program: &Program) -> u64 {
    let devices = std::fs::read_to_string(format!("/proc/{}/net/dev", program.child())).unwrap();
    let tun0 = devices
        .lines()
        .find_map(|line| line.trim().strip_prefix("tun0:"));
    tun0.unwrap()
        .split_whitespace()
        .nth(11)
        .unwrap()
        .parse()
        .unwrap()
}
