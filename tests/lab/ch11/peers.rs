//! Programs of others at the other end, which know nothing of offload.

use std::fs;

use support::{CC, Lab, OPENVPN, PING, SOCAT, apply, temporary, test_in_lab};

use super::{INNER_V4, STEPS, both_ways};
use crate::ends;
use crate::interop::Peer;

#[apply(test_in_lab)]
#[needs(PING, SOCAT)]
fn socat() {
    with(Peer::Socat, 40_000);
}

#[apply(test_in_lab)]
#[needs(PING, CC)]
fn c() {
    with(Peer::C, 1_000_000);
}

#[apply(test_in_lab)]
#[needs(PING, OPENVPN)]
fn openvpn() {
    with(Peer::OpenVpn, 1_000_000);
}

#[track_caller]
fn with(peer: Peer, bytes: u64) {
    let folder = temporary("peer");
    let lab = Lab::up();
    let right = peer.start(&lab, ends::V4, ends::V4, &folder);
    for step in STEPS {
        let left = format!("ch11 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --fast {step}");
        let left = lab.start_on("left", &left);
        for (host, other) in [("left", "192.168.0.2"), ("right", "192.168.0.1")] {
            lab.run(host, &format!("ping -c 2 -i 0.2 -s 1400 {other}"))
                .code(0)
                .says("2 received");
        }
        both_ways(&lab, &[INNER_V4], bytes);
        left.stop().code(0).says(", 0 dropped");
    }
    right.stop();
    fs::remove_dir_all(folder).unwrap();
}
