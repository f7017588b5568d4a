//! The hosts' shells, and that nothing in them outlives the chapter.

use std::fs;

use support::{
    PING, Program, apply, eventually, lab_without_book, program, temporary, test_in_lab,
};

use super::Book;

#[apply(test_in_lab)]
fn state_and_job_control() {
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

#[apply(test_in_lab)]
fn background_output_is_kept_for_fg() {
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

#[apply(test_in_lab)]
#[needs(PING)]
fn ctrl_c_ends_a_ping() {
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
    .says("chapter 20: 1 block, 2 commands");
}

#[apply(test_in_lab)]
fn nothing_is_left_after_ctrl_c_or_a_failure() {
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
    let lines =
        processes.filter_map(|process| fs::read(process.unwrap().path().join("cmdline")).ok());
    let sleep = format!("sleep\0{token}\0");
    lines.filter(|line| line == sleep.as_bytes()).count()
}

#[apply(test_in_lab)]
fn host_is_the_machine() {
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
