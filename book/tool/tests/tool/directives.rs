//! What each directive becomes.

use book_tool::page::{Taken, expand};
use mdbook_driver::book::{Book, BookItem, Chapter};

use crate::fixture::Fixture;

fn expanded(fixture: &Fixture, text: &str) -> (String, Taken) {
    let chapter = Chapter::new("Page", text.to_owned(), "page.md", Vec::new());
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
fn predicted() {
    insta::assert_snapshot!(drawn(
        "## Predict\n\n1. Is it `tun0`?\n2. Or is it\n   the cable?\n\n## Run it\n\n{{#predicted 2}}\n\n{{#predicted 1}}\n"
    ));
}
