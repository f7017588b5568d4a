//! The library behind *IP over UDP, packet by packet*.
//!
//! | module | what it is for | the chapter that builds it |
//! |---|---|---|
//! | [`device`] | open and configure a TUN device | 1 and 2 |
//! | [`packet`] | one packet as one line, layer by layer, or as bytes | 2 on |
//! | [`capture`] | pcap files; listening to an interface | 2 and 4 |
//! | [`mod@checksum`] | the checksum of the Internet | 3 |
//! | [`udp`] | the socket between the two ends | 4 |
//! | [`wait`] | five ways to wait for two descriptors | 7 |
//! | [`guard`] | what is checked before a packet is passed on | 8 |
//! | [`stop`] | Ctrl-C as a descriptor | all |
//! | [`count`] | packets and bytes, counted | all |
//! | [`error`] | what can go wrong, in words | all |
//! | [`output`] | printing, where nobody may be reading | all |
//! | [`lab`] | three hosts on one machine, without root | 0 |
//!
//! `sys` holds all the `unsafe` of the library.

#![deny(unsafe_code)]
#![warn(missing_docs)]

// First, so that its macros take the place of the standard library's in all
// modules below. Programs ask for them: `use ip_over_udp::output::println`.
#[macro_use]
#[forbid(unsafe_code)]
pub mod output;

#[forbid(unsafe_code)]
pub mod capture;
#[forbid(unsafe_code)]
pub mod checksum;
#[forbid(unsafe_code)]
pub mod count;
#[forbid(unsafe_code)]
pub mod device;
#[forbid(unsafe_code)]
pub mod error;
#[forbid(unsafe_code)]
pub mod guard;
#[forbid(unsafe_code)]
pub mod lab;
#[forbid(unsafe_code)]
pub mod packet;
#[forbid(unsafe_code)]
pub mod stop;
#[allow(unsafe_code)]
mod sys;
#[forbid(unsafe_code)]
pub mod udp;
#[forbid(unsafe_code)]
pub mod wait;
