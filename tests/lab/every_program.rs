//! What is true of the program of every chapter.

use std::time::Duration;

use nix::sys::signal::Signal;
use support::{Lab, PING, apply, temporary, test_in_lab};

#[apply(test_in_lab)]
#[needs(PING)]
fn stays_below_10_mb_while_it_captures() {
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

/// After SIGSTOP and SIGCONT some system calls fail with EINTR (signal(7)).
#[apply(test_in_lab)]
fn goes_on_after_sigstop_and_sigcont() {
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
    programs
        .extend(["ch05", "ch06", "ch08", "ch09", "ch10"].map(|name| format!("{name} {tunnel}")));
    for wait in [
        "threads",
        "poll",
        "epoll-edge",
        "epoll-edge-once",
        "blocking",
    ] {
        programs.push(format!("ch07 {tunnel} --wait {wait}"));
    }
    for threads in [1, 2] {
        programs.push(format!("ch11 {tunnel} --threads {threads}"));
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
