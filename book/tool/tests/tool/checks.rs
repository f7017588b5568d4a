//! Each check is seen to fail, with file and line.

use crate::fixture::Fixture;

const FIRST: &str = "book/src/first.md";
const SECOND: &str = "book/src/second.md";
const CODE: &str = "src/code.rs";

/// What is added at the end of a file, and the one problem that it makes.
const ADDED: &[(&str, &str, &str)] = &[
    // Rust that is not included
    (
        SECOND,
        "```rust\nfn main() {}\n```\n",
        "book/src/second.md:12: Rust is not pasted but included",
    ),
    (
        SECOND,
        "```rust,ignore\nfn main() {}\n```\n",
        "book/src/second.md:12: Rust is not pasted",
    ),
    (
        SECOND,
        "- one\n\n  ```rs\n  fn main() {}\n  ```\n",
        "book/src/second.md:14: Rust is not pasted",
    ),
    (
        SECOND,
        "> ```rust\n> fn main() {}\n> ```\n",
        "book/src/second.md:12: Rust is not pasted",
    ),
    (
        SECOND,
        "```text\nnever closed\n",
        "book/src/second.md:12: this block of code is never closed",
    ),
    // Listings
    (
        SECOND,
        "{{#listing src/none.rs}}\n",
        "book/src/second.md:12: {{#listing}}: cannot read src/none.rs",
    ),
    (
        SECOND,
        "{{#listing src/code.rs question}}\n",
        "book/src/second.md:12: {{#listing}}: src/code.rs: it has no anchor question, but answer, inner",
    ),
    (
        SECOND,
        "{{#listing ../code.rs}}\n",
        "book/src/second.md:12: {{#listing}}: ../code.rs is not a path from the root",
    ),
    (
        SECOND,
        "{{#listing}}\n",
        "book/src/second.md:12: {{#listing}}: it takes a file",
    ),
    (
        CODE,
        "// ANCHOR: new\n// ANCHOR_END: new\n",
        "src/code.rs:20: no page of the book uses the anchor new",
    ),
    (
        CODE,
        "// ANCHOR: new\n",
        "src/code.rs:20: the anchor new has no ANCHOR_END",
    ),
    (
        CODE,
        "// ANCHOR_END: new\n",
        "src/code.rs:20: no anchor new begins above",
    ),
    (
        CODE,
        "// ANCHOR: inner\n",
        "src/code.rs:20: there is an anchor inner above",
    ),
    // Other directives
    (
        SECOND,
        "{{#lsting src/code.rs}}\n",
        "book/src/second.md:12: {{#lsting}}: there is no such directive",
    ),
    (
        SECOND,
        "{{#include ../../src/code.rs}}\n",
        "book/src/second.md:12: {{#include}}: use {{#listing",
    ),
    (
        SECOND,
        "{{#playground a.rs}}\n",
        "book/src/second.md:12: {{#playground}}: use {{#listing",
    ),
    (
        SECOND,
        "{{#rustdoc_include a.rs}}\n",
        "book/src/second.md:12: {{#rustdoc_include}}: use {{#listing",
    ),
    (
        SECOND,
        "Here: {{#doctor}}\n",
        "book/src/second.md:12: a directive stands alone in its line",
    ),
    (
        SECOND,
        "```text\n{{#doctor}}\n```\n",
        "book/src/second.md:13: a directive in a block of code",
    ),
    (
        SECOND,
        "{{#changes ch01 ch09}}\n",
        "book/src/second.md:12: {{#changes}}: there is no program chapters/ch09_*.rs",
    ),
    (
        SECOND,
        "{{#solution ../02-1}}\n",
        "book/src/second.md:12: {{#solution}}: it takes an exercise",
    ),
    (
        SECOND,
        "{{#solution 02-9}}\n",
        "book/src/second.md:12: {{#solution}}: cannot read chapters/solutions/02-9.patch",
    ),
    (
        SECOND,
        "{{#packet captures/none.pcap 1 \"a\"}}\n",
        "book/src/second.md:12: {{#packet}}: ",
    ),
    (
        SECOND,
        "{{#packets captures/none.pcap 1..2}}\n",
        "book/src/second.md:12: {{#packets}}: ",
    ),
    (
        SECOND,
        "{{#journey captures/none.pcapng 1 \"a\"}}\n",
        "book/src/second.md:12: {{#journey}}: ",
    ),
    // Links
    (
        SECOND,
        "[gone](gone.md)\n",
        "book/src/second.md:12: gone.html: this link is dead: the book has no file gone.html",
    ),
    (
        SECOND,
        "[gone](first.md#gone)\n",
        "book/src/second.md:12: first.html#gone: this link is dead: first.html has no #gone",
    ),
    (
        SECOND,
        "[gone](#gone)\n",
        "book/src/second.md:12: #gone: this link is dead: second.html has no #gone",
    ),
    (
        SECOND,
        "[out](../../src/code.rs)\n",
        "book/src/second.md:12: ../../src/code.rs: this link leads out of the book",
    ),
    (
        SECOND,
        "<a\nhref=\"gone.html\">gone</a>\n",
        "book/src/second.md:13: gone.html: this link is dead",
    ),
    (
        SECOND,
        "[a host](http://192.168.0.2/)\n",
        "book/src/second.md:12: http://192.168.0.2/: links to the web begin with https",
    ),
    (
        SECOND,
        "![a picture](gone.svg)\n",
        "book/src/second.md:12: gone.svg: this link is dead",
    ),
    (
        SECOND,
        "[line](source/src/code.rs.html#L99)\n",
        "book/src/second.md:12: source/src/code.rs.html#L99: this link is dead",
    ),
    (
        SECOND,
        "## One {#same}\n\n## Two {#same}\n",
        "book/src/second.md:14: two elements of this page have the id same",
    ),
    // Figures
    (
        SECOND,
        "![](hosts.svg)\n",
        "book/src/second.md:12: a picture without a text",
    ),
    (
        SECOND,
        "<svg viewBox=\"0 0 1 1\"></svg>\n",
        "book/src/second.md:12: a <svg> without a text",
    ),
    (
        SECOND,
        "<figure>\n<p>Something</p>\n</figure>\n",
        "book/src/second.md:12: a <figure> without a text",
    ),
    // Pages and settings
    (
        "book/src/third.md",
        "# Third\n",
        "book/src/third.md:1: book/src/SUMMARY.md does not name this page",
    ),
    (
        "book/src/SUMMARY.md",
        "- [Third](third.md)\n",
        "book/src/SUMMARY.md:5: there is no page book/src/third.md",
    ),
    (
        "book/book.toml",
        "\n[output.html.fold]\nenabel = true\n",
        "book/book.toml:24: unknown field `enabel`",
    ),
    (
        "book/book.toml",
        "\n[output.htlm]\n",
        "book/book.toml:23: unknown field `htlm`",
    ),
    (
        "book/book.toml",
        "\n[bok]\n",
        "book/book.toml:23: unknown field `bok`",
    ),
];

