//! A small web client: prints what a server answers.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use ip_over_udp::output::{println, written};
use ip_over_udp::program::report;
use ureq::Agent;

/// Fetch a page and print it.
#[derive(Parser)]
#[command(name = "fetch")]
struct Args {
    /// Address of the page, as in http://192.168.0.2/
    url: String,

    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

fn main() -> ExitCode {
    report(|| run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(args.timeout)))
        .user_agent("fetch")
        .accept_encoding("identity")
        .proxy(None)
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent
        .get(&args.url)
        .call()
        .map_err(|err| plain(err.into_io(), args.timeout))
        .with_context(|| format!("cannot fetch {}", args.url))?;
    println!("{:?} {}", response.version(), response.status());
    io::copy(&mut response.body_mut().as_reader(), &mut Page)
        .map_err(|err| plain(err, args.timeout))
        .with_context(|| format!("cannot read the answer from {}", args.url))?;
    Ok(())
}

/// An error of the network in the system's words, or that the time is up: `ureq`
/// says "timeout: global".
fn plain(err: io::Error, timeout: u64) -> io::Error {
    let inner = err.get_ref().and_then(|err| err.downcast_ref());
    match inner {
        Some(ureq::Error::Timeout(_)) => {
            io::Error::other(format!("not complete after {timeout} s (--timeout)"))
        }
        _ => err,
    }
}

/// Standard output, so that an error of `io::copy` is one of the network.
struct Page;

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        written(io::stdout().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
