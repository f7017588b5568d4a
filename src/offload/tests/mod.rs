//! Split and joined again, packets are the same; and nothing panics.

mod cut;
mod joined;
mod packets;
mod sent;

use super::coalesce::{Rules, Run};
use super::segment::segment;
use super::vnet::VnetHeader;
use crate::validate::DropReason;

/// The runs that these packets form.
fn runs(packets: &[Vec<u8>], rules: Rules) -> Vec<Run<'_>> {
    let mut runs: Vec<Run> = Vec::new();
    for packet in packets {
        if !runs.last_mut().is_some_and(|run| run.take(packet, rules)) {
            let mut run = Run::default();
            assert!(run.take(packet, rules));
            runs.push(run);
        }
    }
    runs
}

/// What is written for a run, as the kernel gets it.
fn joined(run: &Run) -> (VnetHeader, Vec<u8>) {
    let mut head = Vec::new();
    let (vnet, pieces) = run.join(&mut head);
    let bytes = pieces.iter().flat_map(|piece| piece.iter().copied());
    (vnet, bytes.collect())
}

fn cut(vnet: VnetHeader, mut packet: Vec<u8>) -> Result<Vec<Vec<u8>>, DropReason> {
    let mut parts = Vec::new();
    segment(vnet, &mut packet, |head, data| {
        parts.push([head, data].concat())
    })?;
    Ok(parts)
}

/// Without what a sender may set as it likes: the identification where DF is set (RFC
/// 6864), and with it the header checksum.
fn comparable(packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    if packet[0] >> 4 == 4 && packet[6] & 0x40 != 0 {
        packet[4..6].fill(0);
        packet[10..12].fill(0);
    }
    packet
}
