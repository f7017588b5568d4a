//! Directives and blocks of code that are refused, with file and line.

use crate::fixture::one_problem_on_a_page;

#[test]
fn pasted_rust() {
    one_problem_on_a_page("```rust\nfn main() {}\n```", "12: Rust code is not pasted");
}

#[test]
fn pasted_rust_with_attributes() {
    one_problem_on_a_page(
        "```rust,ignore\nfn main() {}\n```",
        "12: Rust code is not pasted",
    );
}

#[test]
fn pasted_rust_in_a_list() {
    one_problem_on_a_page(
        "- one\n\n  ```rs\n  fn main() {}\n  ```",
        "14: Rust code is not pasted",
    );
}

#[test]
fn pasted_rust_in_a_quotation() {
    one_problem_on_a_page(
        "> ```rust\n> fn main() {}\n> ```",
        "12: Rust code is not pasted",
    );
}

#[test]
fn block_never_closed() {
    one_problem_on_a_page(
        "```text\nnever closed",
        "12: this block of code is never closed",
    );
}

#[test]
fn listing_of_a_missing_file() {
    one_problem_on_a_page(
        "{{#listing src/none.rs}}",
        "12: {{#listing}}: cannot read src/none.rs",
    );
}

#[test]
fn listing_of_a_missing_anchor() {
    one_problem_on_a_page(
        "{{#listing src/code.rs question}}",
        "12: {{#listing}}: src/code.rs: it has no anchor question; its anchors are answer, inner",
    );
}

#[test]
fn listing_from_outside_the_tree() {
    one_problem_on_a_page(
        "{{#listing ../code.rs}}",
        "12: {{#listing}}: ../code.rs is not a path from the root",
    );
}

#[test]
fn listing_without_arguments() {
    one_problem_on_a_page("{{#listing}}", "12: {{#listing}}: it takes a file");
}

#[test]
fn unknown() {
    one_problem_on_a_page(
        "{{#lsting src/code.rs}}",
        "12: {{#lsting}}: there is no such directive",
    );
}

#[test]
fn include_of_mdbook() {
    one_problem_on_a_page(
        "{{#include ../../src/code.rs}}",
        "12: {{#include}}: use {{#listing",
    );
}

#[test]
fn playground_of_mdbook() {
    one_problem_on_a_page(
        "{{#playground a.rs}}",
        "12: {{#playground}}: use {{#listing",
    );
}

#[test]
fn rustdoc_include_of_mdbook() {
    one_problem_on_a_page(
        "{{#rustdoc_include a.rs}}",
        "12: {{#rustdoc_include}}: use {{#listing",
    );
}

#[test]
fn not_alone_in_its_line() {
    one_problem_on_a_page(
        "Here: {{#doctor}}",
        "12: a directive must be alone on its line",
    );
}

#[test]
fn in_a_block() {
    one_problem_on_a_page(
        "```text\n{{#doctor}}\n```",
        "13: a directive inside a block of code",
    );
}

#[test]
fn changes_to_a_missing_program() {
    one_problem_on_a_page(
        "{{#changes ch01 ch09}}",
        "12: {{#changes}}: there is no program chapters/ch09_*",
    );
}

#[test]
fn solution_of_no_exercise() {
    one_problem_on_a_page(
        "{{#solution ../02-1}}",
        "12: {{#solution}}: it takes an exercise",
    );
}

#[test]
fn solution_that_is_missing() {
    one_problem_on_a_page(
        "{{#solution 02-9}}",
        "12: {{#solution}}: cannot read chapters/solutions/02-9.patch",
    );
}

#[test]
fn packet_of_a_missing_capture() {
    one_problem_on_a_page(
        "{{#packet captures/none.pcap 1 \"a\"}}",
        "12: {{#packet}}: ",
    );
}

#[test]
fn packets_of_a_missing_capture() {
    one_problem_on_a_page("{{#packets captures/none.pcap 1..2}}", "12: {{#packets}}: ");
}

#[test]
fn journey_of_a_missing_capture() {
    one_problem_on_a_page(
        "{{#journey captures/none.pcapng 1 \"a\"}}",
        "12: {{#journey}}: ",
    );
}

#[test]
fn prediction_on_a_page_without_any() {
    one_problem_on_a_page(
        "{{#predicted 1}}",
        "12: {{#predicted}}: this page has no numbered list under \"## Predict\"",
    );
}

#[test]
fn prediction_that_is_not_there() {
    one_problem_on_a_page(
        "## Predict\n\n1. Is it?\n\n## Run\n\n{{#predicted 1}}\n\n{{#predicted 2}}",
        "20: {{#predicted}}: \"2\" is not one of the 1 predictions of this page",
    );
}

#[test]
fn prediction_answered_twice() {
    one_problem_on_a_page(
        "## Predict\n\n1. Is it?\n\n## Run\n\n{{#predicted 1}}\n\n{{#predicted 1}}",
        "20: {{#predicted}}: prediction 1 is answered twice on this page",
    );
}

#[test]
fn prediction_without_an_answer() {
    one_problem_on_a_page(
        "## Predict\n\n1. Is it?\n2. Or is it?\n\n## Run\n\n{{#predicted 1}}",
        "1: prediction 2 has no answer on this page",
    );
}

#[test]
fn minutes_of_a_missing_page() {
    one_problem_on_a_page(
        "It takes {{#minutes ch09.md}} minutes.",
        "12: {{#minutes}}: cannot read book/src/ch09.md",
    );
}
