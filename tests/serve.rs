//! The web server that the lab's hosts run, and clients that mean it no good.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Far longer than an answer ever takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    process: Child,
    log: Option<BufReader<ChildStdout>>,
}

impl Server {
    fn start() -> Server {
        let mut process = Command::new(support::built().join("serve"))
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let address = line.strip_prefix("serving http://").unwrap();
        Server {
            address: address.trim_end().trim_end_matches('/').parse().unwrap(),
            process,
            log: Some(log),
        }
    }

    /// A connection on which a request has been sent.
    fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// All that comes back until the server has closed the connection.
    fn ask(&self, request: &str) -> String {
        let mut answer = Vec::new();
        self.send(request).read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn is_well(&self) {
        let answer = self.ask("GET / HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer:?}");
        assert!(answer.ends_with("one IP packet.</p>\n"), "{answer:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for the end of a connection, however it comes.
fn wait_for_the_end(mut stream: &TcpStream) {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Err(err) if err.kind() == ErrorKind::ConnectionReset => return,
            Err(err) => panic!("the connection stays open: {err}"),
            Ok(_) => (),
        }
    }
}

#[test]
fn the_page_is_what_the_captures_of_the_book_have() {
    let server = Server::start();
    let mut stream = server.send("GET / HTTP/1.1\r\nhost: 192.168.0.2\r\n\r\n");
    let mut answer = [0; 307];
    stream.read_exact(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, page) = answer.split_once("\r\n\r\n").unwrap();
    let lines: Vec<_> = head.lines().collect();
    assert_eq!(lines[0], "HTTP/1.1 200 OK");
    assert_eq!(lines[1], "Server: tiny-http (Rust)");
    assert!(lines[2].starts_with("Date: ") && lines[2].ends_with(" GMT"));
    assert_eq!(
        lines[3..],
        ["Content-Type: text/html", "Content-Length: 179"]
    );
    assert!(page.ends_with("one IP packet.</p>\n"), "{page:?}");
    // The connection stays open, and has another answer.
    stream
        .write_all(b"GET /nothing HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 404 Not Found\r\n"), "{rest}");
    assert!(rest.ends_with("there is nothing at /nothing\n"), "{rest}");
}

#[test]
fn a_body_of_whatever_length_ends_no_server() {
    let server = Server::start();
    for (request, status) in [
        (
            "POST / HTTP/1.1\r\nContent-Length: 999999999999999999",
            "405",
        ),
        (
            "GET / HTTP/1.1\r\nContent-Length: 999999999999999999",
            "200",
        ),
        ("GET / HTTP/1.1\r\nContent-Length: -1", "200"),
        (
            "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999999",
            "405",
        ),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked", "200"),
    ] {
        let stream = server.send(&format!("{request}\r\nHost: it\r\n\r\nffffffffffff\r\nabc"));
        // Leaves before the body is there.
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        (&stream).read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        server.is_well();
    }
}

#[test]
fn methods_are_get_and_head() {
    let server = Server::start();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW", "get"] {
        let answer = server.ask(&format!("{method} / HTTP/1.1\r\nHost: it\r\n\r\n"));
        assert!(
            answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"),
            "{answer}"
        );
        assert!(answer.contains("\r\nAllow: GET, HEAD\r\n"), "{answer}");
    }
    let ask = |method| {
        server.ask(&format!(
            "{method} /bytes/5 HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n"
        ))
    };
    let (get, head) = (ask("GET"), ask("HEAD"));
    assert_eq!(get.strip_suffix("01234").map(str::len), Some(head.len()));
    assert!(head.contains("\r\nContent-Length: 5\r\n"), "{head}");
}

#[test]
fn what_is_no_request_is_refused() {
    let server = Server::start();
    let long = "x".repeat(100_000);
    let many = "Another: header\r\n".repeat(1000);
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\r\n\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nCookie: {long}\r\n\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), "431"),
        ("GET /a\0b HTTP/1.1\r\n\r\n".into(), "400"),
        ("GET /\u{9b}31m HTTP/1.1\r\n\r\n".into(), "400"),
        ("GET bytes/3 HTTP/1.1\r\n\r\n".into(), "400"),
        ("GET / HTTP/9.1\r\n\r\n".into(), "400"),
        ("hello\r\n\r\n".into(), "400"),
    ] {
        let answer = server.ask(&request);
        let request: String = request.chars().take(40).collect();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request:?}: {answer}"
        );
    }
    // As a proxy asks.
    let answer = server.ask("GET http://it/bytes/3?x HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(answer.ends_with("\r\n\r\n012"), "{answer}");
    server.is_well();
}

#[test]
fn a_client_that_takes_nothing_holds_up_nobody_and_costs_no_memory() {
    let server = Server::start();
    let request = "GET /bytes/1000000000 HTTP/1.1\r\nHost: it\r\n\r\n";
    let stalled: Vec<_> = (0..20).map(|_| server.send(&request.repeat(10))).collect();
    for stream in &stalled {
        stream.peek(&mut [0; 1]).unwrap();
    }
    server.is_well();
    let status = format!("/proc/{}/status", server.process.id());
    let status = std::fs::read_to_string(status).unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 100_000, "{peak}");
}

#[test]
fn with_too_many_connections_the_oldest_is_closed() {
    let server = Server::start();
    let silent: Vec<_> = (0..200).map(|_| server.send("GET / HT")).collect();
    server.is_well();
    for stream in &silent[..100] {
        wait_for_the_end(stream);
    }
}

#[test]
fn nobody_needs_to_read_the_log() {
    let mut server = Server::start();
    server.is_well();
    let mut log = server.log.take().unwrap();
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert!(line.starts_with("127.0.0.1:"), "{line}");
    assert!(line.ends_with(" / 200\n"), "{line}");
    drop(log);
    for _ in 0..3 {
        server.is_well();
    }
}
