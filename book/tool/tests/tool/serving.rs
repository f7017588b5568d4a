//! The book in a browser.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use book_tool::serve::Serving;

use crate::fixture::Fixture;

/// Far more than it ever takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answer to a request, as it stands: clients would mend the path.
fn get(serving: &Serving, path: &str) -> String {
    let mut stream = TcpStream::connect(serving.address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: book\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
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
    for path in [
        "/../book.toml",
        "/css/../../../book/book.toml",
        "/%2e%2e/x",
        "//etc/passwd",
        "/.nojekyll",
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
