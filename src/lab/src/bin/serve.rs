//! A small web server, to have something worth tunnelling.

#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::iter::Cycle;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::slice::Iter;

use anyhow::Context;
use clap::Parser;
use fastrand::Rng;
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use lab::web::{self, Answer, Request};

/// The page: small enough for one TCP segment, headers included.
const PAGE: &str = "\
<!DOCTYPE html>
<title>Through the tunnel</title>
<h1>Hello from the other end</h1>
<p>This page crossed the network inside UDP datagrams.
Each of them carried one IP packet.</p>
";
/// What `/bytes/N` is made of.
const LINE: &[u8] = b"0123456789abcde\n";

/// The most bytes that are served at once.
const MOST: u64 = 1_000_000_000;

/// Serve a page at /, and N bytes at /bytes/N or, different at every place, /random/N.
#[derive(Parser)]
#[command(name = "serve")]
struct Args {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:80")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<ExitCode> {
    let listen = args.listen;
    let listener =
        TcpListener::bind(listen).with_context(|| format!("cannot serve on {listen}"))?;
    println!("serving http://{}/", listener.local_addr()?);
    web::serve(&listener, |request| {
        let answer = answer(&request.path);
        let Request { from, path, .. } = request;
        // A log that no program reads is no reason to stop.
        let _ = writeln!(io::stdout(), "{from} {path} {}", answer.status);
        answer
    })
}

fn answer(path: &str) -> Answer {
    if path == "/" {
        return Answer::new(200, "text/html", PAGE);
    }
    let body: Option<(&str, Box<dyn Read>)> = match path.rsplit_once('/') {
        Some(("/bytes", length)) => Some((length, Box::new(Endless(LINE.iter().cycle())))),
        Some(("/random", length)) => Some((length, Box::new(Random(Rng::with_seed(1))))),
        _ => None,
    };
    match body.map(|(length, body)| (length.parse(), body)) {
        Some((Ok(length), body)) if length <= MOST => Answer {
            length: Some(length),
            body,
            ..Answer::text(200, "")
        },
        _ => Answer::text(404, format!("there is nothing at {path}\n")),
    }
}

/// The same bytes in every run. Unlike those of [`Endless`], they show a piece that is
/// missing, repeated or in another's place.
struct Random(Rng);

impl Read for Random {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.fill(buffer);
        Ok(buffer.len())
    }
}

/// The same line again and again: a gigabyte of it needs no memory.
struct Endless(Cycle<Iter<'static, u8>>);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for (to, from) in buffer.iter_mut().zip(&mut self.0) {
            *to = *from;
        }
        Ok(buffer.len())
    }
}
