//! The tunnel over TCP: it carries what it should, and its stream may end anywhere.

use std::time::Duration;

use nix::sys::signal::Signal;
use support::{Lab, PING, Program, apply, test_in_lab};

const LISTENS: &str = "ch10-tcp --addr 192.168.0.2/24 --listen 203.0.113.2:9876";
const CONNECTS: &str = "ch10-tcp --addr 192.168.0.1/24 --peer 203.0.113.2:9876";

fn both(lab: &Lab) -> [Program; 2] {
    let right = lab.start_on("right", LISTENS);
    [lab.start_on("left", CONNECTS), right]
}

#[apply(test_in_lab)]
#[needs(PING)]
fn carries_pings_and_pages_and_counts() {
    let lab = Lab::up();
    let [left, right] = both(&lab);
    lab.run("left", "ping -c 3 -i 0.1 192.168.0.2").code(0);
    lab.run("left", "ping -c 1 -s 1472 192.168.0.2").code(0);
    let server = lab.start_on("right", "serve --listen 192.168.0.2:80");
    let fetch = "sh -c 'fetch http://192.168.0.2/bytes/3000000 | wc -c'";
    lab.run("left", fetch).says("3000016");
    server.stop();
    left.stop().code(0).says(" out, ");
    // Right hears of it.
    right
        .wait()
        .code(1)
        .says("the other end has closed the connection");
}

/// Bytes that are no packets end it, and nothing that claims to be long hangs it.
#[apply(test_in_lab)]
fn lies_garbage_and_halves() {
    for (what, said) in [
        // "hello" begins with 0x68: a length of 26,725 bytes.
        (r"printf hello", "the other end has closed the connection"),
        (r"printf '\000\000'", "0 bytes that are no packet: empty"),
        (
            r"printf '\000\003zzz'",
            "3 bytes that are no packet: not IP",
        ),
        (
            r"printf '\000\005hello'",
            "5 bytes that are no packet: too short",
        ),
        (r"printf '\377'", "the other end has closed the connection"),
        ("true", "the other end has closed the connection"),
        (
            "head -c 1000000 /dev/zero",
            "0 bytes that are no packet: empty",
        ),
    ] {
        let lab = Lab::up();
        let right = lab.start_on("right", LISTENS);
        let send = format!("bash -c \"{what} >/dev/tcp/203.0.113.2/9876\"");
        lab.run("left", &send);
        right.wait().code(1).says(said);
    }
}

/// Whether it waits for a connection or for the other end's program, it ends when asked.
#[apply(test_in_lab)]
#[needs(PING)]
fn ends_when_asked() {
    let lab = Lab::up();
    lab.run("left", CONNECTS)
        .code(1)
        .says("cannot connect to 203.0.113.2:9876");
    let right = lab.start_on("right", LISTENS);
    right.stop().code(0);
    let [left, right] = both(&lab);
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    right.signal_child(Signal::SIGSTOP);
    // More than the socket buffers hold: left waits for the stream.
    let flood = "ping -q -c 6000 -l 6000 -s 1400 -W 0.1 192.168.0.2";
    lab.run("left", flood);
    std::thread::sleep(Duration::from_millis(100));
    left.stop().code(0);
    right.signal_child(Signal::SIGCONT);
    right.wait();
}
