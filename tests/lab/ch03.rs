//! Chapter 3: answers from user space.

use support::{Lab, PING, apply, test_in_lab};

#[apply(test_in_lab)]
#[needs(PING)]
fn every_address_answers() {
    let lab = Lab::up();
    let ch03 = lab.start_on("left", "ch03 --addr 192.168.0.1/24");
    for address in ["192.168.0.2", "192.168.0.254"] {
        lab.run("left", &format!("ping -c 1 {address}"))
            .code(0)
            .says("1 received");
    }
    lab.run("left", "ping -c 1 -s 1472 192.168.0.2").code(0);
    lab.run("left", "ch04 --peer 192.168.0.2:9876 hello")
        .says("no answer");
    let done = ch03.stop();
    done.says("requests: 3 answered, 0 dropped; 1 other packets")
        .code(0);
    lab.captured(
        "left-tun0",
        "192.168.0.254 > 192.168.0.1 ICMP echo reply",
        1,
    );
}

#[apply(test_in_lab)]
#[needs(PING)]
fn one_wrong_bit_and_no_reply_counts() {
    let lab = Lab::up();
    let ch03 = lab.start_on("left", "ch03 --addr 192.168.0.1/24 --flip");
    lab.run("left", "ping -c 1 -W 1 192.168.0.2")
        .code(1)
        .says("0 received");
    ch03.stop().says("requests: 1 answered").code(0);
    let counters = lab.run("left", "cat /proc/net/snmp");
    let icmp: Vec<Vec<&str>> = counters
        .output
        .lines()
        .filter(|line| line.starts_with("Icmp:"))
        .map(|line| line.split(' ').collect())
        .collect();
    let column = icmp[0]
        .iter()
        .position(|&name| name == "InCsumErrors")
        .unwrap();
    assert_eq!(
        icmp[1][column], "1",
        "the kernel's own count of wrong checksums"
    );
}
