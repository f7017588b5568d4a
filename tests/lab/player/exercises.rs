//! An exercise, and the evidence where it is not done.

use support::{PING, apply, test_in_lab};

use super::Book;

#[apply(test_in_lab)]
fn up_to_the_first_difference() {
    let before = "```console\nleft$ echo played\nplayed\n```\n\n## Exercises\n\n### 20-1 One\n";
    let hint = "<details><summary>Hint</summary>\n\nThink.\n\n</details>\n";
    let exercise = |lines: &str| {
        let block = format!("```console exercise=20-1\n{lines}\n```\n");
        Book::of(&format!("{before}\n{block}\n{block}\n{hint}"))
    };
    let book = exercise("left$ echo a\n[..]\nleft$ echo b\nb");
    book.lab(&["exercise", "20"])
        .code(2)
        .says("written only as wildcards");
    let book = exercise("left$ echo a\na\nleft$ sleep 100");
    let done = book.lab(&["exercise", "20", "--hint"]);
    done.code(1)
        .says("20-1 One: not yet\n")
        .says("`sleep 100` on left: it does not end")
        .says("  captures: ")
        .says("  hint 1 of 1: Think.\n");
    let book = exercise("left$ echo a\na");
    book.lab(&["exercise", "20-1"])
        .code(0)
        .says("20-1 One: done\n");
    // Both blocks are played, in one lab and in order.
    let book = exercise("left$ X=$X+; echo $X\n+");
    book.lab(&["exercise", "20"])
        .code(1)
        .says("    expected:  +\n    got:       ++\n");
    for (wrong, says) in [
        ("### 20-1 One", "there is no heading \"### 20-1 ...\""),
        ("<summary>Hint", "it has no hint"),
        ("exercise=20-1", "the next exercise here must be 20-1"),
    ] {
        let book = exercise("left$ echo a\na");
        book.write(
            "ch20-title.md",
            &book.text().replace(wrong, "exercise=20-2"),
        );
        book.lab(&["exercise", "20"]).code(2).says(says);
    }
}

/// When each line came, and the packets: of the program and of the ping that
/// differ, and of nothing else.
#[apply(test_in_lab)]
#[needs(PING)]
fn not_done_has_evidence() {
    let exercise = |lines: &str| {
        let played = "```console\nleft$ echo played\nplayed\n```\n\n## Exercises\n\n### 20-1 One\n";
        let hint = "<details><summary>Hint</summary>\n\nThink.\n\n</details>\n";
        let text = format!("{played}\n```console exercise=20-1\n{lines}\n```\n\n{hint}");
        Book::of(&text).lab(&["exercise", "20"])
    };
    let done = exercise(
        "left$ sh -c 'echo one; sleep 1; echo two; sleep 60' &
one
left$ sleep 2
left$ fg
sh -c 'echo one; sleep 1; echo two; sleep 60'
2
^C",
    );
    done.code(1).says("\n    got:       two\n");
    let seconds = |what: &str| -> f64 {
        let lines = done.output.lines().filter_map(|line| {
            let (time, what) = line.trim().split_once(' ')?;
            Some((time.parse().ok()?, what.trim()))
        });
        let mut found = lines.filter(|(_, line)| *line == what);
        let time = found.next().map(|(time, _)| time);
        time.unwrap_or_else(|| panic!("no time of {what:?} in:\n{}", done.output))
    };
    // It was noted when it came, and not when somebody asked for it.
    assert!(seconds("left$ sleep 2") + 0.8 < seconds("two"));
    assert!(seconds("two") + 0.5 < seconds("left$ fg"));
    done.lacks("the last packets");

    let done = exercise(
        "left$ ch03 --addr 192.168.0.1/24 --flip &
tun0: 192.168.0.1/24, mtu 1500, up
left$ ping -c 9 -i 0.1 -W 1 192.168.0.2 >/dev/null
right$ ping -c 1 -W 1 left >/dev/null
left$ ping -q -c 1 -W 1 192.168.0.2 | grep -o '. received'
1 received",
    );
    done.code(1)
        .lacks("when it happened")
        .says("the last packets at the interfaces of left:\n")
        .says(" tun0: 192.168.0.2 > 192.168.0.1 ICMP echo reply, ")
        .says(" wrong checksum");
    // Those of the step alone.
    assert_eq!(done.output.matches(" ICMP ").count(), 2, "{}", done.output);
    let evidence = done
        .output
        .lines()
        .skip_while(|line| !line.contains("the last"));
    let wide = evidence.filter(|line| line.len() > 80 && !line.contains("captures: "));
    assert_eq!(wide.count(), 0, "{}", done.output);

    let done = exercise("left$ ch03 --nonsense &\ntun0: 192.168.0.1/24, mtu 1500, up");
    done.code(1)
        .lacks("when it happened")
        .lacks("the last packets");
}
