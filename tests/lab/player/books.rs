//! Whole books: shown, checked, and refused where they are malformed.

use std::path::Path;

use support::{apply, lab, lab_without_book, run, test_in_lab, test_without_lab};

use super::Book;

#[apply(test_in_lab)]
fn all_chapters_and_the_worst_exit_code() {
    let book = Book::new("left$ echo one\none");
    book.write("ch21-more.md", "```console\nleft$ echo two\n2\n```\n");
    book.write("ch22-end.md", "```console\nright$ echo\n\n```\n");
    book.write("notes.md", "no chapter");
    book.lab(&["check"])
        .code(1)
        .says("chapter 20: 1 block")
        .says("ch21-more.md:3: left$ echo two")
        .says("chapter 22: 1 block")
        .says("3 chapters: 3 blocks, 3 commands, 3 lines compared");
    book.write("ch22-end.md", "```console\nright$ exit\n```\n");
    book.lab(&["check"]).code(2);
    book.write("ch21-other.md", "");
    book.lab(&["check"])
        .code(2)
        .says("two files for one chapter: ");
}

#[apply(test_in_lab)]
fn shows_what_comes() {
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

/// Commands that the lab prints can be copied into a shell.
#[apply(test_in_lab)]
fn commands_to_copy() {
    let book = Book::new("left$ echo 1 > /dev/udp/203.0.113.2/9");
    let done = book.lab(&["20"]);
    let at = done.code(0).output.find("wireshark").expect("a command");
    let words = shlex::split(&done.output[at..]).expect("words");
    let files: Vec<_> = words.iter().filter(|word| word.contains("/20/")).collect();
    // Of one interface, of all, and the page.
    assert_eq!(files.len(), 3, "{words:?}");
    for file in files {
        assert!(Path::new("/").join(file).is_file(), "{file}");
    }
}

#[apply(test_without_lab)]
fn malformed_blocks_by_file_and_line() {
    for (text, words) in [
        ("```console\nmiddle$ ls\n```", "2: there is no host middle"),
        ("```console\nleft$\n```", "2: a prompt without a command"),
        ("```console\nleft$ &\n```", "2: a prompt without a command"),
        ("```console\nls\n```", "2: a block must begin with a prompt"),
        (
            "\n```console\nleft$ ls",
            "2: this console block is not closed",
        ),
        ("```console\n```", "1: this console block is empty"),
        (
            "```console\nleft$ ls\n[..]\n...\n```",
            "3: the output of this command is written only as wildcards",
        ),
        (
            "```console\nleft$ a &\nb\n^C\n```",
            "4: ^C under a command with &",
        ),
        ("```console\nleft$ a\n^C\n^C\n```", "4: a second ^C"),
        (
            "```console\n^C\n```",
            "2: a block must begin with a prompt, not with: ^C",
        ),
        ("```console\nleft$ a \\\n```", "2: the command ends in"),
        (
            "```console\nleft$ a &\nb\n...\n```",
            "4: leave out ... at the end under &",
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
            "1: spaces are missing between the words",
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

#[apply(test_without_lab)]
fn no_such_chapter_no_book_inside_the_lab() {
    let book = Book::new("left$ echo");
    book.lab(&["7"])
        .code(1)
        .says("there is no chapter and no command \"7\"\n  chapters: 20\n");
    book.lab(&["check", "7"]).code(2).says("chapters: 20");
    book.lab(&["compare", "7"])
        .code(2)
        .says("the chapters are 20");
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
