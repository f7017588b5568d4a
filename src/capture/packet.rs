//! A packet as it is in a capture.

use std::time::{Duration, SystemTime};

use crate::packet::{Dissection, LinkType, dissect};

/// Which way a packet went, as seen from the host with the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Into the host. On a TUN device: written by the program.
    In,
    /// Out of the host. On a TUN device: read by the program.
    Out,
}

/// This moment, since 1970-01-01 00:00:00 UTC; 0 if the clock is before that.
pub fn now() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default()
}

/// A packet as it is in a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Name of the interface, empty where the file format has none.
    pub interface: String,
    /// What `data` begins with.
    pub link: LinkType,
    /// `None` where the file format has none.
    pub direction: Option<Direction>,
    /// Since 1970-01-01 00:00:00 UTC.
    pub time: Duration,
    /// Length on the wire in bytes; `data` may hold less.
    pub length: u32,
    /// The bytes, from the link header on.
    pub data: Vec<u8>,
}

impl Packet {
    /// The packet taken apart, as much of it as was captured.
    pub fn dissect(&self) -> Dissection {
        dissect(self.link, &self.data)
    }

    /// The packet in one line.
    pub fn info(&self) -> String {
        self.dissect().to_string()
    }
}
