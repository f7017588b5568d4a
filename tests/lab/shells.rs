//! Shells on the hosts: what they join, what they find there, how they end.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use ip_over_udp::capture;
use support::{
    Lab, PING, Program, SCRIPT, Terminal, apply, as_user, lab, run, temporary, test_in_lab,
};

#[apply(test_in_lab)]
fn a_lab_of_its_own_and_an_exit_code() {
    let base = temporary("shell");
    let shell = |command: &str| {
        let mut shell = lab();
        shell
            .arg("--out")
            .arg(&base)
            .args(["shell", "right", "--", "sh", "-c", command]);
        run(&mut shell)
    };
    shell("exit 0").code(0);
    shell("exit 7").code(7);
    shell("kill -TERM $$").code(128 + 15);
    let mut missing = lab();
    missing
        .arg("--out")
        .arg(&base)
        .args(["shell", "right", "--", "no-such-program"]);
    run(&mut missing)
        .code(1)
        .says("cannot run no-such-program: No such file");

    // Without a command and without a terminal: a script on standard input.
    let mut script = lab();
    script
        .arg("--out")
        .arg(&base)
        .args(["shell", "right"])
        .stdin(Stdio::piped());
    script.stdout(Stdio::piped());
    let mut child = script.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"hostname\nip -br address\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("right\n") && text.contains("203.0.113.2/24"),
        "{text}"
    );
    fs::remove_dir_all(base).unwrap();
}

#[apply(test_in_lab)]
fn the_lab_waits_for_guests() {
    let base = temporary("guests");
    let shell = |command: &str| {
        let mut shell = lab();
        shell
            .arg("--out")
            .arg(&base)
            .args(["shell", "left", "--", "sh", "-c", command]);
        Program::start(&mut shell)
    };
    let owner = shell("echo owner; sleep 1").until("owner");
    let guest = shell("ip link set lo down && echo guest; sleep 3; ip -br link").until("guest");
    owner
        .wait()
        .code(0)
        .says("another terminal has a shell in this lab");
    guest.wait().code(0).says("eth0");
    fs::remove_dir_all(base).unwrap();
}

#[apply(test_in_lab)]
#[needs(SCRIPT)]
fn a_prompt_job_control_and_the_programs() {
    let lab = Lab::up();
    let mut shell = Terminal::start(&lab.base, "shell left");
    for (line, expected) in [
        (
            "ch03 --addr 192.168.0.1/24 &",
            "tun0: 192.168.0.1/24, mtu 1500, up",
        ),
        ("jobs", "[1]+  Running"),
        ("kill -INT %1; wait", "requests: 0 answered"),
    ] {
        shell.line(line);
        shell = shell.until(expected);
    }
    shell.line("exit 3");
    let done = shell.wait();
    done.code(3).says("left$ ").lacks("no job control");
}

#[apply(test_in_lab)]
#[needs(SCRIPT)]
fn join_the_lab_that_is_up() {
    let base = temporary("joins");
    let book = base.join("book");
    fs::create_dir(&book).unwrap();
    let chapter = "```console\nleft$ echo playing; sleep 300\nplaying\n```\n";
    fs::write(book.join("ch20-long.md"), chapter).unwrap();
    let start = |words: &[&str]| {
        let mut lab = support::lab_without_book();
        lab.arg("--out").arg(&base).arg("--book").arg(&book);
        Program::start(lab.args(["--limit", "600"]).args(words))
    };

    // What is typed before would be echoed into its first line.
    let joined = || Terminal::start(&base, "shell left").until("this is left in the lab of");

    // A chapter's lab alone: it is joined, and takes the shell with it.
    let chapter = start(&["20"]).until("playing");
    let mut shell = joined();
    shell.line("echo here $((40 + 2))");
    let shell = shell.until("here 42");
    chapter.stop().code(130);
    let done = shell.wait();
    done.says("this is left in the lab of")
        .says("/20, which ends with the command");
    done.says("/20 has ended, and this shell with it").code(137);

    // Beside one that is up, it is not, even if it was started later.
    let up = start(&["up"]).until("Ctrl-C ends the lab");
    let chapter = start(&["20"]).until("playing");
    let mut shell = joined();
    shell.line("echo here $((40 + 2))");
    let mut shell = shell.until("here 42");
    chapter.stop().code(130);
    shell.line("echo still $((40 + 2))");
    let mut shell = shell.until("still 42");
    shell.line("exit");
    shell.wait().code(0).says("/up").lacks("which ends with");
    up.stop().code(130);
    fs::remove_dir_all(base).unwrap();
}

#[apply(test_in_lab)]
#[needs(SCRIPT)]
fn go_on_when_suspended() {
    for owner in [true, false] {
        let lab = (!owner).then(Lab::up);
        let base = lab
            .as_ref()
            .map_or_else(|| temporary("suspended"), |lab| lab.base.clone());
        let mut shell = Terminal::start(&base, "shell left");
        shell.line("suspend");
        let mut shell = shell.until("cannot be suspended");
        shell.line("echo still $((40 + 2))");
        let mut shell = shell.until("still 42");
        shell.line("exit 4");
        shell.wait().code(4);
        drop(lab);
        let _ = fs::remove_dir_all(base);
    }
}

#[apply(test_in_lab)]
fn no_lab_inside_a_lab() {
    let lab = Lab::up();
    for words in ["", "06", "up", "shell right"] {
        let done = lab.run("left", &format!("lab {words}"));
        done.code(1)
            .says("this is a shell of the lab already, on the host left")
            .says("exit");
    }
}

#[apply(test_in_lab)]
#[needs(PING)]
fn a_readers_file_stays() {
    let base = temporary("readers");
    let run_shell = |script: &str| {
        let mut shell = lab();
        shell.arg("--out").arg(&base).args(["shell", "left"]);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = shell.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(script.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let folder = base.join("shell");
    run_shell("ping -c 1 right\n");
    let file = |name| folder.join(name);
    run(as_user("cp").args([file("left-eth0.pcap"), file("my-evidence.pcap")])).code(0);
    let before = fs::read(file("left-eth0.pcap")).unwrap();
    run_shell("ch04 --peer 203.0.113.2:9876 x\n");
    assert_eq!(fs::read(folder.join("my-evidence.pcap")).unwrap(), before);
    // What the lab made is made anew.
    let now = capture::read(&folder.join("left-eth0.pcap")).unwrap();
    assert!(now[0].info().contains("UDP"), "{}", now[0].info());
    assert!(!folder.join("left-eth0-2.pcap").exists());
    fs::remove_dir_all(base).unwrap();
}
