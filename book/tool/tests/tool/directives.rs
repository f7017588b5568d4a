//! What each directive becomes.

use book_tool::page::{Taken, expand};
use mdbook_driver::book::{Book, BookItem, Chapter};

use crate::fixture::Fixture;

fn expanded(fixture: &Fixture, text: &str) -> (String, Taken) {
    expanded_page(fixture, "page.md", text)
}

fn expanded_page(fixture: &Fixture, name: &str, text: &str) -> (String, Taken) {
    let chapter = Chapter::new("Page", text.to_owned(), name, Vec::new());
    let mut book = Book::new_with_items(vec![BookItem::Chapter(chapter)]);
    let taken = expand(fixture.tree(), &mut book);
    let BookItem::Chapter(chapter) = book.items.remove(0) else {
        unreachable!()
    };
    (chapter.content, taken)
}

fn drawn(text: &str) -> String {
    let (content, taken) = expanded(&Fixture::new(), text);
    assert_eq!(taken.problems, []);
    content
}

#[test]
fn listing_of_an_anchor() {
    insta::assert_snapshot!(drawn("{{#listing src/code.rs answer}}"));
}

#[test]
fn listing_from_within_a_function() {
    insta::assert_snapshot!(drawn("{{#listing src/code.rs inner}}"));
}

#[test]
fn listing_of_a_whole_file() {
    insta::assert_snapshot!(drawn("{{#listing chapters/ch02_answer.rs}}"));
}

#[test]
fn listing_of_another_language() {
    let fixture = Fixture::new();
    fixture.write(
        "tests/echo.py",
        "while True:\n    os.write(1, os.read(0, 9))\n",
    );
    let (content, _) = expanded(&fixture, "{{#listing tests/echo.py}}");
    assert!(
        content.contains("<code class=\"language-python\">"),
        "{content}"
    );
}

#[test]
fn listing_in_a_list() {
    insta::assert_snapshot!(drawn(
        "- one\n\n  {{#listing src/code.rs inner}}\n\n- two\n"
    ));
}

#[test]
fn changes() {
    insta::assert_snapshot!(drawn("{{#changes ch01 ch02}}"));
}

#[test]
fn long_changes_are_folded() {
    let fixture = Fixture::new();
    fixture.append("chapters/ch02_answer.rs", &"// more\n".repeat(50));
    let (content, _) = expanded(&fixture, "{{#changes ch01 ch02}}");
    assert!(content.contains("<details>"), "{content}");
}

#[test]
fn solution() {
    let fixture = Fixture::new();
    let patch = "diff --git a/src/code.rs b/src/code.rs
--- a/src/code.rs
+++ b/src/code.rs
@@ -9,5 +9,5 @@ impl Oracle {
     // ANCHOR: answer
-    fn answer(&self) -> Vec<u8> {
+    fn answer(&self) -> Option<u8> {
 
     }
";
    fixture.write("chapters/solutions/02-1.patch", patch);
    let (content, _) = expanded(&fixture, "{{#solution 02-1}}");
    insta::assert_snapshot!(content);
}

#[test]
fn exercise() {
    insta::assert_snapshot!(drawn("```console exercise=02-1\nleft$ ch02\n\ndone\n```\n"));
}

#[test]
fn doctor() {
    insta::assert_snapshot!(drawn("{{#doctor}}"));
}

#[test]
fn transcript() {
    let text = "\
```console exercise=01-1
left$ ping -c 1 \\
    192.168.0.2
64 bytes from <peer>: time=[..] ms
...

right$ fg
^C
$ not a prompt of the lab
```
";
    insta::assert_snapshot!(drawn(text));
}

#[test]
fn transcript_in_a_quotation() {
    insta::assert_snapshot!(drawn("> ```console\n> host$ cargo run\n> ```\n"));
}

#[test]
fn other_text_stays_as_it_is() {
    let text = "# A page\n\nText with `{{` and }}.\n\n```text\n  left$ x\n```\n";
    assert_eq!(drawn(text), text);
}

#[test]
fn minutes() {
    let fixture = Fixture::new();
    let words = "word ".repeat(1000);
    let commands = "left$ ch02\n64 bytes\n".repeat(20);
    fixture.write("src/long.rs", &"// a line\n".repeat(42));
    let code = "{{#listing src/long.rs}}";
    // 5 minutes of words, 10 of commands, and two listings of 42 lines, which are
    // 4 minutes. Exercises do not count.
    fixture.write(
        "book/src/ch02-answer.md",
        &format!("# 2\n\n{words}\n\n```console\n{commands}```\n\n```text\n{words}\n```\n\n{code}\n\n{code}\n\n## Exercises\n\n{words}\n\n{code}\n\n### 02-1\n\n```console\n{commands}```\n\n## Check yourself\n"),
    );
    let (content, taken) = expanded(&fixture, "| {{#minutes ch02-answer.md}} min |");
    assert_eq!(content, "| 20 min |\n");
    assert_eq!(taken.problems, []);
}

/// A drawing, a listing, a transcript, and the drawing again.
const FIGURES: &str = "\
{{#diagram hosts \"Three hosts\" \"The `hosts`.\"}}

{{#listing src/code.rs inner}}

```console exercise=02-1
left$ ch02
```

- in a list

  {{#diagram hosts \"Three hosts\" \"Once more.\"}}
";

fn captions(page: &str) -> Vec<String> {
    let fixture = Fixture::new();
    let drawing = "<svg viewBox=\"0 0 1 1\">\n\n</svg>\n";
    fixture.write("book/src/images/hosts.svg", drawing);
    let (content, taken) = expanded_page(&fixture, page, FIGURES);
    assert_eq!(taken.problems, []);
    let captions = content.split("<figcaption>").skip(1);
    captions
        .map(|text| text.split("</figcaption>").next().unwrap().to_owned())
        .filter(|caption| !caption.contains("src/code.rs") && !caption.contains("02-1"))
        .collect()
}

#[test]
fn figures_of_a_chapter_have_numbers() {
    let number = |n| format!("<span class=\"figure-number\">Figure 6.{n}.</span>");
    assert_eq!(
        captions("ch06-both-ways.md"),
        [
            format!("{} The <code>hosts</code>.", number(1)),
            format!("{} Once more.", number(2)),
        ]
    );
}

#[test]
fn figures_of_other_pages_have_none() {
    assert_eq!(
        captions("the-lab.md"),
        ["The <code>hosts</code>.", "Once more."]
    );
}

#[test]
fn predicted() {
    insta::assert_snapshot!(drawn(
        "## Predict\n\n1. Is it `tun0`?\n2. Or is it\n   the cable?\n\n## Run it\n\n{{#predicted 2}}\n\n{{#predicted 1}}\n"
    ));
}
