//! What is sent through a tunnel, and counted behind it.

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::Context;
use ip_over_udp::offload::recv::Receiver;
use ip_over_udp::offload::send::{Batch, Means};
use nix::sys::socket::{setsockopt, sockopt};

use crate::cable::Host;

/// A transfer that hangs is given up after this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends so many TCP streams from one host to the other for so long, and returns the bits
/// that arrived in a second.
pub fn tcp(
    from: &Host,
    to: &Host,
    address: &'static str,
    streams: usize,
    seconds: f64,
) -> anyhow::Result<f64> {
    let listener = to.on(move || Ok(TcpListener::bind((address, 5201))?))?;
    let server = listener.local_addr()?;
    let receiver = to.spawn(move || {
        let readers: Vec<_> = (0..streams)
            .map(|_| {
                let (stream, _) = listener.accept()?;
                Ok(std::thread::spawn(move || drain(stream)))
            })
            .collect::<std::io::Result<_>>()?;
        let mut rate = 0.0;
        for reader in readers {
            let (bytes, took) = reader
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            rate += bytes as f64 * 8.0 / took.as_secs_f64();
        }
        Ok(rate)
    })?;
    let senders: Vec<_> = (0..streams)
        .map(|_| from.spawn(move || fill(server, seconds)))
        .collect::<anyhow::Result<_>>()?;
    for sender in senders {
        sender
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    receiver
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn fill(server: SocketAddr, seconds: f64) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE).context("cannot connect")?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Linux's own default. A machine may have another that holds fast tunnels back, because it
    // paces what it sends. Where cubic is missing, that of the host stays: see `cable`.
    let _ = setsockopt(&stream, sockopt::TcpCongestion, &OsString::from("cubic"));
    let data = vec![0x5a; 128 << 10];
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        stream.write_all(&data).context("the transfer hangs")?;
    }
    Ok(())
}

fn drain(mut stream: TcpStream) -> anyhow::Result<(u64, Duration)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = vec![0; 256 << 10];
    let (start, mut bytes) = (Instant::now(), 0);
    loop {
        match stream.read(&mut buffer).context("the transfer hangs")? {
            0 => return Ok((bytes, start.elapsed())),
            n => bytes += n as u64,
        }
    }
}

/// How datagrams fared.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    pub sent: u64,
    pub received: u64,
    pub seconds: f64,
}

/// Sends datagrams of this many bytes at this rate, and counts what arrives.
pub fn datagrams(
    from: &Host,
    to: &Host,
    address: &'static str,
    bytes: usize,
    rate: f64,
    seconds: f64,
) -> anyhow::Result<Burst> {
    let socket = to.on(move || Ok(UdpSocket::bind((address, 5202))?))?;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let receiver = to.spawn(move || {
        let mut receiver = Receiver::list();
        let (mut count, mut one) = (0u64, [0; 2048]);
        // Waits for the first of some, and takes the others with it.
        loop {
            match socket.recv(&mut one) {
                Ok(_) => count += 1,
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(count),
                Err(err) => return Err(err.into()),
            }
            if receiver.recv(&socket).is_ok() {
                count += receiver.datagrams().count() as u64;
            }
        }
    })?;
    let sent = from.on(move || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        let peer = SocketAddr::new(address.parse()?, 5202);
        let data = vec![0x5a; bytes];
        let mut batch = Batch::new(Means::List);
        let (start, mut sent) = (Instant::now(), 0u64);
        loop {
            let now = start.elapsed().as_secs_f64();
            if now >= seconds {
                return Ok((sent, now));
            }
            // What is due by now, in one system call.
            while (sent as f64) < now * rate && batch.fits(bytes) {
                batch.push(&data, &[]);
                sent += 1;
            }
            match batch.is_empty() {
                true => std::thread::sleep(Duration::from_micros(50)),
                false => drop(batch.send(&socket, peer)),
            }
        }
    })?;
    let received = receiver
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    Ok(Burst {
        sent: sent.0,
        received,
        seconds: sent.1,
    })
}

/// The times of round trips of a small datagram, one after the other, in microseconds,
/// sorted.
pub fn round_trips(
    from: &Host,
    to: &Host,
    address: &'static str,
    count: usize,
) -> anyhow::Result<Vec<f64>> {
    let server = to.on(move || Ok(UdpSocket::bind((address, 5203))?))?;
    server.set_read_timeout(Some(Duration::from_secs(1)))?;
    let echo = to.spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((n, from)) = server.recv_from(&mut buffer) {
            if n == 1 || server.send_to(&buffer[..n], from).is_err() {
                break;
            }
        }
        Ok(())
    })?;
    let times = from.on(move || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect((address, 5203))?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        let mut times = Vec::with_capacity(count);
        let mut buffer = [0; 64];
        for _ in 0..count {
            let start = Instant::now();
            socket.send(&[0; 56])?;
            if socket.recv(&mut buffer).is_ok() {
                times.push(start.elapsed().as_secs_f64() * 1e6);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        // One byte: the end.
        let _ = socket.send(&[0]);
        times.sort_by(f64::total_cmp);
        Ok(times)
    })?;
    echo.join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    Ok(times)
}

/// The largest rate of datagrams at which at most 1 % are lost, in packets a second: doubled
/// until it is too much, then halved in between.
pub fn search(mut lost: impl FnMut(f64) -> anyhow::Result<Option<f64>>) -> anyhow::Result<f64> {
    let (mut good, mut bad, mut rate) = (0.0, f64::INFINITY, 20_000.0);
    for _ in 0..12 {
        match lost(rate)? {
            // The rate that was reached, which may be less than was asked.
            Some(reached) => {
                good = reached.max(good);
                if reached < rate * 0.9 {
                    break; // the generator's limit
                }
            }
            None => bad = bad.min(rate),
        }
        rate = match bad.is_finite() {
            true if bad - good < good * 0.05 => break,
            true => (good + bad) / 2.0,
            false => rate * 2.0,
        };
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::search;

    #[test]
    fn the_search_finds_the_rate_that_just_works() {
        for limit in [5_000.0, 37_000.0, 123_456.0, 900_000.0] {
            let found = search(|rate| Ok((rate <= limit).then_some(rate))).unwrap();
            assert!(found <= limit && found > limit * 0.94, "{limit}: {found}");
        }
        // A generator that cannot send more.
        let found = search(|rate| Ok(Some(rate.min(100_000.0)))).unwrap();
        assert_eq!(found, 100_000.0);
        assert_eq!(search(|_| Ok(None)).unwrap(), 0.0);
    }
}
