//! Both ends of a tunnel, and their addresses.

use std::net::IpAddr;

use support::{Lab, Program};

/// The addresses of a family: inside the tunnel, and outside.
#[derive(Clone, Copy)]
pub struct Family {
    pub left: &'static str,
    pub right: &'static str,
    pub prefix: u8,
    pub outer_left: &'static str,
    pub outer_right: &'static str,
    pub header: usize,
}

impl Family {
    pub fn is_v6(&self) -> bool {
        self.left.contains(':')
    }
}

pub const V4: Family = Family {
    left: "192.168.0.1",
    right: "192.168.0.2",
    prefix: 24,
    outer_left: "198.51.100.2",
    outer_right: "203.0.113.2",
    header: 20,
};

pub const V6: Family = Family {
    left: "fd00:0:0:1::1",
    right: "fd00:0:0:1::2",
    prefix: 64,
    outer_left: "2001:db8:1::2",
    outer_right: "2001:db8:2::2",
    header: 40,
};

pub fn in_url(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => format!("[{v6}]"),
        _ => address.to_owned(),
    }
}

/// Both ends of a tunnel.
pub fn tunnel(lab: &Lab, inner: &Family, outer: &Family) -> [Program; 2] {
    [
        ("left", inner.left, outer.outer_right),
        ("right", inner.right, outer.outer_left),
    ]
    .map(|(host, address, peer)| {
        let (prefix, peer) = (inner.prefix, in_url(peer));
        let command = format!("ch06 --addr {address}/{prefix} --peer {peer}:9876");
        lab.start_on(host, &command)
    })
}
