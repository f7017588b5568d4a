//! Every datagram and every packet of a flood is accounted for, and takes no memory.

use support::{Done, Lab, PING, Program, apply, number, test_in_lab};

use super::{LEFT, RIGHT, dropped, kernel_counters};

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
#[apply(test_in_lab)]
#[needs(PING)]
fn a_flood_of_garbage() {
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
#[apply(test_in_lab)]
#[needs(PING)]
fn random_datagrams_and_packets() {
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
