//! `cargo book --watch`: the book is built again after each change.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::fixture::Fixture;

/// Far more than a build ever takes.
const PATIENCE: Duration = Duration::from_secs(60);
const BUILT: &str = "the book is built; open target/book/index.html";

/// The program at work, until it is dropped.
struct Watching {
    process: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(fixture: &Fixture) -> Watching {
        // Both outputs in one, so that the lines keep their order.
        let mut process = fixture
            .command("bash")
            .args(["-c", "exec \"$0\" --watch 2>&1", env!("CARGO_BIN_EXE_book")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines() {
                sender.send(line.unwrap()).unwrap();
            }
        });
        Watching { process, lines }
    }

    fn says(&self, expected: &str) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        assert!(line.starts_with(expected), "{line}");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn change_of_text_code_or_look() {
    let fixture = Fixture::new();
    let watching = Watching::start(&fixture);
    watching.says(BUILT);
    for (file, change, page) in [
        (
            "book/src/second.md",
            "\nA new sentence.\n",
            "target/book/second.html",
        ),
        (
            "chapters/ch02_answer.rs",
            "struct New;\n",
            "target/book/first.html",
        ),
        (
            "book/theme/book.css",
            ".new {}\n",
            "target/book/theme/book.css",
        ),
    ] {
        fixture.append(file, change);
        watching.says(BUILT);
        assert!(fixture.read(page).contains(change.trim()), "{file}");
    }
}

#[test]
fn problem_and_its_repair() {
    let fixture = Fixture::new();
    fixture.append("book/src/second.md", "\n{{#nothing}}\n");
    let watching = Watching::start(&fixture);
    watching.says("book/src/second.md:12: {{#nothing}}");
    watching.says("error: the book has 1 problem");
    fixture.replace("book/src/second.md", "{{#nothing}}", "Mended.");
    watching.says(BUILT);
}
