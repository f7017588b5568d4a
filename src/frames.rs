//! Packets in a stream. A stream has no borders, so each packet comes with its
//! length in front: two bytes, the larger one first.

// ANCHOR: frames
/// Puts the length in front of a packet and both at the end of `stream`. A
/// packet has at most 65,535 bytes, as two bytes can count no further; false
/// if this one is longer.
pub fn put(packet: &[u8], stream: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(packet.len()) else {
        return false;
    };
    stream.extend(length.to_be_bytes());
    stream.extend(packet);
    true
}

/// The packets in what a stream has brought, in pieces of any length.
#[derive(Debug, Default)]
pub struct Frames {
    came: Vec<u8>,
    /// How much of it was taken.
    taken: usize,
}

impl Frames {
    /// Adds what has come.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.came.drain(..self.taken);
        self.taken = 0;
        self.came.extend(bytes);
    }

    /// The next packet, if it is there to its last byte.
    pub fn pop(&mut self) -> Option<&[u8]> {
        let rest = &self.came[self.taken..];
        let [first, second, rest @ ..] = rest else {
            return None;
        };
        let packet = rest.get(..usize::from(u16::from_be_bytes([*first, *second])))?;
        self.taken += 2 + packet.len();
        Some(packet)
    }

    /// How many bytes of a packet have come that is not complete.
    pub fn rest(&self) -> usize {
        self.came.len() - self.taken
    }
}
// ANCHOR_END: frames

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_length_is_in_network_byte_order() {
        let mut stream = Vec::new();
        assert!(put(&[7; 258], &mut stream));
        assert_eq!(stream[..3], [1, 2, 7]);
        assert!(!put(&[7; 65_536], &mut stream));
        assert_eq!(stream.len(), 260);
    }

    #[test]
    fn half_a_packet_is_none() {
        let mut frames = Frames::default();
        for bytes in [&[0][..], &[3], &[1, 2]] {
            frames.extend(bytes);
            assert_eq!(frames.pop(), None);
        }
        assert_eq!(frames.rest(), 4);
        frames.extend(&[3]);
        assert_eq!(frames.pop(), Some(&[1, 2, 3][..]));
        assert_eq!(frames.pop(), None);
        assert_eq!(frames.rest(), 0);
    }

    proptest! {
        /// However the stream is cut, the same packets come out, and no more is kept than
        /// one packet and one piece.
        #[test]
        fn packets_survive_any_cut(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..20),
            cut in 1usize..3000,
        ) {
            let mut stream = Vec::new();
            for packet in &packets {
                prop_assert!(put(packet, &mut stream));
            }
            let (mut frames, mut out) = (Frames::default(), Vec::new());
            for piece in stream.chunks(cut) {
                frames.extend(piece);
                while let Some(packet) = frames.pop() {
                    out.push(packet.to_vec());
                }
                prop_assert!(frames.rest() < 2002);
            }
            prop_assert_eq!(out, packets);
        }
    }
}
