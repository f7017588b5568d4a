//! Wildcards: what matches, what may still come, and what is blessed.

use proptest::prelude::*;

use super::{Prefix, bless, difference, matches, prefix};

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn wildcards() {
    for (expected, got, same) in [
        ("", "", true),
        ("", "one", false),
        ("a [..] c", "a b c", true),
        ("a [..] c", "a c", false),
        ("a\n...\nd", "a\nb\nc\nd", true),
        ("a\n...\nd", "a\nd", true),
        ("a\n...", "a", true),
        ("...\nd", "a\nb", false),
        ("a\n...\nd", "a\nd\ne", false),
        ("time=[..] ms", "time=0.1 ms", true),
    ] {
        let (expected, got) = (lines(expected), lines(got));
        assert_eq!(matches(&expected, &got), same, "{expected:?} {got:?}");
    }
}

#[test]
fn the_beginning_of_what_is_expected() {
    let expected = lines("one\n...\nthree [..]");
    let so_far = |text| prefix(&expected, &lines(text));
    assert!(matches!(so_far(""), Prefix::Waits(0)));
    assert!(matches!(so_far("two"), Prefix::Never(0)));
    assert!(matches!(so_far("one"), Prefix::Waits(2)));
    assert!(matches!(so_far("one\ntwo"), Prefix::Waits(2)));
    assert!(matches!(so_far("one\ntwo\nthree 3\nfour"), Prefix::Came(3)));
    assert!(matches!(prefix(&[], &lines("one")), Prefix::Came(0)));
}

#[test]
fn blessed_lines_keep_the_wildcards_around_a_change() {
    for (expected, got, blessed) in [
        ("a [..]\nb\nc [..]", "a 1\nx\nc 2", "a [..]\nx\nc [..]"),
        ("a [..]\nc [..]", "a 1\nnew\nc 2", "a [..]\nnew\nc [..]"),
        ("a [..]\nb\nc [..]", "a 1\nc 2", "a [..]\nc [..]"),
        ("a\n...\nd\ne", "a\nb\nc\nd\nf", "a\n...\nd\nf"),
        ("a [..]", "", ""),
        ("", "a\nb", "a\nb"),
        ("a\n...\nz", "a\nb", "a\nb"),
        // `...` would end too early, at the second line of three.
        ("c\n...\n[..]", "a\nc\na\na", "a\nc\na\na"),
    ] {
        assert_eq!(bless(&lines(expected), &lines(got)), lines(blessed));
    }
}

/// Would take hours if the cost grew with the square of the lines.
#[test]
fn many_lines_are_matched() {
    let got: Vec<String> = (0..100_000).map(|line| format!("line {line}")).collect();
    let changed = lines("line 0\n...\nline [..]99\n...\nline 99999\nend");
    assert!(matches(&lines("line 0\n...\nline 99999"), &got));
    assert!(!matches(&changed, &got));
    assert!(matches!(prefix(&changed, &got), Prefix::Waits(5)));
    difference(&changed, &got);
    bless(&changed, &got);
}

proptest! {
    /// Blessed once, it matches, and the second time nothing changes.
    #[test]
    fn blessed_lines_match(
        mut expected in prop::collection::vec("(a|b|c|\\[\\.\\.\\]|a\\[\\.\\.\\]|\\.\\.\\.)", 0..6),
        got in prop::collection::vec("[abc]{1,2}", 0..6),
    ) {
        expected.dedup_by(|one, other| one == "..." && other == "...");
        let blessed = bless(&expected, &got);
        prop_assert!(matches(&blessed, &got), "{blessed:?}");
        prop_assert_eq!(bless(&blessed, &got), blessed);
    }
}