#[test]
fn nothing_is_wrong_with_the_book_that_they_are_tried_on() {
    assert_eq!(Fixture::new().problems(), "");
}

#[test]
fn each_check_fails_with_file_and_line() {
    let mut wrong = Vec::new();
    for (file, added, expected) in ADDED {
        let fixture = Fixture::new();
        match fixture.tree().join(file).exists() {
            true => fixture.append(file, &before(file, added)),
            false => fixture.write(file, added),
        }
        let problems = fixture.problems();
        if !problems.starts_with(expected) || problems.lines().count() != 1 {
            wrong.push(format!(
                "{added:?}\n  expected: {expected}\n  got:      {problems}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Markdown needs a blank line before what is added.
fn before(file: &str, added: &str) -> String {
    match file.starts_with("book/src/s") {
        true => format!("\n{added}"),
        false => added.to_owned(),
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_files() {
    let fixture = Fixture::new();
    fixture.append(SECOND, "\n[gone](gone.md)\n");
    fixture.append(SECOND, "\n{{#nothing}}\n");
    fixture.replace(FIRST, "Three hosts in a row", "");
    fixture.append(CODE, "// ANCHOR: new\n// ANCHOR_END: new\n");
    let problems = fixture.problems();
    let places: Vec<_> = problems
        .lines()
        .filter_map(|line| line.split(": ").next())
        .collect();
    let expected = [
        "book/src/first.md:18",
        "book/src/second.md:12",
        "book/src/second.md:14",
        "src/code.rs:20",
    ];
    assert_eq!(places, expected, "{problems}");
}

#[test]
fn a_described_figure_is_one() {
    let fixture = Fixture::new();
    for figure in [
        "<svg aria-label=\"a host\"></svg>",
        "<svg aria-hidden=\"true\"></svg>",
        "<svg><title>a host</title></svg>",
        "<figure>\n<svg></svg>\n<figcaption>a host</figcaption>\n</figure>",
    ] {
        fixture.append(SECOND, &format!("\n{figure}\n"));
    }
    assert_eq!(fixture.problems(), "");
}
