//! Limits: of the process, of the disk, and of a packet.

use std::path::PathBuf;

use nix::sys::signal::Signal;
use support::{Lab, PING, apply, as_user, run, temporary, test_in_lab};

use super::{CH06, fails};

/// `ulimit`, and what it makes of a program: words, and no device.
#[apply(test_in_lab)]
fn ulimit() {
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
#[apply(test_in_lab)]
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
        .arg(support::program("lab"))
        .arg("--bin-dir")
        .arg(support::program(""));
    shell.arg("--out").arg(&base);
    shell.args(["shell", "left", "--", "grep", "SigIgn", "/proc/self/status"]);
    let done = run(&mut shell);
    let ignored = done.code(0).output.trim().rsplit('\t').next().unwrap();
    let ignored = u64::from_str_radix(ignored, 16).unwrap();
    assert_eq!(ignored & 0x7fff_ffff, 0, "{}", done.output);
    std::fs::remove_dir_all(base).unwrap();
}

/// Neither a panic nor its exit codes, 134 and 139, and not the one that means
/// a difference either.
#[apply(test_in_lab)]
#[needs(PING)]
fn full_standard_output_and_error() {
    let base = temporary("full");
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["02"], 1),
        (&["check", "02"], 2),
        (&["exercise", "02-1"], 2),
    ] {
        for (err, words) in [("", "cannot write to standard output"), ("2>&1", "")] {
            let lab = support::lab();
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
#[apply(test_in_lab)]
fn captures_that_would_fill_a_disk() {
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
    let told = done
        .output
        .matches("the lab has stopped capturing: ")
        .count();
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
#[apply(test_in_lab)]
#[needs(PING)]
fn the_largest_packet_of_a_device() {
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

#[apply(test_in_lab)]
#[needs(PING)]
fn a_packet_larger_than_a_datagram() {
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
