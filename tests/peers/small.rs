//! A small tunnel for `left`, the answer to the challenge of "What you have built".
//!
//! It talks to `ch06` on `right`. A packet that the kernel refuses is dropped without
//! a word, and only an error of a read ends the program.

// ANCHOR: small
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = tun::Configuration::default();
    config
        .tun_name("tun0")
        .address("192.168.0.1")
        .netmask("255.255.255.0")
        .up();
    let mut tun = tun::create(&config)?;
    let udp = UdpSocket::bind("0.0.0.0:9876")?;
    let mut buffer = [0; 65_535];
    loop {
        // SAFETY: the descriptor is open as long as `tun` exists, which is until `main` returns.
        let tun_fd = unsafe { BorrowedFd::borrow_raw(tun.as_raw_fd()) };
        let mut fds = [tun_fd, udp.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        poll(&mut fds, PollTimeout::NONE)?;
        let [tun_ready, udp_ready] = fds.map(|fd| fd.any() == Some(true));
        if tun_ready {
            let n = tun.read(&mut buffer)?;
            let _ = udp.send_to(&buffer[..n], "203.0.113.2:9876");
        }
        if udp_ready {
            let n = udp.recv(&mut buffer)?;
            let _ = tun.write(&buffer[..n]);
        }
    }
}
// ANCHOR_END: small
