//! What differs from the book, and what takes too long.

use support::{apply, test_in_lab};

use super::Book;

#[apply(test_in_lab)]
fn a_digit() {
    let book =
        Book::new("left$ echo one; echo two 2; echo three\none\ntwo 3\nthree\nleft$ echo on\non");
    book.check()
        .code(1)
        .says("ch20-title.md:6: left$ echo one")
        .says("  expected:  two 3\n  got:       two 2\n")
        .says("chapter 20: 1 block, 2 commands, 4 lines compared")
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

#[apply(test_in_lab)]
fn a_line_that_does_not_come() {
    let book = Book::new("left$ sh -c 'echo one; exec sleep 100' &\none\ntwo\nleft$ echo on\noff");
    book.check()
        .code(1)
        .says("ch20-title.md:6: left$ sh -c")
        .says("waited 3s for the line: two")
        .says("ch20-title.md:8: left$ echo on");
}

#[apply(test_in_lab)]
fn a_program_that_died_is_named() {
    let dies = "left$ sh -c 'echo ready; sleep 0.1; echo the reason' &\nready\nleft$ sleep 0.3";
    let book = Book::new(&format!("{dies}\nright$ echo off\non"));
    book.check()
        .code(1)
        .says("ch20-title.md:8: right$ echo off")
        .says("  a program in the background had already ended: left$ sh -c 'echo ready; sleep 0.1; echo the reason' &\n")
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

#[apply(test_in_lab)]
fn a_command_that_hangs() {
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

#[apply(test_in_lab)]
fn much_output_and_no_text() {
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
    .says("chapter 20: 1 block, 3 commands");
    Book::new("left$ yes\ny\n...\nno")
        .check()
        .code(2)
        .says("ch20-title.md:4: `yes` on left: it printed more than 16 MB");
}

#[apply(test_in_lab)]
fn a_shell_that_ended_a_program_that_is_missing() {
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
