//! What the sender of a packet is told that did not fit.

use support::{Lab, PING, TSHARK, apply, run, test_in_lab};

use super::{V4, V6, ends, narrow_path};

#[apply(test_in_lab)]
#[needs(PING, TSHARK)]
fn fragmentation_needed() {
    let lab = Lab::up_with_ipv6();
    narrow_path(&lab);
    let [_left, _right] = ends(&lab, V4, "", "");
    lab.run("left", "ping -c 1 -M do -s 1444 192.168.0.2")
        .says("From 192.168.0.2 icmp_seq=1 Frag needed and DF set (mtu = 1372)");
    // Which the kernel now does by itself.
    lab.run("left", "ping -c 1 -M do -s 1444 192.168.0.2")
        .says("message too long, mtu=1372");
    let told = tshark(&lab, "icmp.type == 3 && icmp.code == 4 && icmp.mtu == 1372");
    // The second checksum is that of the quoted ping, which is not whole.
    assert_eq!(told, "548\t1,2\n");
}

#[apply(test_in_lab)]
#[needs(PING, TSHARK)]
fn packet_too_big() {
    let lab = Lab::up_with_ipv6();
    narrow_path(&lab);
    let [_left, _right] = ends(
        &lab,
        V6,
        "--addr fd00:0:0:1::1/64",
        "--addr fd00:0:0:1::2/64",
    );
    lab.run("left", "ping -c 1 -M do -s 1404 fd00:0:0:1::2")
        .says("Packet too big: mtu=1352");
    let told = tshark(&lab, "icmpv6.type == 2 && icmpv6.mtu == 1352");
    // The second one is that of the quoted message, which is not whole.
    assert_eq!(told, "1232\t1,2\n");
}

/// Of a packet that may be cut, and of an error message, nobody is told.
#[apply(test_in_lab)]
#[needs(PING, TSHARK)]
fn nobody_is_told_of_a_packet_that_may_be_cut() {
    let lab = Lab::up_with_ipv6();
    narrow_path(&lab);
    let [_left, _right] = ends(&lab, V4, "", "");
    lab.run("left", "ping -c 1 -W 1 -M dont -s 1444 192.168.0.2")
        .code(1);
    // The kernel cuts the next request. The reply is cut when right has learned, too.
    lab.run("left", "ping -c 2 -i 0.3 -W 1 -M dont -s 1444 192.168.0.2")
        .code(0);
    assert_eq!(tshark(&lab, "icmp.type == 3"), "");
}

/// The length of each packet of left's tun0 that this filter finds, and whether its ICMP
/// checksum is correct, as tshark sees it.
fn tshark(lab: &Lab, filter: &str) -> String {
    lab.settle();
    let mut tshark = std::process::Command::new("tshark");
    tshark.arg("-r").arg(lab.folder().join("left-tun0.pcap"));
    tshark.args(["-Y", filter, "-T", "fields", "-e", "frame.len"]);
    tshark.args(["-e", "icmp.checksum.status", "-e", "icmpv6.checksum.status"]);
    let done = run(&mut tshark);
    let lines = done.code(0).output.lines();
    let lines = lines.filter(|line| !line.starts_with("Running as user"));
    lines
        .map(|line| {
            format!(
                "{}\n",
                line.split_whitespace().collect::<Vec<_>>().join("\t")
            )
        })
        .collect()
}
