//! What chapter 7 counts, seen by somebody else: `strace` counts the system
//! calls, and the kernel how often a thread is woken. And the experiments that the
//! page "Measured" tells of.

use std::collections::BTreeMap;

use support::{Lab, PING, Program, STRACE, apply, number, temporary, test_in_lab};

#[apply(test_in_lab)]
#[needs(PING, STRACE)]
fn strace_counts_the_same_with_threads() {
    strace_agrees("threads");
}

#[apply(test_in_lab)]
#[needs(PING, STRACE)]
fn strace_counts_the_same_with_poll() {
    strace_agrees("poll");
}

#[apply(test_in_lab)]
#[needs(PING, STRACE)]
fn strace_counts_the_same_with_epoll() {
    strace_agrees("epoll-edge");
}

/// A program that runs is attached to: nothing of its start is counted, and of
/// the calls in which its threads are asleep then, one each, nothing either.
fn strace_agrees(how: &str) {
    let lab = Lab::up();
    let folder = temporary("strace");
    let counts = folder.join("counts");
    let left = format!("ch07 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --wait {how}");
    let left = lab.start_on("left", &left);
    let right = "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876";
    let right = lab.start_on("right", right);
    let strace = format!("strace -c -f -o {} -p $(pgrep -x ch07)", counts.display());
    let strace = Program::start(&mut lab.on("left", &strace)).until("attached");
    lab.run("left", "ping -q -c 50 -i 0.005 192.168.0.2")
        .code(0);
    lab.settle(); // the last packet is written, and not yet counted
    let ours = left.stop();
    ours.code(0).says("packets: 50 out, 50 in, 0 dropped");
    strace.wait();
    right.stop().code(0);

    // % time, seconds, µs a call, calls, errors if there are any, name.
    let theirs = std::fs::read_to_string(&counts).unwrap();
    let theirs: BTreeMap<&str, i64> = theirs
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            Some((*words.last()?, words.get(3)?.parse().ok()?))
        })
        .collect();
    let strace = |names: &[&str]| -> i64 { names.iter().filter_map(|name| theirs.get(name)).sum() };
    let said = |after| number(&ours.output, "system calls: ", after) as i64;
    let both = format!("{}{theirs:?}", ours.output);
    // The second name is that of the same call on arm64.
    let waits = strace(&["poll", "ppoll", "epoll_wait", "epoll_pwait"]);
    let asleep = 0..=2;
    assert!(asleep.contains(&(said(" waits") - waits)), "{both}");
    let reads = strace(&["read", "recvfrom"]);
    assert!(asleep.contains(&(said(" reads") - reads)), "{both}");
    // Two lines are printed in the end.
    let writes = strace(&["write", "sendto"]) - 2;
    assert_eq!(said(" writes"), writes, "{both}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A device that reads more than its buffer holds: no kernel has one, and strace
/// plays it. Of two threads, the other one goes on waiting for a datagram.
#[apply(test_in_lab)]
#[needs(PING, STRACE)]
fn a_loop_that_panics_ends_the_program() {
    let lab = Lab::up();
    for how in ["threads", "poll", "epoll-edge"] {
        let inject = "-P /dev/net/tun -e inject=read:retval=70000:when=1";
        let left = format!(
            "strace -D -f -o /dev/null {inject} \
             ch07 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --wait {how}"
        );
        let left = lab.start_on("left", &left);
        lab.run("left", "ping -c 1 -W 1 192.168.0.2");
        left.wait().code(101).says("range end index 70000");
        lab.run("left", "ip link show tun0").code(1);
    }
}

/// The sum is exact. Of the wake-ups, one that comes while a reader is still
/// awake is not counted: on a busy machine there may be fewer than two each.
#[apply(test_in_lab)]
#[needs(PING)]
fn two_readers_get_each_packet_once() {
    let lab = Lab::up();
    let reads = lab.start_on("left", "probe --addr 192.168.0.1/24 two");
    lab.run("left", "ping -q -c 20 -i 0.05 -W 1 192.168.0.2");
    let done = reads.stop();
    done.code(0).says("both: 20 packets, woken ");
    let words = done.output.rsplit(' ').nth(1).unwrap();
    let woken: u32 = words.parse().unwrap();
    assert!((30..=45).contains(&woken), "{}", done.output);
}

/// As the page prints it.
#[apply(test_in_lab)]
fn a_wrong_checksum_is_found_by_poll_or_by_the_read() {
    let lab = Lab::up();
    lab.run("left", "probe --addr 192.168.0.1/24 checksum")
        .code(0)
        .says("\nblocking socket: poll: nothing to read\n")
        .says("\nnon-blocking socket: poll: readable\n")
        .says("non-blocking socket: recv: Resource temporarily unavailable (os error 11)\n");
}

/// As the page prints it.
#[apply(test_in_lab)]
#[needs(PING)]
fn a_buffer_hides_a_packet_from_poll() {
    let lab = Lab::up();
    let reads = lab.start_on("left", "probe --addr 192.168.0.1/24 buffered");
    lab.run("left", "ping -q -c 1 -W 1 192.168.0.2");
    let hidden = "one byte: 45; in the buffer: 83 more; poll: nothing to read\n";
    reads.stop().code(0).says(hidden);
}

#[apply(test_in_lab)]
fn reads_ends_with_its_device() {
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
