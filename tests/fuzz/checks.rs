//! What is true whatever the input is, for each fuzz target. `tests/fuzz.rs`
//! uses it too, without a fuzzer.

use std::io::Cursor;

use etherparse::err::ipv4::HeaderSliceError;
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};
use ip_over_udp::capture::{LinkType, read_from, read_what_is_there_from};
use ip_over_udp::mtu::clamp::clamp;
use ip_over_udp::mtu::reports::{Flow, read};
use ip_over_udp::mtu::too_big;
use ip_over_udp::offload::coalesce::{Rules, Run};
use ip_over_udp::offload::segment::segment;
use ip_over_udp::offload::vnet::VnetHeader;
use ip_over_udp::packet::{Dissection, dissect};
use ip_over_udp::validate::{self, DropReason};
use lab::transcript::{Step, Transcript, rewrite};

/// The bytes are described, as a packet and as a frame.
pub fn packet(bytes: &[u8]) {
    for link in [LinkType::Raw, LinkType::Ethernet] {
        covers(&dissect(link, bytes), bytes.len());
    }
}

/// What chapter 9 does to a packet, and reads in one.
pub fn mtu(bytes: &[u8]) {
    let mut clamped = bytes.to_vec();
    let lowered = clamp(&mut clamped, 1372);
    assert_eq!(lowered.is_none(), clamped == bytes);
    assert_eq!(clamp(&mut clamped, 1372), None, "once is enough");

    if let Some(answer) = too_big::answer(bytes, 1372) {
        assert_eq!(validate::validate(&answer), Ok(()));
        assert_eq!(
            too_big::answer(&answer, 1372),
            None,
            "an answer to an answer"
        );
    }
    for peer in ["203.0.113.2:9876", "[2001:db8:2::2]:9876"] {
        let flow = Flow {
            port: 9876,
            peer: peer.parse().unwrap(),
            least: 1280,
        };
        if let Some(Ok(report)) = read(bytes, &flow) {
            assert!(report.mtu >= 1280 && report.inner.len() <= bytes.len());
        }
    }
}

/// What chapter 11 does: bytes from the device, and packets from the peer.
pub fn offload(bytes: &[u8]) {
    // A vnet header and a packet: cut, or refused before anything is given.
    let mut read = bytes.to_vec();
    if let Some((vnet, packet)) = VnetHeader::split(&mut read) {
        let mut given = 0usize;
        let cut = segment(vnet, packet, |head, data| given += head.len() + data.len());
        assert!(cut.is_ok() || given == 0);
    }

    // Packets, each behind its length: joined and cut again they are the same.
    let mut packets = Vec::new();
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length) % 2000).min(behind.len());
        let (packet, behind) = behind.split_at(length);
        rest = behind;
        if validate::validate(packet).is_ok() {
            // Twice, so that something follows itself.
            packets.extend([packet, packet]);
        }
    }
    for verify in [true, false] {
        let rules = Rules { verify, udp: true };
        let (mut run, mut count) = (Run::default(), 0);
        for packet in &packets {
            if !run.take(packet, rules) {
                count += cut_again(&run);
                run = Run::default();
                assert!(run.take(packet, rules), "the first is always taken");
            }
        }
        assert_eq!(count + cut_again(&run), packets.len());
    }
}

/// How many packets the kernel would make of a run.
fn cut_again(run: &Run) -> usize {
    let mut head = Vec::new();
    let (vnet, pieces) = run.join(&mut head);
    let mut packet: Vec<u8> = pieces.iter().flat_map(|piece| piece.to_vec()).collect();
    let mut lengths = Vec::new();
    if !run.is_empty() {
        segment(vnet, &mut packet, |head, data| {
            lengths.push(head.len() + data.len())
        })
        .unwrap();
    }
    let before: Vec<_> = run.packets().map(<[u8]>::len).collect();
    assert_eq!(lengths, before);
    lengths.len()
}

/// What the book's figures rely on: the layers follow one another without a
/// gap, and end with the packet; a field stays inside its layer.
fn covers(dissection: &Dissection, length: usize) {
    let mut at = 0;
    for layer in &dissection.layers {
        assert_eq!(
            layer.bytes.start, at,
            "a gap before {}: {dissection:#?}",
            layer.kind
        );
        at = layer.bytes.end;
        for field in &layer.fields {
            let inside = layer.bytes.start <= field.bytes.start && field.bytes.end <= at;
            assert!(
                inside,
                "{} leaves {}: {dissection:#?}",
                field.name, layer.kind
            );
        }
    }
    assert_eq!(at, length, "{dissection:#?}");
}

/// A capture is read as far as it can be, or refused; what is read was in it, and is
/// described. If nothing is wrong with it, all of it is read.
pub fn capture(bytes: &[u8]) {
    let whole = read_from(Cursor::new(bytes));
    let Ok(there) = read_what_is_there_from(Cursor::new(bytes), usize::MAX) else {
        assert!(whole.is_err());
        return;
    };
    assert_eq!(
        whole.is_ok(),
        there.damage.is_none() && there.without_time == 0
    );
    let packets = there.packets;
    let read: usize = packets.iter().map(|packet| packet.data.len()).sum();
    assert!(read <= bytes.len(), "{read} bytes read of {}", bytes.len());
    for packet in packets {
        packet.info();
    }
}

/// The library says of a packet what etherparse does.
pub fn validate(bytes: &[u8]) {
    assert_eq!(validate::validate(bytes), judged_by_etherparse(bytes));
}

fn judged_by_etherparse(bytes: &[u8]) -> Result<(), DropReason> {
    let length = match bytes.first().map(|first| first >> 4) {
        None => return Err(DropReason::Empty),
        Some(4) => match Ipv4HeaderSlice::from_slice(bytes) {
            Ok(header) => usize::from(header.total_len()),
            Err(HeaderSliceError::Len(_)) => return Err(DropReason::TooShort),
            Err(HeaderSliceError::Content(_)) => return Err(DropReason::WrongLength),
        },
        Some(6) => match Ipv6HeaderSlice::from_slice(bytes) {
            Ok(header) => 40 + usize::from(header.payload_length()),
            Err(_) => return Err(DropReason::TooShort),
        },
        Some(_) => return Err(DropReason::NotIp),
    };
    if length == bytes.len() {
        Ok(())
    } else {
        Err(DropReason::WrongLength)
    }
}

/// A chapter is parsed or refused; its steps have their output where they say,
/// and it can be written again.
pub fn transcript(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(transcript) = Transcript::parse(&text) else {
        return;
    };
    assert_eq!(rewrite(&text, &[]), text, "nothing changed");

    let lines: Vec<&str> = text.lines().collect();
    let (mut same, mut at) = (Vec::new(), 0);
    for step in transcript.blocks.iter().flat_map(|block| &block.steps) {
        // `rewrite` relies on their order.
        assert!(at < step.line && step.line <= step.output.start, "{step:?}");
        at = step.output.end;
        let printed = Step::printed(&step.before, step.after.as_deref());
        let there: Vec<_> = lines[step.output.clone()]
            .iter()
            .map(|line| line.trim_end())
            .collect();
        assert_eq!(there, printed, "{step:?}");
        same.push((step.output.clone(), printed));
    }
    let rewritten = rewrite(&text, &same);
    assert_eq!(Transcript::parse(&rewritten), Ok(transcript));
}
