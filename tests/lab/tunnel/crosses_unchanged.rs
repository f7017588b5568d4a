//! The invariant of the whole project: a packet that the kernel sends into one
//! tun0 stands byte for byte in the payload of exactly one datagram outside, and
//! comes out of the other tun0.

use ip_over_udp::capture::{self, Direction};
use nix::sys::signal::Signal;
use support::{Lab, PING, apply, test_in_lab};

use crate::crossing::{inner_packets, payloads, same};
use crate::ends::{Family, V4, V6, in_url, tunnel};

#[apply(test_in_lab)]
#[needs(PING)]
fn ipv4_in_ipv4() {
    crosses_unchanged(V4, V4);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn ipv6_in_ipv4() {
    crosses_unchanged(V6, V4);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn ipv4_in_ipv6() {
    crosses_unchanged(V4, V6);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn ipv6_in_ipv6() {
    crosses_unchanged(V6, V6);
}

/// The invariant of the whole project: a packet that the kernel sends into one
/// tun0 stands byte for byte in the payload of exactly one datagram outside,
/// and comes out of the other tun0.
fn crosses_unchanged(inner: Family, outer: Family) {
    let mut lab = Lab::up_with_ipv6();
    let ends = tunnel(&lab, &inner, &outer);
    let server = format!("serve --listen {}:80", in_url(inner.right));
    let server = lab.start_on("right", &server);
    for size in [0, 1, 56, 1000, 1500 - 8 - inner.header] {
        let ping = format!("ping -c 2 -i 0.3 -s {size} {}", inner.right);
        lab.run("left", &ping).code(0).says("2 received");
    }
    let url = format!("http://{}/bytes/20000", in_url(inner.right));
    lab.run("left", &format!("fetch {url}")).code(0);
    lab.settle();
    let out: Vec<_> = ends
        .into_iter()
        .map(|end| end.stop().code(0).output.clone())
        .collect();
    server.signal(Signal::SIGINT);

    let folder = lab.folder();
    lab.end().code(130);
    let all = capture::read(&folder.join("all.pcapng")).unwrap();
    let (from_left, from_right) = (inner_packets(&all, "left"), inner_packets(&all, "right"));
    let outgoing = |packets: &[(Direction, Vec<u8>)], direction| {
        let these = packets.iter().filter(|packet| packet.0 == direction);
        these.map(|packet| packet.1.clone()).collect::<Vec<_>>()
    };
    for (sent, received, on_wire) in [
        (
            outgoing(&from_left, Direction::Out),
            outgoing(&from_right, Direction::In),
            payloads(&all, "left-eth0", Direction::Out),
        ),
        (
            outgoing(&from_right, Direction::Out),
            outgoing(&from_left, Direction::In),
            payloads(&all, "right-eth0", Direction::Out),
        ),
    ] {
        assert!(sent.len() > 15, "only {} packets, {out:?}", sent.len());
        same(&sent, &received, "what went in must come out");
        same(&sent, &on_wire, "one datagram for each packet, in order");
    }
}
