//! The pseudo-header: what the checksum of a segment covers besides the segment
//! (RFC 768; RFC 9293, section 3.1; RFC 8200, section 8.1).

use std::net::IpAddr;

use super::value::Verdict;
use crate::checksum::segment_checksum;

/// What IP knows of a segment that UDP, TCP or ICMPv6 has to verify.
#[derive(Clone, Copy)]
pub(super) struct PseudoHeader {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// All of the segment is there. Nothing can be verified without.
    pub(super) complete: bool,
}

impl PseudoHeader {
    /// Judges the checksum in a segment of this protocol.
    pub(super) fn verify(&self, protocol: u8, segment: &[u8]) -> Verdict {
        let sum = || segment_checksum(self.source, self.destination, protocol, segment);
        Verdict::of(self.complete.then(sum))
    }
}
