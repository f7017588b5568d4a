//! The protocol of stock `mdbook`.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn tool(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_book"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// What mdBook 0.5 sends for a book of one page.
fn book(content: &str) -> String {
    let context = json!({
        "root": "/anywhere/book",
        "config": { "book": { "title": "A book" }, "output": { "html": {} } },
        "renderer": "html",
        "mdbook_version": "0.5.4",
    });
    let chapter = json!({
        "name": "Page", "content": content, "number": [1], "sub_items": [],
        "path": "page.md", "source_path": "page.md", "parent_names": [],
    });
    json!([context, { "items": [{ "Chapter": chapter }] }]).to_string()
}

#[test]
fn it_supports_html_only() {
    assert_eq!(
        tool(&["preprocess", "supports", "html"], "").status.code(),
        Some(0)
    );
    assert_eq!(
        tool(&["preprocess", "supports", "latex"], "").status.code(),
        Some(1)
    );
}

#[test]
fn a_book_comes_back_with_its_directives_replaced() {
    let done = tool(&["preprocess"], &book("# Page\n\n{{#doctor}}\n"));
    assert!(done.status.success(), "{done:?}");
    let answer: Value = serde_json::from_slice(&done.stdout).unwrap();
    let content = answer["items"][0]["Chapter"]["content"].as_str().unwrap();
    assert!(content.starts_with("# Page\n"), "{content}");
    assert!(content.contains("iproute2"), "{content}");
}

#[test]
fn a_problem_ends_it_with_file_and_line() {
    let done = tool(&["preprocess"], &book("# Page\n\n{{#nothing}}\n"));
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(
        said.starts_with("book/src/page.md:3: {{#nothing}}: there is no such directive"),
        "{said}"
    );
    assert!(done.stdout.is_empty());
}

#[test]
fn what_is_no_book_is_an_error() {
    let done = tool(&["preprocess"], "hello");
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(
        said.starts_with("error: this command is for mdbook"),
        "{said}"
    );
}
