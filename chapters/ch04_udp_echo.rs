//! Chapter 4: datagrams. Without `--peer`, a server that sends each one back.
//! With it, a client that sends its arguments, each in a datagram, and waits for
//! the echo of each.

#![forbid(unsafe_code)]

use std::io;
use std::io::ErrorKind::{ConnectionRefused, WouldBlock};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use ip_over_udp::args::{parse_endpoint, parse_peer};
use ip_over_udp::capture::LiveCapture;
use ip_over_udp::count::Count;
use ip_over_udp::egress;
use ip_over_udp::error::Error;
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use ip_over_udp::signals::Shutdown;
use ip_over_udp::socket;

/// Echo datagrams, or send some and wait for their echo.
#[derive(Parser)]
#[command(name = "ch04")]
struct Args {
    /// Address and port of this end [default: port 9876 of any address]
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_endpoint)]
    listen: Option<SocketAddr>,

    /// Address and port of the server; without this option, be the server
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_peer)]
    peer: Option<SocketAddr>,

    /// Read datagrams into a buffer of this many bytes
    #[arg(long, value_name = "BYTES", default_value_t = u16::MAX)]
    buffer: u16,

    /// Write the packets of the real interface to a file in DIR
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,

    /// Print a line for each datagram
    #[arg(short)]
    verbose: bool,

    /// The texts that the client sends, each in a datagram of its own
    #[arg(value_name = "TEXT", requires = "peer")]
    texts: Vec<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    report(|| match args.peer {
        Some(peer) => client(&args, peer),
        None => server(&args),
    })
}

fn server(args: &Args) -> anyhow::Result<()> {
    let shutdown = Shutdown::new()?;
    let mut capture = LiveCapture::open(args.capture.as_deref())?;
    // ANCHOR: serve
    let socket = socket::bind(args.listen, None)?;
    println!("listening on {}", socket::local_addr(&socket)?);

    let (mut echoed, mut dropped) = (Count::default(), 0u64);
    let mut buffer = vec![0; args.buffer.into()];
    while shutdown.wait_readable(&socket)? {
        let sent = socket::peeked_len(&socket).context("cannot receive")?;
        let (n, from) = socket.recv_from(&mut buffer).context("cannot receive")?;
        capture.start_with_egress(&[], from)?;
        if args.verbose {
            println!("{from}: {sent} bytes, {n} of them read");
        }
        match socket.send_to(&buffer[..n], from) {
            Ok(_) => echoed.add(n),
            Err(_) => dropped += 1,
        }
    }
    // ANCHOR_END: serve
    println!("datagrams: {echoed} echoed, {dropped} dropped");
    capture.finish();
    Ok(())
}

fn client(args: &Args, peer: SocketAddr) -> anyhow::Result<()> {
    let mut capture = LiveCapture::open(args.capture.as_deref())?;
    capture.start(&[&egress::interface_to(peer)?])?;
    // ANCHOR: send
    let socket = socket::bind(args.listen, Some(peer))?;
    // From here on the kernel refuses datagrams from others, and tells us when
    // the peer has no socket with that port.
    socket.connect(peer).context("cannot connect to the peer")?;
    println!("{} to {peer}", socket::local_addr(&socket)?);

    let mut buffer = vec![0; args.buffer.into()];
    for text in &args.texts {
        match ask(&socket, text, &mut buffer) {
            Ok((sent, n)) => println!("{text:?}: {sent} bytes came back, {n} of them read"),
            Err(err) if err.kind() == WouldBlock => println!("{text:?}: no answer in a second"),
            Err(err) if err.kind() == ConnectionRefused => println!("{text:?}: refused"),
            Err(err) => return Err(Error::system(format!("cannot send {text:?}"), err).into()),
        }
    }
    capture.finish();
    // ANCHOR_END: send
    Ok(())
}

// ANCHOR: ask
/// Sends a text, and waits a second for its echo, which may be cut short.
fn ask(socket: &UdpSocket, text: &str, buffer: &mut [u8]) -> io::Result<(usize, usize)> {
    let end = Instant::now() + Duration::from_secs(1);
    socket.send(text.as_bytes())?;
    loop {
        let (sent, n) = socket::recv_until(socket, buffer, end)?;
        if text.as_bytes().starts_with(&buffer[..n]) && (sent == 0) == text.is_empty() {
            return Ok((sent, n));
        }
        println!("{text:?}: {sent} bytes came back that are no echo of it");
    }
}
// ANCHOR_END: ask
