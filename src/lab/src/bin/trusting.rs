//! What `simpletun` does with a length from the network, in Rust: two bytes
//! that say how long the packet is, and then the packet. It believes them.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::io::{self, Read};

// ANCHOR: read
struct Tunnel {
    packet: [u8; 2000],
    peer: [u8; 16],
}

fn main() -> io::Result<()> {
    let mut tunnel = Tunnel {
        packet: [0; 2000],
        peer: *b"203.0.113.2     ",
    };
    let mut length = [0; 2];
    io::stdin().read_exact(&mut length)?;
    let n = usize::from(u16::from_be_bytes(length));
    io::stdin().read_exact(&mut tunnel.packet[..n])?;
    let peer = String::from_utf8_lossy(&tunnel.peer);
    println!("a packet of {n} bytes; the next one goes to {peer}");
    Ok(())
}
// ANCHOR_END: read
