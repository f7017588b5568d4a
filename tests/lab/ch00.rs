//! Chapter 0: the journey of one packet.

use support::{apply, test_in_lab};

#[apply(test_in_lab)]
fn tells_the_journey_of_its_request() {
    let base = support::temporary("journey");
    let done = support::run(support::lab().arg("--out").arg(&base));
    done.code(0)
        .says("The journey of one packet: GET / HTTP/1.1");
    let hops = [
        "left tun0",
        "left eth0",
        "internet left",
        "internet right",
        "right eth0",
        "right tun0",
    ];
    let mut rest = done.output.as_str();
    for hop in hops {
        let at = rest.find(&format!("\n{hop}"));
        rest = &rest[at.unwrap_or_else(|| panic!("no {hop} in:\n{}", done.output)) + 1..];
    }
    done.says("added: Ethernet 14, IPv4 20, UDP 8")
        .says("198.51.100.2 > 203.0.113.2 [192.168.0.1 > 192.168.0.2]")
        .says("time to live 64, now 63")
        .says("removed: 42 bytes");
    assert!(!done.output.contains('\x1b'), "no colours in a pipe");
    for line in done.output.lines() {
        assert!(
            line.chars().count() <= 80 || line.contains("ip-over-udp-test"),
            "too wide: {line}"
        );
    }
    std::fs::remove_dir_all(base).unwrap();
}
