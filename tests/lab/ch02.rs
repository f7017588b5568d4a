//! Chapter 2: an address, and the route to its network.

use std::time::Duration;

use ip_over_udp::capture::{self, LinkType};
use support::{Lab, PING, apply, temporary, test_in_lab};

#[apply(test_in_lab)]
#[needs(PING)]
fn what_the_route_sends_arrives() {
    let lab = Lab::up();
    let folder = temporary("capture");
    let start = format!(
        "ch02 --addr 192.168.0.1/24 --mtu 1400 -v --capture {}",
        folder.display()
    );
    let ch02 = lab.start_on("left", &start);
    lab.run("left", "ip route").says("192.168.0.0/24 dev tun0");
    lab.run("left", "ip link show tun0")
        .says("mtu 1400")
        .says("UP");
    lab.run("left", "ping -c 2 -i 0.2 -W 1 192.168.0.77")
        .code(1)
        .says("100% packet loss");
    let done = ch02.until("seq 2 (84 bytes)").stop();
    done.says("tun0: 192.168.0.1/24, mtu 1400, up")
        .says("packets: 2 (168 bytes) read")
        .code(0);

    let ours = capture::read(&folder.join("tun0.pcap")).unwrap();
    assert!(ours.iter().all(|packet| packet.link == LinkType::Raw));
    let ours: Vec<_> = ours.into_iter().map(|packet| packet.data).collect();
    let labs = lab.captured("left-tun0", "echo request", 2);
    assert_eq!(
        ours,
        labs.into_iter()
            .map(|packet| packet.data)
            .collect::<Vec<_>>()
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[apply(test_in_lab)]
#[needs(PING)]
fn its_own_address_never_leaves_lo() {
    let lab = Lab::up();
    let ch02 = lab.start_on("left", "ch02 --addr 192.168.0.1/24");
    lab.run("left", "ping -c 1 192.168.0.1").code(0);
    lab.captured("left-lo", "192.168.0.1 > 192.168.0.1 ICMP echo request", 1);
    ch02.stop().says("packets: 0 (0 bytes) read").code(0);
}

#[apply(test_in_lab)]
fn nobody_speaks_unasked() {
    let lab = Lab::up_with_ipv6();
    let ch02 = lab.start_on("left", "ch02 --addr 192.168.0.1/24");
    std::thread::sleep(Duration::from_secs(5)); // solicitations come at 0, 4 … seconds
    ch02.stop().says("packets: 0 (0 bytes) read").code(0);
}
