//! The end of a lab that is asked for: at any moment, at once, quietly, with
//! nothing left.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{
    PING, Program, SCRIPT, apply, as_user, eventually, lab, processes, run, temporary, test_in_lab,
};

/// Far less than the book takes, far more than an end does.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Starts a command, sends SIGINT after this time, and waits for its end.
fn interrupted(command: &mut Command, after: Duration) -> Output {
    let (output, errors) = (Stdio::piped(), Stdio::piped());
    let mut child = command.stdout(output).stderr(errors).spawn().unwrap();
    sleep(after);
    let asked = Instant::now();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    while child.try_wait().unwrap().is_none() {
        if asked.elapsed() > AT_ONCE {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            panic!("{command:?}, {after:?}: it goes on after SIGINT: {output:?}");
        }
        sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

#[apply(test_in_lab)]
#[needs(PING)]
fn ctrl_c_at_any_moment() {
    let commands: [&[&str]; 6] = [
        &["check"],
        &["exercise", "04"],
        &["03"],
        &["up"],
        &["doctor"],
        &["shell", "left", "--", "sleep", "300"],
    ];
    for (number, words) in commands.into_iter().enumerate() {
        let base = temporary("moment");
        for moment in 0..9 {
            // Not the same moments for all.
            let after = Duration::from_millis(moment * 45 + number as u64 * 7);
            let mut command = lab();
            command.arg("--out").arg(&base).args(words);
            let output = interrupted(&mut command, after);
            let told = format!("{words:?}, SIGINT after {after:?}: {output:?}");
            // Before its first instruction, the signal itself is its end; and
            // the doctor may have been done.
            let status = output.status;
            let done = words == ["doctor"] && status.code() == Some(0);
            let ended = status.code() == Some(130) || status.signal() == Some(2);
            assert!(ended || done, "{told}");
            assert!(output.stderr.is_empty(), "{told}");
            eventually("processes are left", || {
                processes(base.to_str().unwrap()).is_empty()
            });
        }
        let mut runs = fs::read_dir(&base).unwrap();
        let stale = runs.find(|run| run.as_ref().unwrap().path().join("running").exists());
        assert!(stale.is_none(), "{words:?}: {stale:?}");
        fs::remove_dir_all(base).unwrap();
    }
}

/// A folder with an `ip` that does nothing, for as long as one lets it.
fn folder_with_hanging_ip() -> std::path::PathBuf {
    let folder = temporary("ip");
    let ip = folder.join("ip");
    fs::write(
        &ip,
        format!(
            "#!/bin/sh\n: >{0}/started\nsleep 300 # {0}\n",
            folder.display()
        ),
    )
    .unwrap();
    fs::set_permissions(&ip, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn with_hanging_ip(folder: &Path, words: &[&str]) -> Program {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = lab();
    command
        .arg("--out")
        .arg(folder)
        .args(words)
        .env("PATH", path);
    let program = Program::start(&mut command);
    eventually("ip does not run", || folder.join("started").exists());
    program
}

#[apply(test_in_lab)]
fn ctrl_c_while_ip_hangs() {
    for words in [&["03"][..], &["check"], &["doctor"], &["up"]] {
        let folder = folder_with_hanging_ip();
        let done = with_hanging_ip(&folder, words).stop();
        done.code(130);
        eventually("ip is left", || {
            processes(folder.to_str().unwrap()).is_empty()
        });
        fs::remove_dir_all(folder).unwrap();
    }
}

#[apply(test_in_lab)]
fn without_its_outer_process_while_ip_hangs() {
    let folder = folder_with_hanging_ip();
    let outer = with_hanging_ip(&folder, &["03"]);
    outer.signal(Signal::SIGKILL);
    outer.wait();
    eventually("the lab is left", || {
        processes(folder.to_str().unwrap()).is_empty()
    });
    fs::remove_dir_all(folder).unwrap();
}

/// What the lab prints then can be printed nowhere.
#[apply(test_in_lab)]
#[needs(PING, SCRIPT)]
fn a_terminal_that_closes() {
    let base = temporary("terminal");
    let command = lab();
    let arguments: Vec<_> = command
        .get_args()
        .map(|word| word.to_str().unwrap())
        .collect();
    let (program, arguments) = (command.get_program().display(), arguments.join(" "));
    let (out, code) = (base.display(), base.join("code"));
    // A shell that tells its job of the end, as all do, and outlives the terminal
    // to say how the job has ended.
    let line = format!(
        "trap 'kill -HUP $!' HUP; {program} {arguments} --out {out} check & \
         wait; wait $!; echo $? >{out}/new; mv {out}/new {}",
        code.display()
    );
    let mut script = as_user("script");
    script.args(["-q", "-c", &line, "/dev/null"]);
    let script = Program::start(script.stdin(Stdio::piped())).until("chapter 00: ");
    script.signal(Signal::SIGKILL);
    eventually("the lab goes on", || code.exists());
    assert_eq!(fs::read_to_string(code).unwrap(), "129\n");
    script.wait();
    eventually("processes are left", || {
        processes(base.to_str().unwrap()).is_empty()
    });
    fs::remove_dir_all(base).unwrap();
}

/// A shell without job control starts what runs in its background with SIGINT
/// ignored, and a child inherits that.
#[apply(test_in_lab)]
fn signals_that_a_script_ignores() {
    let base = temporary("ignored");
    let ignoring = |words: &str| {
        let command = lab();
        let arguments: Vec<_> = command
            .get_args()
            .map(|word| word.to_str().unwrap())
            .collect();
        let (program, out) = (command.get_program().to_str().unwrap(), base.display());
        let arguments = arguments.join(" ");
        let mut shell = as_user("sh");
        let script = format!("trap '' INT CHLD; exec {program} {arguments} --out {out} {words}");
        shell.args(["-c", &script]);
        shell
    };
    run(&mut ignoring("04")).code(0).says("Captures");
    run(&mut ignoring("doctor")).code(0);
    let up = Program::start(&mut ignoring("up")).until("Ctrl-C ends the lab");
    let status = run(&mut ignoring("shell left -- grep SigIgn /proc/self/status")).output;
    let mask = status.trim().rsplit('\t').next().unwrap();
    let mask = u64::from_str_radix(mask, 16).unwrap();
    for signal in [Signal::SIGINT, Signal::SIGCHLD] {
        assert_eq!(mask >> (signal as u32 - 1) & 1, 0, "{signal}: {status}");
    }
    up.stop().code(130);
    let playing = Program::start(&mut ignoring("check")).until("chapter 00: ");
    playing.stop().code(130).lacks("difference");
    fs::remove_dir_all(base).unwrap();
}
