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

use std::net::{IpAddr, SocketAddr};

use etherparse::TcpSlice;

pub(super) fn describe(source: IpAddr, destination: IpAddr, slice: &TcpSlice) -> String {
    let flags = [
        (slice.syn(), "SYN"),
        (slice.fin(), "FIN"),
        (slice.rst(), "RST"),
        (slice.psh(), "PSH"),
        (slice.ack(), "ACK"),
        (slice.urg(), "URG"),
        (slice.ece(), "ECE"),
        (slice.cwr(), "CWR"),
    ];
    let flags: Vec<&str> = flags.iter().filter(|f| f.0).map(|f| f.1).collect();
    let mut text = format!(
        "{} > {} TCP {}, seq {}",
        SocketAddr::new(source, slice.source_port()),
        SocketAddr::new(destination, slice.destination_port()),
        flags.join(" "),
        slice.sequence_number()
    );
    if slice.ack() {
        text += &format!(", ack {}", slice.acknowledgment_number());
    }
    text + &format!(", {} bytes of data", slice.payload().len())
}
