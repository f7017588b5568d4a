//! The book in a browser.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, Instant};

use book_tool::serve::Serving;
use nix::sys::stat::Mode;

use crate::fixture::Fixture;

/// Far more than it ever takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection on which a request has been sent, as it stands: clients would
/// mend the path.
fn send(serving: &Serving, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(serving.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn get(serving: &Serving, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: book\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    send(serving, &request).read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn wait_for(serving: &Serving, path: &str, text: &str) {
    let start = Instant::now();
    while !get(serving, path).contains(text) {
        assert!(start.elapsed() < PATIENCE, "{path} never has {text:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_change_of_the_text_the_code_or_the_look_is_seen() {
    let fixture = Fixture::new();
    let serving = Serving::start(fixture.tree(), 0, false).unwrap();
    assert!(get(&serving, "/").contains("<h1 id=\"first\">"));
    assert!(
        get(&serving, "/first.html").contains("/-/state"),
        "no script that reloads it"
    );
    assert!(!fixture.read("target/book/first.html").contains("/-/state"));

    fixture.append("book/src/second.md", "\nA new sentence.\n");
    wait_for(&serving, "/second.html", "A new sentence.");
    fixture.replace("src/code.rs", "42", "43");
    wait_for(&serving, "/first.html", "43");
    fixture.append("book/theme/book.css", ".new {}\n");
    wait_for(&serving, "/theme/book.css", ".new {}");
}

#[test]
fn a_problem_is_shown_and_does_not_end_it() {
    let fixture = Fixture::new();
    let serving = Serving::start(fixture.tree(), 0, false).unwrap();
    fixture.append("book/src/second.md", "\n{{#nothing}}\n");
    wait_for(&serving, "/-/state", "book/src/second.md:12: {{#nothing}}");
    assert!(
        get(&serving, "/second.html").contains("Back to"),
        "the page of before"
    );
    fixture.replace("book/src/second.md", "{{#nothing}}", "Mended.");
    wait_for(&serving, "/second.html", "Mended.");
    wait_for(&serving, "/-/state", "\"error\":null");
}

#[test]
fn a_book_that_was_never_built_shows_why() {
    let fixture = Fixture::new();
    fixture.append("book/src/second.md", "\n{{#nothing}}\n");
    let serving = Serving::start(fixture.tree(), 0, false).unwrap();
    let page = get(&serving, "/");
    assert!(page.starts_with("HTTP/1.1 404"), "{page}");
    assert!(
        page.contains("book/src/second.md:12: {{#nothing}}"),
        "{page}"
    );
    fixture.replace("book/src/second.md", "{{#nothing}}", "Mended.");
    wait_for(&serving, "/", "<h1 id=\"first\">");
}

#[test]
fn nothing_outside_of_the_book_is_served() {
    let fixture = Fixture::new();
    let serving = Serving::start(fixture.tree(), 0, false).unwrap();
    assert!(serving.address.ip().is_loopback());
    let built = fixture.tree().join("target/book");
    symlink("/etc", built.join("etc")).unwrap();
    symlink("../../book/src/hosts.svg", built.join("out.svg")).unwrap();
    nix::unistd::mkfifo(&built.join("pipe.svg"), Mode::S_IRWXU).unwrap();
    for path in [
        "/../book.toml",
        "/css/../../../book/book.toml",
        "/%2e%2e/x",
        "/css/%2e%2e%2f..%2fbook.toml",
        "//etc/passwd",
        "/.nojekyll",
        "http://book/../book.toml",
        "/etc/ssl/openssl.cnf",
        "/etc/default.html",
        "/out.svg",
        "/pipe.svg",
        "/css",
        "/index.html%00",
    ] {
        let answer = get(&serving, path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}

#[test]
fn a_port_that_is_taken_is_told() {
    let fixture = Fixture::new();
    let first = Serving::start(fixture.tree(), 0, false).unwrap();
    let Err(why) = Serving::start(fixture.tree(), first.address.port(), false) else {
        panic!("two servers on one port");
    };
    assert!(
        why.to_string().contains("choose another one with --port"),
        "{why}"
    );
}

#[test]
fn a_request_with_a_body_of_whatever_length_ends_no_server() {
    let fixture = Fixture::new();
    let serving = Serving::start(fixture.tree(), 0, false).unwrap();
    let mut stream = send(
        &serving,
        "POST / HTTP/1.1\r\nHost: book\r\nContent-Length: 999999999999999999\r\n\r\n",
    );
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(get(&serving, "/").contains("<h1 id=\"first\">"));
}

#[test]
fn a_client_that_reads_nothing_holds_up_nobody() {
    let fixture = Fixture::new();
    let serving = Serving::start(fixture.tree(), 0, false).unwrap();
    // More than fits into the buffers on the way.
    let request = "GET /highlight.js HTTP/1.1\r\nHost: book\r\n\r\n".repeat(500);
    let stalled: Vec<_> = (0..3).map(|_| send(&serving, &request)).collect();
    for stream in &stalled {
        stream.peek(&mut [0; 1]).unwrap();
    }
    assert!(get(&serving, "/").contains("<h1 id=\"first\">"));
}
