//! The library behind *IP over UDP, packet by packet*.
//!
//! | module | what it is for | the chapter that builds it |
//! |---|---|---|
//! | [`error`] | what can go wrong, in words; is it about one packet, or all? | all |
//! | [`args`] | values on the command line: names, addresses, ports | 1 on |
//! | [`device`] | open and configure a TUN device | 1 and 2 |
//! | [`mod@checksum`] | the Internet checksum | 3 |
//! | [`packet`] | one packet as one line, layer by layer, or as bytes | 2 on |
//! | [`socket`] | the UDP socket between the two ends | 4 |
//! | [`egress`] | through which interface datagrams leave, and whether they may | 4 and 5 |
//! | [`capture`] | pcap files; listening to an interface | 2 and 4 |
//! | [`poll`] | wait for several descriptors | 6 |
//! | [`tunnel`] | options, socket, device and capture of a tunnel, in one call | 6 |
//! | [`validate`] | what is checked before a packet is passed on | 8 |
//! | [`forward`] | the loop of chapter 8, for chapters that add to it | 9 on |
//! | [`mtu`] | how large a packet may be, and what is done about others | 9 |
//! | [`queue`] | where packets wait for a slow path, and which are dropped | 10 |
//! | [`frames`] | packets in a stream: where one ends and the next begins | 10 |
//! | [`offload`] | many packets per system call | 11 |
//! | [`signals`] | the signals that end a program or ask it, as descriptors | all |
//! | [`count`] | packets and bytes, counted | most |
//! | [`output`] | printing, also to a closed or full output | all |
//! | [`program`] | the frame of every program | all |
//!
//! `sys` holds all the `unsafe`; `iproute` starts the program `ip`.

// Only `sys` may contain `unsafe`.
#![deny(unsafe_code)]
#![warn(missing_docs)]

// First, so that its macros take the place of the standard library's in all
// modules below. Programs ask for them: `use ip_over_udp::output::println`.
#[macro_use]
pub mod output;

pub mod args;
pub mod capture;
pub mod checksum;
pub mod count;
pub mod device;
pub mod egress;
pub mod error;
pub mod forward;
pub mod frames;
mod iproute;
pub mod mtu;
pub mod offload;
pub mod packet;
pub mod poll;
pub mod program;
pub mod queue;
pub mod signals;
pub mod socket;
#[allow(unsafe_code)]
mod sys;
pub mod tunnel;
pub mod validate;
