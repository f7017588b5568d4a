//! Labs that come and go: nothing is left behind, and two do not meet.

use std::fs;

use ip_over_udp::capture;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{
    Lab, PING, Program, apply, as_user, eventually, lab, processes, run, temporary, test_in_lab,
};

use crate::machine::machine;

#[apply(test_in_lab)]
fn nothing_is_left_after_ctrl_c() {
    nothing_is_left(|lab| send(lab.pid(), Signal::SIGINT));
}

#[apply(test_in_lab)]
fn nothing_is_left_after_sigterm() {
    nothing_is_left(|lab| send(lab.pid(), Signal::SIGTERM));
}

#[apply(test_in_lab)]
fn nothing_is_left_after_kill_9_of_the_outer_process() {
    nothing_is_left(|lab| send(lab.pid(), Signal::SIGKILL));
}

#[apply(test_in_lab)]
fn nothing_is_left_after_kill_9_of_the_inner_process() {
    nothing_is_left(|lab| send(inner_pid(lab), Signal::SIGKILL));
}

fn nothing_is_left(end: fn(&Lab)) {
    let before = machine();
    let mut lab = Lab::up();
    let base = lab.base.display().to_string();
    let capture = lab.base.join("capture");
    let ch06 = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        capture.display()
    );
    let ch06 = lab.start_on("left", &ch06);
    // A grandchild in a session of its own, deaf to everything but kill -9.
    let deaf = format!(
        "trap '' HUP INT TERM; setsid sh -c 'sleep 1000; : {base}' >/dev/null 2>&1 & echo started"
    );
    lab.run("left", &format!("sh -c \"{deaf}\" {base}"))
        .says("started");
    assert!(
        processes(&base).len() >= 4,
        "two of the lab, ch06, the sleeper"
    );

    end(&lab);
    eventually("processes are left", || {
        let left = processes(&base);
        left.is_empty() || left.iter().all(|&pid| zombie(pid))
    });
    drop(ch06.wait());
    lab.reap();
    eventually("processes are left", || processes(&base).is_empty());
    eventually("the file `running` is left", || {
        !lab.folder().join("running").exists()
    });
    eventually("the machine has changed", || machine() == before);

    // What was captured until then can be read.
    let all = capture::read(&lab.folder().join("all.pcapng")).unwrap();
    assert!(all.is_sorted_by_key(|packet| packet.time));
}

fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}

fn inner_pid(lab: &Lab) -> u32 {
    let running = fs::read_to_string(lab.folder().join("running")).unwrap();
    running.lines().next().unwrap().parse().unwrap()
}

/// Dead, and waiting for its parent, this test, to ask for its exit code.
fn zombie(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat"));
    status.is_ok_and(|status| status.contains(") Z "))
}

#[apply(test_in_lab)]
#[needs(PING)]
fn a_killed_program_does_not_end_it() {
    let lab = Lab::up();
    let ch03 = lab.start_on("left", "ch03 --addr 192.168.0.1/24");
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    lab.run("left", "pkill -KILL ch03").code(0);
    ch03.wait();
    // Its device went with it.
    lab.run("left", "ip link show tun0")
        .code(1)
        .says("does not exist");
    let again = lab.start_on("left", "ch03 --addr 192.168.0.1/24");
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    again.stop().code(0);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn two_at_once_do_not_meet() {
    let (one, two) = (Lab::up(), Lab::up());
    let first = one.start_on("left", "ch03 --addr 192.168.0.1/24");
    two.run("left", "ip link show tun0").code(1);
    one.run("left", "ping -c 1 192.168.0.2").code(0);
    two.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    first.stop().code(0);

    // The same folder: the second moves aside.
    let mut third = lab();
    third.arg("--out").arg(&one.base).arg("up");
    let third = Program::start(&mut third).until("captures:");
    assert!(one.base.join("up-2/running").exists());
    // A shell joins the one that was started last.
    one.run("left", "ch04 --peer 203.0.113.2:9876 x").code(0);
    eventually("nothing was captured in the second", || {
        one.base.join("up-2/left-eth0.pcap").exists()
    });
    assert!(!one.folder().join("left-eth0.pcap").exists());
    third.stop().code(130);
}

#[apply(test_in_lab)]
fn the_remains_of_a_killed_lab_are_recognised() {
    let base = temporary("remains");
    let folder = base.join("up");
    run(as_user("mkdir").arg(&folder)).code(0);
    fs::write(folder.join("running"), "1\nleft 3 4 5\n").unwrap();
    fs::write(folder.join(".made"), "left-eth0.pcap\n").unwrap();
    fs::write(folder.join("left-eth0.pcap"), "not a capture").unwrap();
    if let Some(user) = support::user() {
        let (uid, gid) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
        for name in ["running", ".made", "left-eth0.pcap"] {
            std::os::unix::fs::chown(folder.join(name), uid, gid).unwrap();
        }
    }
    // Nobody to join: a lab of its own.
    let mut shell = lab();
    shell
        .arg("--out")
        .arg(&base)
        .args(["shell", "left", "--", "hostname"]);
    run(&mut shell).code(0).says("left");
    let mut capture = lab();
    capture
        .arg("--out")
        .arg(&base)
        .args(["capture", "left", "eth0"]);
    run(&mut capture)
        .code(1)
        .says("no lab is running")
        .says(&format!("cargo lab --out {} up", base.display()));
    let mut up = lab();
    up.arg("--out").arg(&base).arg("up");
    let up = Program::start(&mut up).until("Ctrl-C ends the lab");
    assert!(!folder.join("left-eth0.pcap").exists(), "cleared");
    up.stop().code(130);
    fs::remove_dir_all(base).unwrap();
}
