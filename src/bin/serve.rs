//! A small web server, to have something worth tunnelling.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use ip_over_udp::error::report;
use ip_over_udp::output::println;
use tiny_http::{Header, Response, Server};

/// The page: small enough for one TCP segment, headers included.
const PAGE: &str = "\
<!DOCTYPE html>
<title>Through the tunnel</title>
<h1>Hello from the other end</h1>
<p>This page crossed the network inside UDP datagrams.
Each of them carried one IP packet.</p>
";

/// Serve a page at /, and N bytes at /bytes/N.
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

fn run(args: Args) -> anyhow::Result<()> {
    let listen = args.listen;
    let server =
        Server::http(listen).map_err(|why| anyhow::anyhow!("cannot serve on {listen}: {why}"))?;
    println!("serving http://{listen}/");
    for request in server.incoming_requests() {
        let (status, body) = match request.url() {
            "/" => (200, PAGE.to_owned()),
            url => match url.strip_prefix("/bytes/").map(str::parse) {
                Some(Ok(n)) if n <= 1_000_000_000 => {
                    (200, "0123456789abcde\n".repeat(n / 16 + 1)[..n].to_owned())
                }
                _ => (404, format!("there is nothing at {url}\n")),
            },
        };
        let from = request.remote_addr().map(ToString::to_string);
        println!("{} {} {status}", from.unwrap_or_default(), request.url());
        let mut response = Response::from_string(body)
            .with_status_code(status)
            .with_chunked_threshold(usize::MAX);
        if status == 200
            && request.url() == "/"
            && let Ok(html) = Header::from_bytes("Content-Type", "text/html")
        {
            response.add_header(html);
        }
        // A client that has gone away is no reason to stop.
        let _ = request.respond(response);
    }
    Ok(())
}
