//! The command `lab compare`.

use std::fs;
use std::process::Output;

use crate::mine::Mine;

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_command_says_it_in_words_and_in_its_exit_code() {
    let mine = Mine::of("06").change("left-eth0", |packets| {
        packets.remove(2);
    });
    let output = mine.lab(&["compare", "6"]).output().unwrap();
    let said = text(output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let words = "chapter 06, left-eth0: a packet is missing: ";
    assert!(said.starts_with(words), "{said}");
    let words = "wireshark -d udp.port==9876,ip -g 3 ";
    assert!(said.contains(words), "{said}");

    let mine = Mine::of("06");
    let output = mine.lab(&["compare", "06"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let words = "chapter 06: every packet is as in the reference\n";
    assert_eq!(text(output.stdout), words);

    let output = mine.lab(&["compare", "77"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    fs::write(mine.file("left-eth0.pcap"), "no capture").unwrap();
    let output = mine.lab(&["compare", "06"]).output().unwrap();
    let said = text(output.stderr);
    assert!(said.contains("left-eth0.pcap: it is no capture"), "{said}");
}

/// Commands that it prints can be copied into a shell.
#[test]
fn what_to_type_next() {
    let mine = Mine::in_folder("06", "it's mine").change("left-eth0", |packets| {
        packets.remove(2);
    });
    let base = mine.base.to_str().unwrap();
    let Output { stdout, .. } = mine.lab(&["compare", "06"]).output().unwrap();
    let said = text(stdout);
    let command = said.lines().find(|line| line.contains("wireshark"));
    let words = shlex::split(command.unwrap()).unwrap();
    assert_eq!(
        words[1..],
        [
            "-d",
            "udp.port==9876,ip",
            "-g",
            "3",
            mine.file("left-eth0.pcap").to_str().unwrap()
        ]
    );

    let Output { status, stderr, .. } = mine.lab(&["compare", "05"]).output().unwrap();
    assert_eq!(status.code(), Some(2));
    let said = text(stderr);
    let before = "error: you have no captures of chapter 05 yet; make them with: ";
    let command = said
        .strip_prefix(before)
        .unwrap_or_else(|| panic!("{said}"));
    let words = shlex::split(command.trim_end()).unwrap();
    assert_eq!(words, ["cargo", "lab", "--out", base, "05"]);
}

#[test]
fn an_output_that_cannot_be_written_is_no_difference() {
    let mine = Mine::of("06");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = mine.lab(&["compare", "06"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = "error: cannot write to standard output: No space left on device";
    assert!(text(output.stderr).starts_with(words));

    // Nor where nobody reads it: quietly, for that is no mistake.
    let mine = mine.change("left-eth0", Vec::clear);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut lab = mine.lab(&["compare", "06"]);
    let output = lab.stdout(writer).output().unwrap();
    assert_eq!(
        (output.status.code(), text(output.stderr).as_str()),
        (Some(2), "")
    );
}
