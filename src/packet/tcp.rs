//! The TCP header: 20 bytes and options (RFC 9293, section 3.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |          source port          |       destination port        |
//! +-------------------------------+-------------------------------+
//! |                        sequence number                        |
//! +---------------------------------------------------------------+
//! |                    acknowledgement number                     |
//! +-------+-------+---------------+-------------------------------+
//! | words |       |     flags     |            window             |
//! +-------+-------+---------------+-------------------------------+
//! |           checksum            |        urgent pointer         |
//! +-------------------------------+-------------------------------+
//! ```

use etherparse::err::tcp::HeaderSliceError;
use etherparse::{TcpHeaderSlice, TcpOptionElement, TcpOptionReadError};

use super::dissector::{Content, Dissector, Payload, checksum_field, field};
use super::flags::TcpFlags;
use super::names::{FieldName, LayerKind};
use super::pseudo_header::{PseudoHeader, verify};
use super::value::{TcpOption, Value, Verdict};

/// The protocol number of TCP.
const TCP: u8 = 6;

pub(super) fn dissect<'a>(
    segment: &'a [u8],
    at: usize,
    pseudo: Option<PseudoHeader>,
    dissector: &mut Dissector,
) -> Option<Payload<'a>> {
    let header = match TcpHeaderSlice::from_slice(segment) {
        Ok(header) => header,
        Err(HeaderSliceError::Len(_)) => {
            dissector.cut(LayerKind::Tcp, segment, at);
            return None;
        }
        Err(HeaderSliceError::Content(_)) => {
            dissector.malformed(format_args!("TCP with an impossible data offset"));
            dissector.data(LayerKind::Data, segment, at);
            return None;
        }
    };
    let length = header.slice().len();
    let flags = TcpFlags(segment[13]);
    let (source, destination) = (header.source_port(), header.destination_port());
    let (sequence, acknowledgement) = (header.sequence_number(), header.acknowledgment_number());
    let window = header.window_size();
    let verdict = verify(pseudo, TCP, segment);
    let payload = Payload {
        content: Content::Data,
        bytes: &segment[length..],
        at: at + length,
    };

    dissector.summary().protocol = Some(LayerKind::Tcp);
    dissector.push(format_args!(
        "{source} > {destination} {flags}, seq {sequence}"
    ));
    if flags.contains(TcpFlags::ACK) {
        dissector.push(format_args!(", ack {acknowledgement}"));
    }
    dissector.push(format_args!(", window {window}"));
    if verdict == Verdict::Wrong {
        dissector.push(format_args!(", wrong checksum"));
    }
    let mut fields = vec![
        field(FieldName::SourcePort, 0..2, source),
        field(FieldName::DestinationPort, 2..4, destination),
        field(FieldName::SequenceNumber, 4..8, sequence),
        field(FieldName::AcknowledgementNumber, 8..12, acknowledgement),
        field(FieldName::DataOffset, 12..13, Value::Bytes(length)),
        field(FieldName::Flags, 13..14, Value::TcpFlags(flags)),
        field(FieldName::Window, 14..16, window),
        checksum_field(16..18, header.checksum(), verdict),
        field(FieldName::UrgentPointer, 18..20, header.urgent_pointer()),
    ];
    if length > 20 {
        let options = options(&header);
        for option in &options {
            dissector.push(format_args!(", {option}"));
        }
        dissector.summary().malformed |= options.contains(&TcpOption::Unreadable);
        fields.push(field(
            FieldName::Options,
            20..length,
            Value::TcpOptions(options),
        ));
    }
    dissector.push(format_args!(", {} bytes of data", payload.bytes.len()));
    dissector.layer(LayerKind::Tcp, at, length, fields);
    Some(payload)
}

/// The options, without those that only fill up the header.
fn options(header: &TcpHeaderSlice) -> Vec<TcpOption> {
    let option = |element| match element {
        Ok(TcpOptionElement::Noop) => None,
        Ok(TcpOptionElement::MaximumSegmentSize(size)) => Some(TcpOption::MaximumSegmentSize(size)),
        Ok(TcpOptionElement::WindowScale(shift)) => Some(TcpOption::WindowScale(shift)),
        Ok(TcpOptionElement::SelectiveAcknowledgementPermitted) => Some(TcpOption::SackPermitted),
        Ok(TcpOptionElement::SelectiveAcknowledgement(first, more)) => {
            let ranges = std::iter::once(first).chain(more.into_iter().flatten());
            Some(TcpOption::Sack(ranges.collect()))
        }
        Ok(TcpOptionElement::Timestamp(now, echo)) => Some(TcpOption::Timestamps(now, echo)),
        // It must be ignored (RFC 9293, section 3.1).
        Err(TcpOptionReadError::UnknownId(kind)) => Some(TcpOption::Unknown(kind)),
        Err(_) => Some(TcpOption::Unreadable),
    };
    header.options_iterator().filter_map(option).collect()
}
