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

use etherparse::{TcpHeaderSlice, TcpOptionElement, err::tcp::HeaderSliceError};

use super::{Around, Sink};

/// The protocol number of TCP.
const TCP: u8 = 6;

pub(super) fn dissect(segment: &[u8], at: usize, around: Around, sink: &mut Sink) {
    let header = match TcpHeaderSlice::from_slice(segment) {
        Ok(header) => header,
        Err(HeaderSliceError::Len(_)) => return sink.cut("TCP", segment, at),
        Err(HeaderSliceError::Content(_)) => {
            sink.say("TCP with an impossible header length");
            return sink.data("data", segment, at);
        }
    };
    let length = header.slice().len();
    let flags = [
        (header.syn(), "SYN"),
        (header.fin(), "FIN"),
        (header.rst(), "RST"),
        (header.psh(), "PSH"),
        (header.ack(), "ACK"),
        (header.urg(), "URG"),
        (header.ece(), "ECE"),
        (header.cwr(), "CWR"),
    ];
    let flags: Vec<&str> = flags.iter().filter(|f| f.0).map(|f| f.1).collect();
    let flags = match flags.is_empty() {
        true => "without flags".to_owned(),
        false => flags.join(" "),
    };
    let (source, destination) = (header.source_port(), header.destination_port());
    let (sequence, acknowledgement) = (header.sequence_number(), header.acknowledgment_number());
    let data = &segment[length..];

    sink.say(&format!(
        "TCP {source} > {destination} {flags}, seq {sequence}"
    ));
    if header.ack() {
        sink.say(&format!(", ack {acknowledgement}"));
    }
    sink.say(&format!(", window {}", header.window_size()));
    sink.layer("TCP", at, length);
    sink.field("source port", 0..2, source);
    sink.field("destination port", 2..4, destination);
    sink.field("sequence number", 4..8, sequence);
    sink.field("acknowledgement number", 8..12, acknowledgement);
    sink.field("header length", 12..13, format!("{length} bytes"));
    sink.field("flags", 13..14, flags);
    sink.field("window", 14..16, header.window_size());
    let sum = around.verify(TCP, segment);
    sink.checksum(16..18, header.checksum(), sum);
    sink.field("urgent pointer", 18..20, header.urgent_pointer());
    if length > 20 {
        let options: Vec<String> = options(&header);
        if !options.is_empty() {
            sink.say(&format!(", {}", options.join(", ")));
        }
        sink.field("options", 20..length, options.join(", "));
    }
    sink.say(&format!(", {} bytes of data", data.len()));
    sink.data("data", data, at + length);
}

/// The options by name (RFC 9293, 3.2; RFC 7323; RFC 2018). Those that only
/// fill up the header have none.
fn options(header: &TcpHeaderSlice) -> Vec<String> {
    let mut names = Vec::new();
    for option in header.options_iterator() {
        names.push(match option {
            Ok(TcpOptionElement::Noop) => continue,
            Ok(TcpOptionElement::MaximumSegmentSize(size)) => format!("mss {size}"),
            Ok(TcpOptionElement::WindowScale(shift)) => format!("window scale {shift}"),
            Ok(TcpOptionElement::SelectiveAcknowledgementPermitted) => "sack permitted".to_owned(),
            Ok(TcpOptionElement::SelectiveAcknowledgement((from, to), more)) => {
                let more = more.iter().flatten();
                let more: String = more.map(|(from, to)| format!(" {from}-{to}")).collect();
                format!("sack {from}-{to}{more}")
            }
            Ok(TcpOptionElement::Timestamp(now, echo)) => format!("timestamps {now} {echo}"),
            Err(_) => "an option that cannot be read".to_owned(),
        });
    }
    names
}
