//! The player, with little books: what it takes for a difference, what it
//! leaves alone, and what it says of a book that cannot be played.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lifecycle::eventually;
use crate::support::{self, Done, Program, lab, lab_without_book, program, run, temporary};
use crate::{Need, PING, Test};

pub const TESTS: &[Test] = &[
    Test {
        name: "player: a digit that differs",
        needs: &[Need::Lab],
        run: a_digit,
    },
    Test {
        name: "player: a line under & that does not come",
        needs: &[Need::Lab],
        run: a_missing_line,
    },
    Test {
        name: "player: a program that died is named where something differs",
        needs: &[Need::Lab],
        run: a_death,
    },
    Test {
        name: "player: an exercise, up to its first difference",
        needs: &[Need::Lab],
        run: an_exercise,
    },
    Test {
        name: "player: an exercise that is not done has evidence",
        needs: &[Need::Lab, PING],
        run: evidence,
    },
    Test {
        name: "player: a command that hangs, and one that ignores Ctrl-C",
        needs: &[Need::Lab],
        run: a_hang,
    },
    Test {
        name: "player: the shells have state and job control",
        needs: &[Need::Lab],
        run: job_control,
    },
    Test {
        name: "player: what runs in the background is kept for fg",
        needs: &[Need::Lab],
        run: kept_for_fg,
    },
    Test {
        name: "player: Ctrl-C ends a ping",
        needs: &[Need::Lab, PING],
        run: interrupted,
    },
    Test {
        name: "player: bless keeps wildcards, and has nothing to do the second time",
        needs: &[Need::Lab],
        run: blessed,
    },
    Test {
        name: "player: bless leaves exercises and ignored blocks alone",
        needs: &[Need::Lab],
        run: not_blessed,
    },
    Test {
        name: "player: bless refuses output that reads like a command",
        needs: &[Need::Lab],
        run: refused,
    },
    Test {
        name: "player: commands to copy",
        needs: &[Need::Lab],
        run: commands_to_copy,
    },
    Test {
        name: "player: captures are compared too",
        needs: &[Need::Lab],
        run: captures,
    },
    Test {
        name: "player: much output, and output that is no text",
        needs: &[Need::Lab],
        run: odd_output,
    },
    Test {
        name: "player: the end of a shell, and a program that is missing",
        needs: &[Need::Lab],
        run: no_more,
    },
    Test {
        name: "player: nothing is left after Ctrl-C, or a failure",
        needs: &[Need::Lab],
        run: nothing_is_left,
    },
    Test {
        name: "player: host is the machine, and can have a lab of its own",
        needs: &[Need::Lab],
        run: the_machine,
    },
    Test {
        name: "player: all chapters, and the worst of their exit codes",
        needs: &[Need::Lab],
        run: all_chapters,
    },
    Test {
        name: "player: cargo lab shows what comes",
        needs: &[Need::Lab],
        run: shown,
    },
    Test {
        name: "player: malformed blocks are told by file and line",
        needs: &[],
        run: malformed,
    },
    Test {
        name: "player: no such chapter, no book, a shell inside the lab",
        needs: &[],
        run: no_such_chapter,
    },
];

/// A book of one chapter, number 20, gone when it is dropped.
struct Book(PathBuf);

impl Book {
    /// The chapter has one block with these lines, from line 4 on.
    fn new(lines: &str) -> Book {
        Book::of(&format!("# Title\n\n```console\n{lines}\n```\n"))
    }

