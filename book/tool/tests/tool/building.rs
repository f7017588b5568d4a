//! A whole build: what is there afterwards.

use std::process::Output;
use std::thread;

use book_tool::build::build;

use crate::fixture::Fixture;

#[test]
fn failure_leaves_the_last_good_book() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let before = fixture.read("target/book/second.html");
    fixture.append("book/src/second.md", "\n[gone](gone.md)\n");
    fixture.build().unwrap_err();
    assert_eq!(fixture.read("target/book/second.html"), before);
    fixture.write("book/src/gone.md", "# Gone\n");
    fixture.append("book/src/SUMMARY.md", "- [Gone](gone.md)\n");
    fixture.build().unwrap();
    assert_ne!(fixture.read("target/book/second.html"), before);

    let left = std::fs::read_dir(fixture.tree().join("target")).unwrap();
    let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["book"], "nothing else is left");
}

#[test]
fn builds_at_the_same_time() {
    let fixture = Fixture::new();
    // Many at once, each of which clears what it takes for left.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fixture.build().unwrap());
        }
    });
    fixture.build().unwrap();
    let left = std::fs::read_dir(fixture.tree().join("target")).unwrap();
    assert_eq!(left.count(), 1);
}

#[test]
fn draft_warns_of_unused_anchors() {
    let fixture = Fixture::new();
    fixture.append("src/code.rs", "// ANCHOR: new\n// ANCHOR_END: new\n");
    fixture.build().unwrap_err();
    let built = build(fixture.tree(), true).unwrap();
    let warnings: Vec<_> = built.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["src/code.rs:20: no page of the book uses the anchor new"]
    );
}

#[test]
fn listing_links_to_its_line() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let page = fixture.read("target/book/first.html");
    assert!(
        page.contains("href=\"source/src/code.rs.html#L10\""),
        "{page}"
    );
    let source = fixture.read("target/book/source/src/code.rs.html");
    assert!(source.contains("<a id=\"L10\" href=\"#L10\">10</a>"));
    assert!(source.contains("pub fn answer"));
    assert!(!source.contains("ANCHOR"));
    assert!(source.contains("<a href=\"../../first.html\">First</a>"));
}

#[test]
fn code_keeps_its_hashes_and_its_quotes() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let page = fixture.read("target/book/first.html");
    assert!(page.contains("># not hidden</span>\n"), "{page}");
    assert!(!page.contains("boring"));
    assert!(page.contains("64 bytes from &lt;peer&gt;: time="));
}

/// The program itself, started in a folder of the fixture's tree.
fn program(fixture: &Fixture, folder: &str) -> Output {
    fixture
        .command(env!("CARGO_BIN_EXE_book"))
        .current_dir(fixture.tree().join(folder))
        .output()
        .unwrap()
}

#[test]
fn program_prints_where_the_book_is() {
    let fixture = Fixture::new();
    for (folder, page) in [
        ("", "target/book/index.html"),
        ("book/src", "../../target/book/index.html"),
        ("target", "book/index.html"),
    ] {
        let done = program(&fixture, folder);
        let said = String::from_utf8(done.stdout).unwrap();
        assert_eq!(said, format!("the book is built; open {page}\n"));
    }
}

#[test]
fn program_fails_with_all_problems() {
    let fixture = Fixture::new();
    fixture.append("book/src/second.md", "\n[gone](gone.md)\n\n{{#nothing}}\n");
    let done = program(&fixture, "");
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[0].starts_with("book/src/second.md:12: gone.html"),
        "{said}"
    );
    assert!(
        lines[1].starts_with("book/src/second.md:14: {{#nothing}}"),
        "{said}"
    );
    assert_eq!(lines[2..], ["error: the book has 2 problems"]);
}
