//! Chapter 1: a descriptor that is a network interface.

use support::{Lab, PING, apply, test_in_lab};

#[apply(test_in_lab)]
fn the_kernel_speaks_first() {
    let lab = Lab::up_with_ipv6();
    let ch01 = lab.start_on("left", "ch01 -v");
    lab.run("left", "ip link set tun0 up").code(0);
    let done = ch01.until("router solicitation (48 bytes)").stop();
    done.says("packet 1: 48 bytes").says("ff 02 00 00").code(0);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn packet_information_is_four_bytes_more() {
    let lab = Lab::up();
    for (option, bytes, dump) in [
        ("", "84 bytes", "0000  45 00 00 54"),
        (
            "--packet-information",
            "88 bytes",
            "0000  00 00 08 00 45 00 00 54",
        ),
    ] {
        let ch01 = lab.start_on("left", &format!("ch01 {option}"));
        lab.run("left", "ip address add 192.168.0.1/24 dev tun0")
            .code(0);
        lab.run("left", "ip link set tun0 up").code(0);
        lab.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
        let done = ch01.until(dump).stop();
        done.says(&format!("packet 1: {bytes}"))
            .says("packets: 1 (")
            .code(0);
    }
}

#[apply(test_in_lab)]
fn the_kernel_puts_a_number_for_percent_d() {
    let lab = Lab::up();
    let first = lab.start_on("left", "ch01 --tun rv%d");
    let second = lab.start_on("left", "ch01 --tun rv%d");
    lab.run("left", "ip -brief link show dev rv1").code(0);
    first.stop().code(0).says("rv0: open, without an address");
    second.stop().code(0).says("rv1: open, without an address");

    // Once, and within the 15 bytes.
    lab.run("left", "ch01 --tun rv%d%d")
        .code(2)
        .says("percent sign");
    lab.run("left", "ch01 --tun fourteen-lett%d!")
        .code(2)
        .says("at most 15 bytes");
}
