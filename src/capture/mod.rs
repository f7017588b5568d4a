//! Captures: the packets of an interface in a file that Wireshark opens.
//!
//! [`Pcap`] and [`PcapNg`] write the two formats, [`read`] reads them back, and [`read_what_is_there`] takes what
//! there is of any capture; a
//! [`PacketSocket`] listens to interfaces as Wireshark does, and [`LiveCapture`]
//! puts these together for a program with `--capture`. A [`Packet`] is what they
//! have in common.
//!
//! Times are durations since 1970-01-01 00:00:00 UTC, with nanoseconds.

mod live;
mod packet;
mod packet_socket;
mod reader;
mod writer;

pub use live::LiveCapture;
pub use packet::{Direction, Packet, now};
pub use packet_socket::{Frame, Injector, PacketSocket};
pub use reader::{Reading, read, read_from, read_what_is_there, read_what_is_there_from};
pub use writer::{Pcap, PcapNg, RecordFile};

pub use crate::packet::LinkType;
