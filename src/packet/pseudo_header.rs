//! The pseudo-header: what the checksum of a segment covers besides the segment
//! (RFC 768; RFC 9293, section 3.1; RFC 8200, section 8.1).

use std::net::IpAddr;

use super::value::Verdict;
use crate::checksum::segment_checksum;

/// The part of it that only IP knows.
#[derive(Clone, Copy)]
pub(super) struct PseudoHeader {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
}

/// Judges the checksum in a segment of this protocol. There is no pseudo-header
/// where not the whole segment was captured.
pub(super) fn verify(pseudo: Option<PseudoHeader>, protocol: u8, segment: &[u8]) -> Verdict {
    Verdict::of(pseudo.map(
        |PseudoHeader {
             source,
             destination,
         }| { segment_checksum(source, destination, protocol, segment) },
    ))
}
