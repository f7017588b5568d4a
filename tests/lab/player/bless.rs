//! What `bless` puts into a book, and into its captures.

use std::fs;
use std::time::Duration;

use ip_over_udp::capture;
use support::{apply, test_in_lab};

use super::Book;

#[apply(test_in_lab)]
fn keeps_wildcards() {
    let text = |first: &str, last: &str| {
        format!(
            "# Title\r\n\n````console\nleft$ echo 1 $$; echo b; seq 5; echo end $$\n{first}\
             ...\n5\nend [..]\n````\n\nText.  \n\n```console\nright$ cat &\nright$ echo two\n{last}```\nno end of line"
        )
    };
    let book = Book::of(&text("1 [..]\nwrong\n1\n", ""));
    book.lab(&["bless", "20"])
        .code(0)
        .says("ch20-title.md:3: new output of 1 command")
        .says("ch20-title.md:15: new output of 1 command");
    assert_eq!(book.text(), text("1 [..]\nb\n1\n", "two\n"));
    book.lab(&["bless", "20"])
        .code(0)
        .says("ch20-title.md: no difference");
    assert_eq!(book.text(), text("1 [..]\nb\n1\n", "two\n"));
    book.check().code(0);
}

#[apply(test_in_lab)]
fn leaves_exercises_and_ignored_blocks_alone() {
    let text = "```console exercise=20-1\nleft$ echo no\nyes\n```\n\n\
                ```console ignore=\"needs a second machine\"\nanything\n```\n\n\
                ```console\nleft$ echo yes\nyes\n```\n";
    let book = Book::of(text);
    book.lab(&["bless", "20"]).code(0);
    assert_eq!(book.text(), text);
    book.check()
        .code(0)
        .says("1 block, 1 command, 1 line compared, 1 ignored")
        .says("ch20-title.md:6: ignored: needs a second machine");
}

#[apply(test_in_lab)]
fn refuses_output_that_reads_like_a_command() {
    let book = Book::new("left$ echo 'left$ rm'");
    let before = book.text();
    book.lab(&["bless", "20"])
        .code(2)
        .says("a command printed a line that would be read as a prompt, as ^C or as");
    assert_eq!(book.text(), before);
}

#[apply(test_in_lab)]
fn captures_are_compared_too() {
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

#[apply(test_in_lab)]
fn captures_are_from_a_play_that_waits_for_no_new_output() {
    let book = Book::new(
        "left$ echo 1 > /dev/udp/203.0.113.2/9\n\
         left$ sleep 2 &\n\
         left$ echo 2 > /dev/udp/203.0.113.2/9",
    );
    book.lab(&["bless", "20"]).code(0).says("new captures");
    let packets = capture::read(&book.reference("left-eth0.pcap")).unwrap();
    let sent: Vec<_> = packets
        .iter()
        .filter(|packet| packet.data.ends_with(b"1\n") || packet.data.ends_with(b"2\n"))
        .map(|packet| packet.time)
        .collect();
    let between = *sent.last().unwrap() - sent[0];
    assert!(between > Duration::ZERO, "{sent:?}");
    assert!(between < Duration::from_secs(1), "{between:?}");
}

#[apply(test_in_lab)]
fn captures_that_differ_only_in_times_are_replaced_on_request() {
    let book = Book::new("left$ echo 1 > /dev/udp/203.0.113.2/9");
    let bytes = || fs::read(book.reference("left-eth0.pcap")).unwrap();
    book.lab(&["bless", "20"]).code(0).says("new captures");
    let first = bytes();
    book.lab(&["bless", "20", "--only", "captures"])
        .code(0)
        .says("captures/ch20: no difference");
    assert_eq!(bytes(), first);
    book.lab(&["bless", "20", "--only", "captures", "--times"])
        .code(0)
        .says("captures/ch20: new captures");
    assert_ne!(bytes(), first);
    book.check().code(0);
}

#[apply(test_in_lab)]
fn rewrites_only_what_is_asked_for() {
    let book = Book::new("left$ echo 1 > /dev/udp/203.0.113.2/9; echo new\nold");
    let before = book.text();
    book.lab(&["bless", "20", "--only", "captures"])
        .code(0)
        .says("new captures")
        .says("ch20-title.md: 1 command printed something else than the book says");
    assert_eq!(book.text(), before);
    fs::remove_dir_all(book.reference("")).unwrap();
    book.lab(&["bless", "20", "--only", "blocks"])
        .code(0)
        .says("new output of 1 command");
    assert_ne!(book.text(), before);
    assert!(!book.reference("").exists());
}

#[apply(test_in_lab)]
fn names_the_output_that_changes_from_play_to_play() {
    let book = Book::new("left$ date +%N");
    book.lab(&["bless", "20"])
        .code(0)
        .says("new output of 1 command")
        .says("1 command printed something else than the book says");
}
