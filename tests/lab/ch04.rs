//! Chapter 4: datagrams.

use std::time::{Duration, Instant};

use ip_over_udp::capture::{self, LinkType};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Lab, apply, temporary, test_in_lab};

#[apply(test_in_lab)]
fn datagrams_keep_their_borders() {
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

#[apply(test_in_lab)]
fn a_peer_on_this_host_is_captured_where_its_datagrams_are() {
    let lab = Lab::up();
    let folder = temporary("own");
    let client = format!(
        "ch04 --listen 198.51.100.2:9999 --peer 198.51.100.2:9876 --capture {} hello",
        folder.display()
    );
    // The datagram, and the ICMP error that answers it.
    lab.run("left", &client)
        .code(0)
        .says("\"hello\": refused")
        .says("2 packets captured");
    assert!(folder.join("lo.pcap").exists());
    std::fs::remove_dir_all(folder).unwrap();
}

#[apply(test_in_lab)]
fn a_small_buffer_cuts_a_datagram() {
    let lab = Lab::up();
    let server = lab.start_on("right", "ch04 --buffer 4 -v");
    let done = lab.run("left", "ch04 --peer 203.0.113.2:9876 hello");
    done.says("\"hello\": 4 bytes came back");
    server
        .stop()
        .says("5 bytes, 4 of them read")
        .says("1 (4 bytes) echoed");
}

#[apply(test_in_lab)]
fn a_client_learns_that_nobody_listens() {
    let lab = Lab::up();
    let done = lab.run("left", "ch04 --peer 203.0.113.2:9876 hello");
    done.code(0).says("\"hello\": refused");
    lab.captured(
        "left-eth0",
        "203.0.113.2 > 198.51.100.2 ICMP port unreachable",
        1,
    );
}

#[apply(test_in_lab)]
fn a_late_echo_is_not_the_next_texts() {
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

#[apply(test_in_lab)]
fn a_stopped_client_waits_on() {
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
