//! What chapter 9 claims.

use support::{Lab, Program};

mod clamped;
mod lies;
mod modes;
pub mod shrinks;
mod told;
mod trouble;
mod unfragmented;

/// The outer addresses of left and right in one family, in the form for `--peer`.
#[derive(Clone, Copy)]
pub struct Outer {
    pub left: &'static str,
    pub right: &'static str,
    /// What the tunnel adds, in bytes.
    pub overhead: u32,
}

pub const V4: Outer = Outer {
    left: "198.51.100.2",
    right: "203.0.113.2",
    overhead: 28,
};

pub const V6: Outer = Outer {
    left: "[2001:db8:1::2]",
    right: "[2001:db8:2::2]",
    overhead: 48,
};

/// Starts both ends, with these options more.
fn ends(lab: &Lab, outer: Outer, left: &str, right: &str) -> [Program; 2] {
    let Outer {
        left: l, right: r, ..
    } = outer;
    let left = format!("ch09 --addr 192.168.0.1/24 --peer {r}:9876 {left}");
    let right = format!("ch09 --addr 192.168.0.2/24 --peer {l}:9876 {right}");
    [lab.start_on("left", &left), lab.start_on("right", &right)]
}

/// Gives the second cable an MTU of 1400, at both of its ends.
fn narrow_cable(lab: &Lab) {
    lab.run("internet", "ip link set right mtu 1400").code(0);
    lab.run("right", "ip link set eth0 mtu 1400").code(0);
}

/// The router passes on 1400 bytes in both directions, and neither end can know.
pub fn narrow_path(lab: &Lab) {
    for route in [
        "-4 route add 203.0.113.2 dev right mtu lock 1400",
        "-4 route add 198.51.100.2 dev left mtu lock 1400",
        "-6 route add 2001:db8:2::2 dev right mtu lock 1400",
        "-6 route add 2001:db8:1::2 dev left mtu lock 1400",
    ] {
        lab.run("internet", &format!("ip {route}")).code(0);
    }
}

/// The MTU of an interface.
pub fn mtu(lab: &Lab, host: &str, interface: &str) -> u32 {
    let file = format!("cat /sys/class/net/{interface}/mtu");
    lab.run(host, &file).output.trim().parse().unwrap()
}

/// A server on `from` sends this many bytes to `to`, where they are compared.
#[track_caller]
pub fn transfer(lab: &Lab, from: &str, to: &str, bytes: u64) {
    let address = match from {
        "left" => "192.168.0.1",
        _ => "192.168.0.2",
    };
    transfer_from(lab, from, address, to, bytes);
}

/// The same from this address of `from`, with brackets around it if it is of IPv6.
#[track_caller]
pub fn transfer_from(lab: &Lab, from: &str, address: &str, to: &str, bytes: u64) {
    let server = lab.start_on(from, &format!("serve --listen {address}:80"));
    let sum = |host: &str| {
        let url = format!("http://{address}/random/{bytes}");
        let fetch = format!("sh -c 'fetch --timeout 25 {url} | tail -n +2 | sha256sum'");
        lab.run(host, &fetch).code(0).output.clone()
    };
    assert_eq!(sum(to), sum(from), "{from} to {to}, {address}");
    server.stop();
}

/// How many outer fragments there are in the captures of all cables.
pub fn outer_fragments(lab: &Lab) -> usize {
    lab.settle();
    let cables = ["left-eth0", "internet-left", "internet-right", "right-eth0"];
    let fragments = cables.map(|cable| {
        let file = lab.folder().join(format!("{cable}.pcap"));
        let packets = ip_over_udp::capture::read(&file).unwrap();
        assert!(packets.len() > 10, "{cable}");
        let ip = packets.iter().map(|packet| &packet.data[14..]);
        ip.filter(|ip| match ip[0] >> 4 {
            4 => ip[6] & 0x3f != 0 || ip[7] != 0,
            _ => ip[6] == 44,
        })
        .count()
    });
    fragments.iter().sum()
}
