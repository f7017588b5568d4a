//! Transcripts: what is read from a chapter's file, what is put into it, and
//! what matches.

use lab::matching::{Prefix, bless, difference, matches, prefix};
use lab::transcript::{Block, Kind, Step, Transcript, rewrite};
use proptest::prelude::*;

const CHAPTER: &str = "\
# Title

## A heading

```console ipv6
left$ ch01 -v &
tun0: up
left$ ping -c 1 \\
  192.168.0.2
PING [..]
...
rtt [..]
```

```sh
## not a heading
left$ not a step
```

````
```console
left$ neither
```
````

### Another

```console exercise=06-1 ignore=\"two reasons, with spaces\"
nothing to see
```
```console
left$ fg %1
ch01 -v
^C
packets: 1
host$ ls
```
";

fn texts(block: &Block) -> Vec<&str> {
    let headings = block.headings.iter();
    headings.map(|heading| heading.text.as_str()).collect()
}

#[test]
fn a_heading_has_commands_under_it() {
    let block = "```console\nleft$ true\n```\n";
    let text = format!(
        "# Title\n## Predict\n### Twice\n## Run it\n### First\n{block}### Second\n{block}\
         ### Aside\n## Try\n#hash\n{block}"
    );
    let transcript = Transcript::parse(&text).unwrap();
    let headings: Vec<_> = transcript.blocks.iter().map(texts).collect();
    assert_eq!(
        headings,
        [vec!["Run it", "First"], vec!["Second"], vec!["Try"]]
    );
}

#[test]
fn a_chapter_in_blocks_and_steps() {
    let transcript = Transcript::parse(CHAPTER).unwrap();
    let [first, ignored, last] = &transcript.blocks[..] else {
        panic!("{transcript:?}");
    };
    assert!(transcript.ipv6() && transcript.uses_machine());
    assert_eq!((first.line, ignored.line, last.line), (5, 28, 31));
    assert_eq!(texts(first), ["A heading"]);
    assert_eq!(texts(ignored), ["Another"]);
    assert_eq!(
        ignored.kind,
        Kind::Ignore("two reasons, with spaces".to_owned())
    );
    let [start, ping] = &first.steps[..] else {
        panic!("{first:?}");
    };
    assert!(start.background && start.command == "ch01 -v");
    assert_eq!(start.before, ["tun0: up"]);
    assert_eq!((start.line, start.output.clone()), (6, 6..7));
    assert_eq!(ping.command, "ping -c 1 \\\n  192.168.0.2");
    assert_eq!((ping.line, ping.output.clone()), (8, 9..12));
    let [fg, ls] = &last.steps[..] else {
        panic!("{last:?}");
    };
    assert_eq!(fg.before, ["ch01 -v"]);
    assert_eq!(fg.after.as_deref(), Some(&["packets: 1".to_owned()][..]));
    assert!(ls.host == "host" && ls.before.is_empty());
}

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

/// Lines that parsers meet, and others.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("```console".to_owned()),
        Just("```".to_owned()),
        Just("````".to_owned()),
        Just("left$ ls".to_owned()),
        Just("right$ ch06 &".to_owned()),
        Just("left$ echo \\".to_owned()),
        Just("left$ fg".to_owned()),
        Just("^C".to_owned()),
        Just("...".to_owned()),
        Just("a [..] b\r".to_owned()),
        Just("## heading".to_owned()),
        Just("output".to_owned()),
        "(```console )?[a-z0-9=\" -]{0,12}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn parsing_never_panics(lines in prop::collection::vec(line(), 0..30)) {
        let _ = Transcript::parse(&lines.join("\n"));
    }

    /// A step's output put in the place of itself leaves the file as it is, and
    /// other output is found there again.
    #[test]
    fn rewriting(
        before in prop::collection::vec("[a-z]{1,9}", 0..4),
        new in prop::collection::vec("[a-z]{1,9}", 0..4),
        command in "[a-z]{1,9}( &)?",
        around in "[a-z\n ]{0,20}",
    ) {
        let printed: String = before.iter().map(|line| format!("{line}\n")).collect();
        let text = format!(
            "{around}\n```console\nleft$ {command}\n{printed}right$ ls\n[..] a\n```\n{around}"
        );
        let transcript = Transcript::parse(&text).unwrap();
        let steps = || transcript.blocks[0].steps.iter();
        let same: Vec<_> = steps()
            .map(|it| (it.output.clone(), Step::printed(&it.before, it.after.as_deref())))
            .collect();
        prop_assert_eq!(&rewrite(&text, &same), &text);
        prop_assert_eq!(&rewrite(&text, &[]), &text);

        let changed = rewrite(&text, &[(same[0].0.clone(), new.clone())]);
        let again = Transcript::parse(&changed).unwrap();
        prop_assert_eq!(&again.blocks[0].steps[0].before, &new);
        prop_assert_eq!(&again.blocks[0].steps[1].before, &["[..] a"]);
    }

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
