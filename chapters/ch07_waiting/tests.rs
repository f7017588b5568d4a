//! The loops without a device: a pair of UDP sockets plays its part.

use std::convert::Infallible;
use std::io::{self, ErrorKind::WouldBlock};
use std::net::UdpSocket;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ip_over_udp::error::{Error, Result};
use nix::errno::Errno;

use crate::edge::BUDGET;
use crate::forwarder::{Forwarder, Tun};
use crate::{blocking, edge, edge_once, poll, threads};

/// Far longer than a packet takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Long enough for a packet that comes at all to have come.
const MOMENT: Duration = Duration::from_millis(200);

/// A packet with which the device is gone, so that a loop ends.
const GONE: &[u8] = b"gone";

/// What passed the device.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Passed {
    Out(u8),
    In(u8),
}

/// A socket that plays the part of a device.
struct Wire {
    socket: UdpSocket,
    passed: Mutex<Vec<Passed>>,
    /// Called when the first packet is read.
    first: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Tun for Wire {
    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.socket.recv(buffer)?;
        if &buffer[..n] == GONE {
            return Err(Errno::EBADFD.into());
        }
        if let Some(first) = self.first.lock().unwrap().take() {
            first();
        }
        self.passed.lock().unwrap().push(Passed::Out(buffer[0]));
        Ok(n)
    }

    fn send(&self, packet: &[u8]) -> io::Result<()> {
        self.passed.lock().unwrap().push(Passed::In(packet[0]));
        self.socket.send(packet).map(drop)
    }

    fn explain(&self, err: io::Error) -> Error {
        Error::using_tun("tun0", err)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A tunnel of one end, and what is around it.
struct World {
    forwarder: Arc<Forwarder<Wire>>,
    /// Packets that are sent here are read from the device.
    kernel: UdpSocket,
    /// Datagrams that are sent here are received by the tunnel.
    peer: UdpSocket,
}

fn world(nonblocking: bool) -> World {
    let [tun, kernel, udp, peer] = [(); 4].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let address = |socket: &UdpSocket| socket.local_addr().unwrap();
    tun.connect(address(&kernel)).unwrap();
    kernel.connect(address(&tun)).unwrap();
    peer.connect(address(&udp)).unwrap();
    for socket in [&tun, &udp] {
        socket.set_nonblocking(nonblocking).unwrap();
    }
    for socket in [&kernel, &peer] {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    let tun = Wire {
        socket: tun,
        passed: Mutex::default(),
        first: Mutex::default(),
    };
    let forwarder = Arc::new(Forwarder::new(tun, udp, address(&peer)));
    World {
        forwarder,
        kernel,
        peer,
    }
}

impl World {
    /// Runs a loop in a thread, until the device is gone.
    fn start(
        &self,
        each: fn(&Forwarder<Wire>) -> Result<Infallible>,
    ) -> thread::JoinHandle<Result<Infallible>> {
        let forwarder = Arc::clone(&self.forwarder);
        thread::spawn(move || each(&forwarder))
    }

    fn passed(&self) -> Vec<Passed> {
        self.forwarder.tun.passed.lock().unwrap().clone()
    }

    /// Runs a loop on packets that are in the queue already, until the device is gone.
    fn run(&self, each: fn(&Forwarder<Wire>) -> Result<Infallible>) -> Vec<Passed> {
        self.kernel.send(GONE).unwrap();
        let ended = self.start(each).join().unwrap();
        assert!(matches!(ended, Err(Error::DeviceGone { .. })));
        self.passed()
    }
}

/// The next datagram, if one comes in this time.
fn next(socket: &UdpSocket, time: Duration) -> Option<u8> {
    socket.set_read_timeout(Some(time)).unwrap();
    let mut buffer = [0; 16];
    match socket.recv(&mut buffer) {
        Ok(_) => Some(buffer[0]),
        Err(err) if err.kind() == WouldBlock => None,
        Err(err) => panic!("{err}"),
    }
}

#[test]
fn poll_and_edge_serve_both_sides_in_turn() {
    for each in [poll::both, edge::both] {
        let world = world(true);
        for _ in 0..100 {
            world.kernel.send(b"o").unwrap();
        }
        for _ in 0..3 {
            world.peer.send(b"i").unwrap();
        }
        let passed = world.run(each);
        assert_eq!(passed.len(), 103);
        let last = passed
            .iter()
            .rposition(|&packet| packet == Passed::In(b'i'));
        assert!(last.unwrap() < 6, "{passed:?}");
    }
}

#[test]
fn the_budget_bounds_how_long_a_busy_side_starves_the_other() {
    let world = world(true);
    for _ in 0..3 * BUDGET {
        world.kernel.send(b"o").unwrap();
    }
    let peer = world.peer.try_clone().unwrap();
    // It arrives when the loop is busy already, and has asked for edges.
    let late = move || assert!(peer.send(b"i").is_ok());
    *world.forwarder.tun.first.lock().unwrap() = Some(Box::new(late));
    let passed = world.run(edge::both);
    let at = passed.iter().position(|&packet| packet == Passed::In(b'i'));
    assert_eq!(at.map(|at| (1..=BUDGET + 1).contains(&at)), Some(true));
    assert_eq!(passed.len(), 3 * BUDGET + 1);
}

#[test]
fn one_read_for_each_edge_stalls_until_the_next_edge() {
    let world = world(true);
    world.kernel.send(b"1").unwrap();
    world.kernel.send(b"2").unwrap();
    world.start(edge_once::both);
    assert_eq!(next(&world.peer, PATIENCE), Some(b'1'));
    assert_eq!(next(&world.peer, MOMENT), None);
    // A new packet is an edge, and the one that is read is the old one.
    world.kernel.send(b"3").unwrap();
    assert_eq!(next(&world.peer, PATIENCE), Some(b'2'));
    assert_eq!(next(&world.peer, MOMENT), None);
}

#[test]
fn poll_and_edge_leave_nothing() {
    for each in [poll::both, edge::both] {
        let world = world(true);
        for packet in [b"1", b"2", b"3"] {
            world.kernel.send(packet).unwrap();
        }
        world.start(each);
        let came = [(); 3].map(|()| next(&world.peer, PATIENCE));
        assert_eq!(came, [b'1', b'2', b'3'].map(Some));
    }
}

#[test]
fn threads_do_not_wait_for_each_other() {
    let world = world(false);
    world.start(threads::tun_to_udp);
    world.start(threads::udp_to_tun);
    for _ in 0..3 {
        world.peer.send(b"i").unwrap();
        assert_eq!(next(&world.kernel, PATIENCE), Some(b'i'));
    }
    world.kernel.send(b"o").unwrap();
    assert_eq!(next(&world.peer, PATIENCE), Some(b'o'));
}

#[test]
fn blocking_is_deaf_until_the_other_side_has_something() {
    let world = world(false);
    world.start(blocking::both);
    world.peer.send(b"i").unwrap();
    assert_eq!(next(&world.kernel, MOMENT), None);
    world.kernel.send(b"o").unwrap();
    assert_eq!(next(&world.kernel, PATIENCE), Some(b'i'));
}
