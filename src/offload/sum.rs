//! The checksum of chapter 3, many bytes at a time.
//!
//! A sum in ones' complement comes out the same in either byte order, only
//! with its bytes swapped, and it may be taken over larger numbers that are
//! folded at the end (RFC 1071, section 2). So the bytes are read as
//! the machine reads them, and nothing is swapped.

/// A sum over bytes, to which more can be added.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    // ANCHOR: with
    /// Adds these bytes. An odd number of them only as the last.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Sum {
        // Eight sums beside each other, because a processor can add them at once.
        // One of them overflows after 32 GB.
        let mut lanes = [0u64; 8];
        let (blocks, rest) = bytes.as_chunks::<32>();
        for block in blocks {
            let (words, _) = block.as_chunks::<4>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane += u64::from(u32::from_ne_bytes(*word));
            }
        }
        let (pairs, odd) = rest.as_chunks::<2>();
        let mut sum = self.0;
        for pair in pairs {
            sum += u64::from(u16::from_ne_bytes(*pair));
        }
        if let [last] = odd {
            sum += u64::from(u16::from_ne_bytes([*last, 0]));
        }
        Sum(lanes.into_iter().map(fold_once).sum::<u64>() + fold_once(sum))
    }
    // ANCHOR_END: with

    /// Adds the pseudo-header of a segment of this many bytes, between the
    /// addresses that stand in an IP header (RFC 9293, section 3.1; RFC 8200, section
    /// 8.1).
    #[must_use]
    pub fn with_pseudo_header(self, addresses: &[u8], protocol: u8, length: usize) -> Sum {
        self.with(addresses)
            .with(&[0, protocol])
            .with(&(length as u32).to_be_bytes())
    }

    /// The sum as the two bytes of a packet.
    pub fn fold(self) -> [u8; 2] {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        (sum as u16).to_ne_bytes()
    }

    /// The checksum as the two bytes of a packet: the sum, inverted. Never 0,
    /// which in UDP means that there is none (RFC 768); 0xffff is the same number
    /// in ones' complement.
    pub fn checksum(self) -> [u8; 2] {
        match self.fold() {
            [0xff, 0xff] => [0xff, 0xff],
            [a, b] => [!a, !b],
        }
    }

    /// Whether this is the sum over bytes with a right checksum among them.
    pub fn is_right(self) -> bool {
        self.fold() == [0xff, 0xff]
    }
}

/// Adds the upper half to the lower, so that there is room for more.
fn fold_once(sum: u64) -> u64 {
    (sum >> 32) + (sum & 0xffff_ffff)
}
