//! What is read from a chapter's file, and what is put into it.

use proptest::prelude::*;

use super::{Block, Kind, Step, Transcript, rewrite};

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
            .map(|step| {
 let printed = Step::printed(&step.before, step.after.as_deref());
 (step.output.clone(), printed)
})
            .collect();
        prop_assert_eq!(&rewrite(&text, &same), &text);
        prop_assert_eq!(&rewrite(&text, &[]), &text);

        let changed = rewrite(&text, &[(same[0].0.clone(), new.clone())]);
        let again = Transcript::parse(&changed).unwrap();
        prop_assert_eq!(&again.blocks[0].steps[0].before, &new);
        prop_assert_eq!(&again.blocks[0].steps[1].before, &["[..] a"]);
    }
}
