//! Captures: the packets of an interface in a file that Wireshark opens.
//!
//! [`mod@file`] writes the two formats, [`mod@read`] reads them back, [`packet_socket`]
//! listens to an interface as Wireshark does, and [`live`] puts these together
//! for a program with `--capture`. A [`Packet`] is what they have in common.
//!
//! Times are durations since 1970-01-01 00:00:00 UTC, with nanoseconds.

pub mod file;
pub mod live;
pub mod packet;
pub mod packet_socket;
pub mod read;

pub use file::{Pcap, PcapNg};
pub use live::LiveCapture;
pub use packet::{Direction, Packet, now};
pub use packet_socket::PacketSocket;
pub use read::{read, read_from};

pub use crate::packet::LinkType;
