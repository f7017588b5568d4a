//! The program lives, whatever becomes of what is around it: its device, its output,
//! its disk. And one in C lives where it should not.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ip_over_udp::capture;
use lab::programs;
use nix::sys::signal::Signal;
use support::{
    CC, Lab, PING, TSHARK, apply, as_user, program, run, temporary, test_in_lab, test_without_lab,
};

use super::{LEFT, RIGHT};

/// The worst case: when the program wakes up, a datagram waits for it, and its
/// device was replaced while it slept.
#[apply(test_in_lab)]
#[needs(PING)]
fn nothing_goes_to_another_device_of_its_name() {
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
#[apply(test_in_lab)]
#[needs(PING)]
fn answers_that_nobody_takes() {
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
#[apply(test_in_lab)]
#[needs(PING, TSHARK)]
fn tshark_reads_what_a_full_disk_leaves() {
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
            let ours = capture::read(&file).unwrap_or_else(|err| panic!("{err}"));
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
#[apply(test_without_lab)]
#[needs(CC)]
fn c_does_not_notice_what_ends_rust() {
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
