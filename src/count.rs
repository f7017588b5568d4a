//! What a program counts, and says at its end.

use std::fmt;

/// A number of packets, and of the bytes in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many packets.
    pub packets: u64,
    /// The sum of their lengths.
    pub bytes: u64,
}

impl Count {
    /// One packet of this many bytes.
    pub fn one(bytes: usize) -> Count {
        let mut count = Count::default();
        count.add(bytes);
        count
    }

    /// Counts one packet of this many bytes.
    pub fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.packets, self.bytes)
    }
}
