//! The checks of the book: each is seen to fail, with file and line.

use crate::fixture::{Fixture, one_problem, one_problem_on_a_page};

const FIRST: &str = "book/src/first.md";
const SECOND: &str = "book/src/second.md";
const CODE: &str = "src/code.rs";

#[test]
fn good_book() {
    assert_eq!(Fixture::new().problems(), "");
}

#[test]
fn dead_link() {
    one_problem_on_a_page(
        "[gone](gone.md)",
        "12: gone.html: this link is dead: the book has no file gone.html",
    );
}

#[test]
fn dead_anchor() {
    one_problem_on_a_page(
        "[gone](first.md#gone)",
        "12: first.html#gone: this link is dead: first.html has no #gone",
    );
}

#[test]
fn dead_anchor_on_the_same_page() {
    one_problem_on_a_page(
        "[gone](#gone)",
        "12: #gone: this link is dead: second.html has no #gone",
    );
}

#[test]
fn dead_line_of_a_source_file() {
    one_problem_on_a_page(
        "[line](source/src/code.rs.html#L99)",
        "12: source/src/code.rs.html#L99: this link is dead",
    );
}

#[test]
fn dead_link_in_html() {
    one_problem_on_a_page(
        "<a\nhref=\"gone.html\">gone</a>",
        "13: gone.html: this link is dead",
    );
}

/// A field in a figure, of which the page of headers says nothing.
#[test]
fn field_without_explanation() {
    let fixture = Fixture::new();
    let captures = "../../captures/ch03";
    let capture = std::fs::read(format!("{captures}/left-tun0.pcap")).unwrap();
    std::fs::write(fixture.tree().join("one.pcap"), capture).unwrap();
    fixture.append(
        SECOND,
        "\nThe code.\n\n{{#header one.pcap 1 \"echo\" ICMP}}\n",
    );
    fixture.append("book/src/SUMMARY.md", "- [Headers](headers.md)\n");
    let explained = ["type", "checksum", "identifier", "sequence-number"];
    let ids = explained.map(|field| format!("<b id=\"icmp-{field}\">a field</b>\n"));
    fixture.write(
        "book/src/headers.md",
        &format!("# Headers\n\n{}", ids.concat()),
    );
    assert_eq!(
        fixture.problems(),
        "book/src/second.md:14: headers.html#icmp-code: this link is dead: headers.html has no #icmp-code"
    );
}

#[test]
fn dead_picture() {
    one_problem_on_a_page("![a picture](gone.svg)", "12: gone.svg: this link is dead");
}

#[test]
fn link_out_of_the_book() {
    one_problem_on_a_page(
        "[out](../../src/code.rs)",
        "12: ../../src/code.rs: this link leads out of the book",
    );
}

#[test]
fn link_from_the_root() {
    one_problem_on_a_page(
        "[root](/first.html)",
        "12: /first.html: this link leads out of the book",
    );
}

#[test]
fn link_without_https() {
    one_problem_on_a_page(
        "[a host](http://192.168.0.2/)",
        "12: http://192.168.0.2/: links to the web begin with https",
    );
}

#[test]
fn two_ids() {
    one_problem_on_a_page(
        "## One {#same}\n\n## Two {#same}",
        "14: two elements of this page have the id same",
    );
}

#[test]
fn picture_without_text() {
    one_problem_on_a_page("![](hosts.svg)", "12: this picture has no text alternative");
}

#[test]
fn drawing_without_text() {
    one_problem_on_a_page(
        "<svg viewBox=\"0 0 1 1\"></svg>",
        "12: this <svg> has no text alternative",
    );
}

#[test]
fn figure_without_text() {
    one_problem_on_a_page(
        "<figure>\n<p>Something</p>\n</figure>",
        "12: this <figure> has no text alternative",
    );
}

#[test]
fn described_figures() {
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

#[test]
fn unused_anchor() {
    one_problem(
        CODE,
        "// ANCHOR: new\n// ANCHOR_END: new\n",
        "src/code.rs:20: no page of the book uses the anchor new",
    );
}

#[test]
fn anchor_without_end() {
    one_problem(
        CODE,
        "// ANCHOR: new\n",
        "src/code.rs:20: the anchor new has no ANCHOR_END",
    );
}

#[test]
fn anchor_without_beginning() {
    one_problem(
        CODE,
        "// ANCHOR_END: new\n",
        "src/code.rs:20: the anchor new ends here, but does not begin above",
    );
}

#[test]
fn anchor_twice() {
    one_problem(
        CODE,
        "// ANCHOR: inner\n",
        "src/code.rs:20: the anchor inner begins twice: it is above already",
    );
}

#[test]
fn page_without_a_place_in_the_summary() {
    one_problem(
        "book/src/third.md",
        "# Third\n",
        "book/src/third.md:1: book/src/SUMMARY.md does not name this page",
    );
}

#[test]
fn missing_page() {
    one_problem(
        "book/src/SUMMARY.md",
        "- [Third](third.md)\n",
        "book/src/SUMMARY.md:5: there is no page book/src/third.md",
    );
}

#[test]
fn unknown_setting() {
    one_problem(
        "book/book.toml",
        "\n[output.html.fold]\nenabel = true\n",
        "book/book.toml:24: unknown field `enabel`",
    );
}

#[test]
fn unknown_renderer() {
    one_problem(
        "book/book.toml",
        "\n[output.htlm]\n",
        "book/book.toml:23: unknown field `htlm`",
    );
}

#[test]
fn unknown_table() {
    one_problem(
        "book/book.toml",
        "\n[bok]\n",
        "book/book.toml:23: unknown field `bok`",
    );
}

#[test]
fn all_problems_at_once_in_the_order_of_the_files() {
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
