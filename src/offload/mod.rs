//! Many packets per system call.
//!
//! A packet costs the kernel about the same whatever its length, so the way
//! to carry more bytes is to carry fewer, larger packets through it. Between
//! this program and the kernel they are *super-packets* of up to 64 KB; on
//! the cable there is one inner packet in each datagram, as in chapter 6.
//!
//! ```text
//!         the kernel's TCP                              the kernel's TCP
//!  tun0   one packet, 64 KB                             one packet, 64 KB   tun0
//!            | read, with a vnet header                    ^ write, with a vnet header
//!            v                                             |
//!         segment: 45 packets                           coalesce: one packet
//!            | one sendmsg, UDP_SEGMENT                    ^ one recvmmsg, UDP_GRO
//!            v                                             |
//!  eth0   45 datagrams ------------------------------>  45 datagrams        eth0
//! ```
//!
//! | module | what it is for |
//! |---|---|
//! | [`vnet`] | the header that says what the kernel has left undone |
//! | [`device`] | reading and writing packets with that header |
//! | [`segment`](mod@segment) | one super-packet becomes whole packets |
//! | [`coalesce`] | whole packets become one super-packet |
//! | [`send`] | many datagrams in one system call |
//! | [`recv`] | the same on the other side |
//! | [`sum`] | the checksum of chapter 3, many bytes at a time |

pub mod coalesce;
pub mod device;
mod headers;
pub mod recv;
pub mod segment;
pub mod send;
pub mod sum;
#[cfg(test)]
mod tests;
pub mod vnet;
