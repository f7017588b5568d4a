//! What the program `book` does where its output is closed or full, and when it
//! is told to end.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::fixture::Fixture;

/// Far more than it ever takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A shell in the fixture's tree, in which `"$0"` is the program.
fn shell(fixture: &Fixture, line: &str) -> Command {
    let mut shell = fixture.command("bash");
    shell
        .args(["-c", line, env!("CARGO_BIN_EXE_book")])
        .stdin(Stdio::null());
    shell
}

fn run(fixture: &Fixture, line: &str) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = shell(fixture, line).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn closed_or_full_output_is_no_panic() {
    let fixture = Fixture::new();
    // A warning of mdBook's, and one of ours.
    fixture.append("book/src/second.md", "\n<b>never closed\n");
    fixture.append("src/code.rs", "// ANCHOR: new\n// ANCHOR_END: new\n");
    assert!(run(&fixture, "\"$0\" --draft").1.contains("WARN"));
    let full = "error: cannot write to standard output: No space left on device (os error 28)\n";
    for (line, code, says) in [
        ("\"$0\" --draft 2>/dev/full", 0, ""),
        ("\"$0\" --draft 2>&-", 0, ""),
        ("\"$0\" --draft >&- 2>&-", 0, ""),
        ("\"$0\" --draft 2>&1 | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("\"$0\" 2>/dev/full", 1, ""),
        ("\"$0\" 2>&1 | true; exit ${PIPESTATUS[0]}", 1, ""),
        ("\"$0\" --draft >/dev/full", 1, full),
        ("\"$0\" --draft >/dev/full 2>&1", 1, ""),
        ("\"$0\" --watch --draft >/dev/full", 1, full),
        ("\"$0\" --help >/dev/full", 0, ""),
        ("\"$0\" --nothing 2>/dev/full", 2, ""),
    ] {
        let (got, said) = run(&fixture, line);
        assert_eq!(got, Some(code), "{line}: {said}");
        assert!(
            said.ends_with(says) && !said.contains("panicked"),
            "{line}: {said}"
        );
    }
}

#[test]
fn full_disk_and_its_remedy() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let before = fixture.read("target/book/first.html");
    fixture.append("book/src/first.md", "\nMore.\n");
    // No file may be longer than 20 KB, which for the program is the same.
    let (code, said) = run(&fixture, "trap '' XFSZ; ulimit -f 20; \"$0\"");
    assert_eq!(code, Some(1));
    let target = fixture.tree().join("target").display().to_string();
    let start = format!("error: cannot build the book in {target}: ");
    assert!(said.starts_with(&start), "{said}");
    assert!(
        said.ends_with("\n  make room on that disk, and build the book again\n"),
        "{said}"
    );
    assert_eq!(fixture.read("target/book/first.html"), before);
}

/// How a process ended, as a shell tells it.
fn code(mut process: Child) -> i32 {
    let start = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            let signal = status.signal().map(|number| 128 + number);
            return status.code().or(signal).unwrap();
        }
        if start.elapsed() > PATIENCE {
            let _ = process.kill();
            let _ = process.wait();
            panic!("it does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn signal(process: &Child, signal: Signal) {
    kill(Pid::from_raw(process.id() as i32), signal).unwrap();
}

#[test]
fn ctrl_c_at_any_moment() {
    // Not ignored, even if whoever started the tests ignores it.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::new(true.into())).unwrap();
    let fixture = Fixture::new();
    for delay in (0..300).step_by(15) {
        let mut process = shell(&fixture, "exec \"$0\" --watch")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(delay));
        signal(&process, Signal::SIGINT);
        let mut errors = process.stderr.take().unwrap();
        assert_eq!(code(process), 130, "after {delay} ms");
        let mut said = String::new();
        errors.read_to_string(&mut said).unwrap();
        assert_eq!(said, "");
    }
    // What they left is cleared by the next one.
    fixture.build().unwrap();
    let left = std::fs::read_dir(fixture.tree().join("target")).unwrap();
    let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["book"]);
}

#[test]
fn signals_ignored_at_the_start() {
    let fixture = Fixture::new();
    for wanted in [Signal::SIGINT, Signal::SIGTERM] {
        let line = "trap '' INT TERM CHLD; exec \"$0\" --watch";
        let mut process = shell(&fixture, line)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with("the book is built"), "{line}");
        signal(&process, wanted);
        assert_eq!(code(process), 130, "{wanted}");
    }
}