    fn of(text: &str) -> Book {
        let book = Book(temporary("book"));
        book.write("ch20-title.md", text);
        book
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).unwrap();
        if let Some(user) = support::user() {
            let ids = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
            std::os::unix::fs::chown(self.0.join(file), ids.0, ids.1).unwrap();
        }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.join("ch20-title.md")).unwrap()
    }

    /// Where the captures go: a path that has to be quoted.
    fn out(&self) -> PathBuf {
        self.0.join("it's mine")
    }

    #[track_caller]
    fn lab(&self, arguments: &[&str]) -> Done {
        let mut lab = lab_without_book();
        lab.arg("--book").arg(&self.0);
        lab.arg("--captures").arg(self.0.join("captures"));
        lab.arg("--out").arg(self.out());
        let done = run(lab.args(["--limit", "3"]).args(arguments));
        let output = self.out().join("20/.output");
        assert!(!output.exists(), "left behind: {}", output.display());
        done
    }

    #[track_caller]
    fn check(&self) -> Done {
        self.lab(&["check", "20"])
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn a_digit() {
    let book =
        Book::new("left$ echo one; echo two 2; echo three\none\ntwo 3\nthree\nleft$ echo on\non");
    book.check()
        .code(1)
        .says("ch20-title.md:6: left$ echo one")
        .says("  expected:  two 3\n  got:       two 2\n")
        .says("chapter 20: 1 blocks, 2 commands, 4 lines compared")
        .says("chapter 20: 1 difference\n");
    // Lines that are missing, and lines too many.
    let book = Book::new("left$ echo one\none\ntwo\nleft$ seq 3\n1\n2");
    book.check()
        .code(1)
        .says("ch20-title.md:6: left$ echo one")
        .says("  expected:  two\n  got:       (nothing)\n")
        .says("ch20-title.md:9: left$ seq 3")
        .says("  expected:  (nothing)\n  got:       3\n")
        .says("chapter 20: 2 differences");
    // Blanks at the ends of lines do not count; wildcards do.
    let book = Book::new("left$ echo 'one  '; seq 9; echo abc\none\n...\n8\n9\na[..]c");
    book.check().code(0);
}

fn a_missing_line() {
    let book = Book::new("left$ sh -c 'echo one; exec sleep 100' &\none\ntwo\nleft$ echo on\noff");
    book.check()
        .code(1)
        .says("ch20-title.md:6: left$ sh -c")
        .says("waited 3s for the line: two")
        .says("ch20-title.md:8: left$ echo on");
}

fn a_death() {
    let dies = "left$ sh -c 'echo ready; sleep 0.1; echo the reason' &\nready\nleft$ sleep 0.3";
    let book = Book::new(&format!("{dies}\nright$ echo off\non"));
    book.check()
        .code(1)
        .says("ch20-title.md:8: right$ echo off")
        .says("  it had ended by then: left$ sh -c 'echo ready; sleep 0.1; echo the reason' &\n")
        .says("    the reason\n");
    // A death that takes its time is waited for, where the book has it.
    let slow = "left$ sh -c 'sleep 0.5; echo the reason' &\nleft$ fg\n";
    let book = Book::new(&format!("{slow}bash: fg: job has terminated\nthe reason"));
    book.check().code(0);
    // As long as nothing differs, it is the book's own affair.
    let book = Book::new(&format!("{dies}\nright$ echo on\non"));
    let done = book.check();
    done.code(0);
    assert!(!done.output.contains("reason"), "{}", done.output);
}

fn an_exercise() {
    let before = "```console\nleft$ echo played\nplayed\n```\n\n## Exercises\n\n### 20-1 One\n";
    let hint = "<details><summary>Hint</summary>\n\nThink.\n\n</details>\n";
    let exercise = |lines: &str| {
        let block = format!("```console exercise=20-1\n{lines}\n```\n");
        Book::of(&format!("{before}\n{block}\n{block}\n{hint}"))
    };
    let book = exercise("left$ echo a\n[..]\nleft$ echo b\nb");
    book.lab(&["exercise", "20"])
        .code(2)
        .says("nothing but wildcards");
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
        ("exercise=20-1", "the next one here is 20-1"),
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
fn evidence() {
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

fn a_hang() {
    let book = Book::new("left$ echo so far; sleep 100\nso far\nat last");
    book.check()
        .code(2)
        .says("ch20-title.md:4: `echo so far; sleep 100` on left: it does not end")
        .says("waited 3s for the line: at last")
        .says("it had printed:\n    so far");
    let book = Book::new("left$ sh -c 'trap : INT; echo one; while :; do sleep 1; done'\none\n^C");
    book.check()
        .code(2)
        .says("ch20-title.md:4:")
        .says("waited 3s for its end");
    let book = Book::new("right$ sleep 100 &\nright$ fg\nsleep 100");
    book.check().code(2).says("ch20-title.md:5: `fg` on right");
}

fn job_control() {
    Book::new(
        "left$ cd /; x=5
left$ echo $x $PWD; false
5 /
left$ echo $?
1
right$ echo \"x is $x\"
x is
left$ sleep 71 &
left$ sleep 72 &
left$ test -n \"$!\" && jobs
[1]-  Running                 sleep 71 &
[2]+  Running                 sleep 72 &
left$ fg %1
sleep 71
^C
left$ echo $?
130
left$ fg
sleep 72
^C
left$ fg
bash: fg: current: no such job
left$ sleep 73 &
left$ kill %1; wait %1; echo $?
[1]+  Terminated              sleep 73
143
left$ echo one \\
  two
one two
left$ cd /nowhere
bash: cd: /nowhere: No such file or directory
internet$ hostname
internet",
    )
    .check()
    .code(0);
}

fn kept_for_fg() {
    Book::new(
        "left$ sh -c 'echo one; sleep 0.2; echo two; trap \"echo end; exit\" INT; sleep 9 & wait' &
one
left$ sleep 0.6
left$ echo not mixed
not mixed
left$ fg
sh -c 'echo one; sleep 0.2; echo two; trap \"echo end; exit\" INT; sleep 9 & wait'
two
^C
end
left$ sh -c 'sleep 0.2; echo by itself' &
left$ fg
sh -c 'sleep 0.2; echo by itself'
by itself",
    )
    .check()
    .code(0);
    // What it printed is compared, and so is what it did not.
    Book::new("left$ sh -c 'echo one; echo two; sleep 9' &\none\nleft$ fg\nsh -c[..]\n^C")
        .check()
        .code(1)
        .says("  got:       two\n");
    Book::new("left$ sleep 0.1 &\nleft$ fg\nsleep 0.1\n^C")
        .check()
        .code(0)
        .says("chapter 20");
}

fn interrupted() {
    Book::new(
        "left$ ping 127.0.0.1
PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=[..] ms
64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=[..] ms
...
^C

--- 127.0.0.1 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time [..]ms
rtt[..]
left$ jobs",
    )
    .check()
    .says("chapter 20: 1 blocks, 2 commands");
}

fn blessed() {
    let text = |first: &str, last: &str| {
        format!(
            "# Title\r\n\n````console\nleft$ echo 1 $$; echo b; seq 5; echo end $$\n{first}\
             ...\n5\nend [..]\n````\n\nText.  \n\n```console\nright$ cat &\nright$ echo two\n{last}```\nno end of line"
        )
    };
    let book = Book::of(&text("1 [..]\nwrong\n1\n", ""));
    book.lab(&["bless", "20"])
        .code(0)
        .says("ch20-title.md:3: new output of 1 commands")
        .says("ch20-title.md:15: new output of 1 commands");
    assert_eq!(book.text(), text("1 [..]\nb\n1\n", "two\n"));
    book.lab(&["bless", "20"])
        .code(0)
        .says("ch20-title.md: no difference");
    assert_eq!(book.text(), text("1 [..]\nb\n1\n", "two\n"));
    book.check().code(0);
}

fn not_blessed() {
    let text = "```console exercise=20-1\nleft$ echo no\nyes\n```\n\n\
                ```console ignore=\"needs a second machine\"\nanything\n```\n\n\
                ```console\nleft$ echo yes\nyes\n```\n";
    let book = Book::of(text);
    book.lab(&["bless", "20"]).code(0);
    assert_eq!(book.text(), text);
    book.check()
        .code(0)
        .says("1 blocks, 1 commands, 1 lines compared, 1 ignored")
        .says("ch20-title.md:6: ignored: needs a second machine");
}

fn refused() {
    let book = Book::new("left$ echo 'left$ rm'");
    let before = book.text();
    book.lab(&["bless", "20"])
        .code(2)
        .says("stays as it is: a command printed a line that would not be taken for output");
    assert_eq!(book.text(), before);
}

fn captures() {
    let book = Book::new("left$ echo 1 > /dev/udp/203.0.113.2/9");
    book.check()
        .code(1)
        .says("chapter 20 has no reference captures; cargo lab bless 20 makes them");
    book.lab(&["bless", "20"]).code(0).says("new captures");
    book.check().code(0);
    book.write(
        "ch20-title.md",
        "```console\nleft$ echo 2 > /dev/udp/203.0.113.2/9\n```\n",
    );
    book.check()
        .code(1)
        .says("captures of chapter 20, left-eth0: byte 1 of the UDP data: 0x32 in yours")
        .says(&format!(
            "  cargo lab --out \"{0}\" 20 && cargo lab --out \"{0}\" compare 20 shows more\n",
            book.out().display()
        ));
}

/// Commands that the lab prints can be copied into a shell.
fn commands_to_copy() {
    let book = Book::new("left$ echo 1 > /dev/udp/203.0.113.2/9");
    let done = book.lab(&["20"]);
    let at = done.code(0).output.find("wireshark").expect("a command");
    let words = shlex::split(&done.output[at..]).expect("words");
    let files: Vec<_> = words.iter().filter(|it| it.contains("/20/")).collect();
    assert_eq!(files.len(), 2, "{words:?}");
    for file in files {
        assert!(Path::new("/").join(file).is_file(), "{file}");
    }
}

fn odd_output() {
    Book::new(
        "left$ head -c 10000000 /dev/zero | tr '\\0' x | fold -w 100
...
xxxxxxxxxxxxxxxxxxxx[..]
left$ seq 10000
1
...
10000
left$ printf 'a\\000\\377\\033[1mb'
a\u{fffd}\u{fffd}\u{fffd}[1mb",
    )
    .check()
    .says("chapter 20: 1 blocks, 3 commands");
    Book::new("left$ yes\ny\n...\nno")
        .check()
        .code(2)
        .says("ch20-title.md:4: `yes` on left: it printed more than 16 MB");
}

fn no_more() {
    Book::new("left$ exit 3\nleft$ echo on")
        .check()
        .code(2)
        .says("ch20-title.md:4: `exit 3` on left: the shell on left has ended");
    Book::new("left$ no-such-program")
        .check()
        .code(2)
        .says(
            "ch20-title.md:4: `no-such-program` on left: bash: no-such-program: command not found",
        )
        .says("cargo lab doctor");
    Book::new("left$ no-such-program\nbash: no-such-program: command not found")
        .check()
        .code(0);
}

fn nothing_is_left() {
    let token = format!("7{}", std::process::id());
    let book = Book::new(&format!(
        "left$ sleep {token} &\nhost$ sleep {token} &\nright$ echo he''re; sleep {token}\nhere"
    ));
    book.check().code(2);
    assert_eq!(sleeping(&token), 0);

    let mut lab = lab_without_book();
    lab.arg("--book").arg(&book.0);
    lab.arg("--out").arg(book.out());
    let playing = Program::start(lab.arg("20")).until("here");
    eventually("the programs do not run", || sleeping(&token) == 3);
    playing.stop().code(130);
    assert_eq!(sleeping(&token), 0);
    assert!(!book.out().join("20/.output").exists());
    assert!(!book.out().join("20/running").exists());
}

/// How many programs of this name and number run.
fn sleeping(token: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap();
    let lines = processes.filter_map(|it| fs::read(it.unwrap().path().join("cmdline")).ok());
    let sleep = format!("sleep\0{token}\0");
    lines.filter(|line| line == sleep.as_bytes()).count()
}

fn the_machine() {
    let hostname = nix::unistd::gethostname().unwrap();
    let base = temporary("nested");
    let lab = format!(
        "{} --bin-dir {} --out {}",
        program("lab").display(),
        program("").display(),
        base.display()
    );
    Book::new(&format!(
        "host$ hostname\n{}\nhost$ {lab} shell left hostname\nleft\nhost$ sleep 100 &",
        hostname.to_str().unwrap()
    ))
    .check()
    .code(0);
    fs::remove_dir_all(base).unwrap();
}

fn all_chapters() {
    let book = Book::new("left$ echo one\none");
    book.write("ch21-more.md", "```console\nleft$ echo two\n2\n```\n");
    book.write("ch22-end.md", "```console\nright$ echo\n\n```\n");
    book.write("notes.md", "no chapter");
    book.lab(&["check"])
        .code(1)
        .says("chapter 20: 1 blocks")
        .says("ch21-more.md:3: left$ echo two")
        .says("chapter 22: 1 blocks")
        .says("3 chapters: 3 blocks, 3 commands, 3 lines compared");
    book.write("ch22-end.md", "```console\nright$ exit\n```\n");
    book.lab(&["check"]).code(2);
    book.write("ch21-other.md", "");
    book.lab(&["check"])
        .code(2)
        .says("two files for one chapter: ");
}

fn shown() {
    let text = "# Title\n\n## First\n\n```console\nleft$ echo one\n1\n```\n\n\
                ```console ignore=\"why\"\nleft$ echo no\n```\n\n## Second\n\n\
                ```console\nleft$ sh -c 'echo two; exec sleep 9' &\n2\nleft$ fg\n^C\n```\n";
    let book = Book::of(text);
    let done = book.lab(&["20"]);
    done.code(0)
        .says("\nFirst\n\nleft$ echo one\none\n\nSecond\n\nleft$ sh -c 'echo two; exec sleep 9' &\ntwo\n")
        .says("left$ fg\nsh -c 'echo two; exec sleep 9'\n^C\n");
    assert!(!done.output.contains("echo no"), "{}", done.output);
    assert_eq!(book.text(), text);
}

fn malformed() {
    for (text, words) in [
        ("```console\nmiddle$ ls\n```", "2: no such host: middle"),
        ("```console\nleft$\n```", "2: a prompt without a command"),
        ("```console\nleft$ &\n```", "2: a prompt without a command"),
        ("```console\nls\n```", "2: a block begins with a prompt"),
        (
            "\n```console\nleft$ ls",
            "2: this console block is not closed",
        ),
        ("```console\n```", "1: this console block is empty"),
        (
            "```console\nleft$ ls\n[..]\n...\n```",
            "3: nothing but wildcards",
        ),
        (
            "```console\nleft$ a &\nb\n^C\n```",
            "4: ^C under a command that runs on",
        ),
        ("```console\nleft$ a\n^C\n^C\n```", "4: a second ^C"),
        ("```console\n^C\n```", "2: a block begins with a prompt: ^C"),
        ("```console\nleft$ a \\\n```", "2: the command goes on"),
        (
            "```console\nleft$ a &\nb\n...\n```",
            "4: ... at the end under &",
        ),
        (
            "```console\nleft$ a\nb\n...\n...\n```",
            "3: two lines of ... in a row",
        ),
        (
            "```console color\nleft$ a\n```",
            "1: unknown word \"color\"",
        ),
        (
            "```console,ignore\nleft$ a\n```",
            "1: words are parted by spaces",
        ),
        (
            "```console ignore\nleft$ a\n```",
            "1: unknown word \"ignore\"",
        ),
        (
            "```console ignore=\"\"\nleft$ a\n```",
            "1: ignore needs a reason",
        ),
        (
            "```console exercise=x\nleft$ a\n```",
            "1: exercise=x: write it like",
        ),
        (
            "```console\nleft$ a\n```\n```console ipv6\nleft$ a\n```",
            "4: ipv6 is for the whole chapter",
        ),
        (
            " ```console\nleft$ a\n ```",
            "1: a console block begins with",
        ),
        ("~~~console\nleft$ a\n~~~", "1: a console block begins with"),
        ("# Title\n\nText.", "3: this chapter has no console block"),
        ("", "1: this chapter has no console block"),
    ] {
        let book = Book::of(text);
        for action in [&["check", "20"], &["bless", "20"]] {
            book.lab(action)
                .code(2)
                .says(&format!("/ch20-title.md:{words}"));
        }
        book.lab(&["20"]).code(1).says(words);
    }
}

fn no_such_chapter() {
    let book = Book::new("left$ echo");
    book.lab(&["7"])
        .code(1)
        .says("there is no chapter and no command \"7\"\n  chapters: 20\n");
    book.lab(&["check", "7"]).code(2).says("chapters: 20");
    book.lab(&["compare", "7"]).code(2).says("there are 20");
    run(lab_without_book().args(["--book", "/nowhere", "check"]))
        .code(2)
        .says("cannot read the book in /nowhere; give its folder with --book DIR");
    for arguments in [&["7"][..], &["06"], &["check"], &["bless", "06"]] {
        let done = run(lab().args(arguments).env("LAB_HOST", "left"));
        assert_ne!(done.code, Some(0));
        done.says("error: ");
    }
    run(lab().arg("06").env("LAB_HOST", "left"))
        .code(1)
        .says("this is a shell of the lab already, on the host left");
}
