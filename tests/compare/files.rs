//! Files that are missing, or none.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ip_over_udp::capture::{self, Direction};

use crate::mine::{Mine, reference};
use crate::packets::find;

#[test]
fn the_difference_that_came_first() {
    let mine = Mine::of("06")
        .change("internet-left", |packets| packets.truncate(9))
        .change("right-tun0", |packets| {
            packets.remove(1);
        });
    mine.says("right-tun0", "a packet is missing: ");
}

#[test]
fn a_file_that_is_not_there() {
    let mine = Mine::of("06");
    for (file, interface) in [
        ("left-eth0.pcap", "left-eth0"),
        ("all.pcapng", "all interfaces"),
    ] {
        let count = capture::read(&mine.file(file)).unwrap().len();
        fs::remove_file(mine.file(file)).unwrap();
        let words = format!("you have no {file}; packets in the reference: {count}");
        mine.says(interface, &words);
        fs::copy(reference("06").join(file), mine.file(file)).unwrap();
    }
    fs::remove_file(mine.file("all.pcapng")).unwrap();
    let output = mine.lab(&["compare", "06"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_interface_that_the_reference_does_not_have() {
    let mine = Mine::of("06");
    fs::copy(mine.file("left-tun0.pcap"), mine.file("left-tun7.pcap")).unwrap();
    let count = mine.packets("left-tun7").len();
    let words = format!("there are {count} packets where the reference has none");
    mine.says("left-tun7", &words);
}

#[test]
fn all_of_them_in_one_file() {
    let mine = Mine::of("06").change_all(Vec::clear);
    let count = mine.packets("left-tun0").len();
    let words = format!("in all.pcapng, all {count} packets are missing");
    let found = mine.says("left-tun0", &words);
    assert_eq!(found.file, "all.pcapng");
    let mine = Mine::of("06").change_all(|all| {
        let syn = find(all, "SYN,");
        all[syn].direction = Some(Direction::In);
    });
    let words = "in all.pcapng, direction: incoming in yours, outgoing in the reference";
    mine.says("left-tun0", words);
}

#[test]
fn what_is_no_file() {
    let mine = Mine::of("06");
    let file = mine.file("left-eth0.pcap");
    fs::remove_file(&file).unwrap();
    nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a pipe, not a file");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a folder, not a file");
    fs::remove_dir(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a device, not a file");
    fs::remove_file(&file).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(&file).unwrap();
    says_within(&mine, "left-eth0.pcap: it is a socket, not a file");
}

/// Fails if the command does not end with 2 and these words soon.
#[track_caller]
fn says_within(mine: &Mine, words: &str) {
    let mut lab = mine.lab(&["compare", "06"]);
    let mut lab = lab.stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while lab.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            lab.kill().unwrap();
            panic!("it hangs");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = lab.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(words), "{text}");
    assert_eq!(output.status.code(), Some(2), "{text}");
}
