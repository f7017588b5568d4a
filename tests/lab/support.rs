//! Labs for tests: started as a reader starts them, with the program `lab`.

// Each test program uses some of this.
#![allow(dead_code)]

use std::io::{PipeReader, Read, Write, pipe};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ip_over_udp::capture::{self, Packet};
use lab::book::Book;
use lab::programs;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};

/// How long anything may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn is_root() -> bool {
    geteuid().is_root()
}

/// The ordinary user that labs are started as, if the tests run as root.
pub fn user() -> Option<&'static User> {
    static USER: OnceLock<Option<User>> = OnceLock::new();
    USER.get_or_init(|| {
        let name = std::env::var("LAB_TEST_USER").ok().filter(|_| is_root())?;
        User::from_name(&name).ok().flatten()
    })
    .as_ref()
}

/// The number of the user that labs are started as.
pub fn uid() -> u32 {
    user().map_or(geteuid(), |user| user.uid).as_raw()
}

/// How to get a program, if the user of the labs cannot run it.
pub fn lacking(program: &str, package: &str) -> Option<String> {
    // Some systems keep dumpcap for a group: installed, and still not for all.
    let path = "PATH=$PATH:/usr/sbin:/sbin; it=$(command -v \"$0\")";
    let says = |test: &str| {
        let mut shell = as_user("sh");
        let status = shell.args(["-c", &format!("{path} && {test}"), program]);
        status.status().is_ok_and(|status| status.success())
    };
    if says("test -x \"$it\"") {
        return None;
    }
    let install = format!("{program}; sudo apt-get install {package}");
    Some(format!(
        "{install}, or if you have it: sudo chmod o+x $(which {program})"
    ))
}

pub fn lab_works() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let trial = lab().arg("trial").output();
        trial.is_ok_and(|output| output.status.success())
    })
}

/// A folder that other users can reach, with copies of all programs, of the
/// book and of the reference captures: the tree may be in somebody's home.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let built = built();
        if user().is_none() {
            return built;
        }
        let folder = temporary("programs");
        copy_programs(&built, &folder);
        let tree = programs::tree().unwrap();
        std::fs::copy(tree.join("tests/peers/tunnel.py"), folder.join("tunnel.py")).unwrap();
        copy(&tree.join("book/src"), &folder.join("book"));
        copy(&tree.join("captures"), &folder.join("captures"));
        folder
    })
}

/// The folder with the programs as the tree has them now. They are those of
/// other packages, which Cargo does not build for these tests.
fn built() -> PathBuf {
    let folder = programs::beside_this_one().unwrap();
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--bins", "--manifest-path"]);
        build.arg(programs::tree().unwrap().join("Cargo.toml"));
        build.arg("--target-dir").arg(folder.parent().unwrap());
        assert!(build.status().unwrap().success());
    }
    folder
}

/// Copies what `cargo build --bins` has built.
pub fn copy_programs(built: &Path, to: &Path) {
    for name in [
        "lab", "serve", "fetch", "ch01", "ch02", "ch03", "ch04", "ch05", "ch06", "ch07", "ch08",
        "probe", "attack", "trusting",
    ] {
        std::fs::copy(built.join(name), to.join(name)).unwrap();
    }
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Removes what [`programs`] made.
pub fn clean_up() {
    if user().is_some() {
        let _ = std::fs::remove_dir_all(programs());
    }
}

/// A new empty folder that the user of the labs may write to.
pub fn temporary(purpose: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("ip-over-udp-test-{}-{number}-{purpose}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&path).unwrap();
    if let Some(user) = user() {
        std::os::unix::fs::chown(&path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
    path
}

/// The chapters of the book, in order: `00`, `01` and so on.
pub fn chapters() -> Vec<String> {
    Book::at(None, None).unwrap().names().unwrap()
}

/// The program `lab`, to be run by the right user, away from the tree.
pub fn lab() -> Command {
    lab_with(programs())
}

/// The same, with other programs on its hosts.
pub fn lab_with(programs_on_hosts: &Path) -> Command {
    let mut command = bare_lab(programs_on_hosts);
    if user().is_some() {
        command.arg("--book").arg(programs().join("book"));
        command.arg("--captures").arg(programs().join("captures"));
    }
    command
}

/// The same, for a test that says where the book is.
pub fn lab_without_book() -> Command {
    bare_lab(programs())
}

fn bare_lab(programs_on_hosts: &Path) -> Command {
    let mut command = as_user(programs().join("lab"));
    command.arg("--bin-dir").arg(programs_on_hosts);
    command
}

/// Any program, to be run by the user of the labs.
pub fn as_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    become_user(&mut command);
    if user().is_some() {
        command.env("HOME", "/tmp").env("PATH", path());
    }
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn become_user(command: &mut Command) {
    if let Some(user) = user() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
}

/// The path, without folders that the user of the labs may not enter: those of
/// root's home. With them, every program that is missing is "forbidden".
fn path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let open = r#"IFS=:; for it in $PATH; do [ -x "$it" ] && printf %s: "$it"; done; :"#;
        let mut shell = Command::new("sh");
        become_user(&mut shell);
        let output = shell.args(["-c", open]).output().unwrap();
        let path = String::from_utf8(output.stdout).unwrap();
        path.trim_end_matches(':').to_owned()
    })
}

/// The path of one of the programs.
pub fn program(name: &str) -> PathBuf {
    programs().join(name)
}

/// What a command printed, on both outputs, and its exit code.
#[derive(Debug)]
pub struct Done {
    pub output: String,
    pub code: Option<i32>,
}

impl Done {
    /// Fails the test unless the output has this in it.
    #[track_caller]
    pub fn says(&self, what: &str) -> &Done {
        assert!(
            self.output.contains(what),
            "expected {what:?} in:\n{}",
            self.output
        );
        self
    }

    /// Fails the test if the output has this in it.
    #[track_caller]
    pub fn lacks(&self, what: &str) -> &Done {
        assert!(!self.output.contains(what), "{what:?} in:\n{}", self.output);
        self
    }

    #[track_caller]
    pub fn code(&self, code: i32) -> &Done {
        assert_eq!(
            self.code,
            Some(code),
            "exit code, and this output:\n{}",
            self.output
        );
        self
    }
}

/// The number before `after`, the first one that stands behind `before`.
#[track_caller]
pub fn number(text: &str, before: &str, after: &str) -> u64 {
    let found = text.find(before).and_then(|start| {
        let rest = &text[start + before.len()..];
        let number = rest[..rest.find(after)?].rsplit([' ', '\n', '\t']).next()?;
        number.parse().ok()
    });
    found.unwrap_or_else(|| panic!("expected {before:?}, a number, {after:?} in:\n{text}"))
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Done {
    Program::start(command).wait()
}

/// A program that runs while the test goes on.
pub struct Program {
    child: Child,
    output: PipeReader,
    /// What it has printed.
    so_far: Vec<u8>,
    /// How much of that no one has waited for yet.
    seen: usize,
}

impl Program {
    #[track_caller]
    pub fn start(command: &mut Command) -> Program {
        let (output, input) = pipe().unwrap();
        command.stdout(input.try_clone().unwrap()).stderr(input);
        let child = command
            .spawn()
            .unwrap_or_else(|why| panic!("{command:?}: {why}"));
        // The command holds the writing ends; without this there is no end.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Program {
            child,
            output,
            so_far: Vec::new(),
            seen: 0,
        }
    }

    /// Waits for a line with this in it; a hang fails the test.
    #[track_caller]
    pub fn until(mut self, what: &str) -> Program {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Some(end) = self.so_far[self.seen..].iter().position(|&it| it == b'\n') {
                let line = self.seen..self.seen + end;
                self.seen = line.end + 1;
                if String::from_utf8_lossy(&self.so_far[line]).contains(what) {
                    return self;
                }
            }
            let more = self.read(deadline);
            assert_eq!(
                more,
                Some(true),
                "expected {what:?}, and this program {}:\n{}",
                if more.is_some() { "ended" } else { "goes on" },
                self.printed()
            );
        }
    }

    /// Reads what there is: `false` at the end, `None` if nothing came in time;
    /// then the program is ended.
    fn read(&mut self, deadline: Instant) -> Option<bool> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::try_from(left).unwrap()).unwrap() == 0 {
            let _ = self.child.kill();
            return None;
        }
        let mut some = [0; 4096];
        let n = self.output.read(&mut some).unwrap();
        self.so_far.extend_from_slice(&some[..n]);
        Some(n > 0)
    }

    fn printed(&self) -> String {
        String::from_utf8_lossy(&self.so_far).into_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The number of the program that runs on a host: this one is `lab shell`,
    /// which waits for it.
    #[track_caller]
    pub fn child(&self) -> u32 {
        let pid = self.child.id();
        let children = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(children).unwrap();
        let only = children.trim().parse();
        only.unwrap_or_else(|_| panic!("not one child: {children:?}"))
    }

    /// Signals the program on the host, and not the shell around it.
    pub fn signal_child(&self, signal: Signal) {
        kill(Pid::from_raw(self.child() as i32), signal).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), signal);
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ctrl-C, and what the program printed until its end.
    #[track_caller]
    pub fn stop(self) -> Done {
        self.signal(Signal::SIGINT);
        self.wait()
    }

    /// Waits for the end; a hang fails the test.
    #[track_caller]
    pub fn wait(mut self) -> Done {
        let deadline = Instant::now() + PATIENCE;
        while let Some(true) = self.read(deadline) {}
        assert!(
            Instant::now() < deadline,
            "it did not end, and had printed:\n{}",
            self.printed()
        );
        let code = self.child.wait().unwrap().code();
        let output = self.printed();
        Done { output, code }
    }
}

impl Drop for Program {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A program that a reader types at, in a terminal that `script` makes.
pub struct Terminal(Program);

impl Terminal {
    /// Starts a lab's command.
    #[track_caller]
    pub fn start(base: &Path, words: &str) -> Terminal {
        let lab = lab();
        let arguments: Vec<_> = lab.get_args().map(|it| it.to_str().unwrap()).collect();
        let (lab, arguments) = (lab.get_program().display(), arguments.join(" "));
        let line = format!("{lab} {arguments} --out {} {words}", base.display());
        let mut script = as_user("script");
        script.args(["-q", "-e", "-c", &line, "/dev/null"]);
        Terminal(Program::start(script.stdin(Stdio::piped())))
    }

    /// Types a line.
    pub fn line(&mut self, line: &str) {
        let keys = self.0.child.stdin.as_mut().unwrap();
        keys.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for a line with this in it; a hang fails the test.
    #[track_caller]
    pub fn until(self, what: &str) -> Terminal {
        Terminal(self.0.until(what))
    }

    /// Waits for the end; a hang fails the test.
    #[track_caller]
    pub fn wait(self) -> Done {
        self.0.wait()
    }
}

/// A lab of this test's own, gone when it is dropped.
pub struct Lab {
    up: Option<Program>,
    pub base: PathBuf,
}

impl Lab {
    pub fn up() -> Lab {
        Lab::start(&["up"])
    }

    pub fn up_with_ipv6() -> Lab {
        Lab::start(&["up", "--ipv6"])
    }

    /// For floods, which would fill the disk.
    pub fn up_without_captures() -> Lab {
        Lab::start(&["up", "--no-capture"])
    }

    fn start(arguments: &[&str]) -> Lab {
        let base = temporary("lab");
        let mut command = lab();
        command.arg("--out").arg(&base).args(arguments);
        let up = Program::start(&mut command).until("Ctrl-C ends the lab");
        Lab { up: Some(up), base }
    }

    /// A shell command on a host.
    pub fn on(&self, host: &str, command: &str) -> Command {
        let mut lab = lab();
        lab.arg("--out").arg(&self.base);
        lab.args(["shell", host, "--", "sh", "-c"])
            .arg(format!("exec {command}"));
        lab
    }

    /// Runs a shell command on a host to its end.
    #[track_caller]
    pub fn run(&self, host: &str, command: &str) -> Done {
        run(&mut self.on(host, command))
    }

    /// Starts a program on a host and waits for its first line.
    #[track_caller]
    pub fn start_on(&self, host: &str, command: &str) -> Program {
        Program::start(&mut self.on(host, command)).until("")
    }

    /// The folder with this lab's captures.
    pub fn folder(&self) -> PathBuf {
        self.base.join("up")
    }

    /// What was captured at an interface, as soon as there are `least` packets
    /// with this in their description.
    #[track_caller]
    pub fn captured(&self, interface: &str, what: &str, least: usize) -> Vec<Packet> {
        let file = self.folder().join(format!("{interface}.pcap"));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let packets = match file.exists() {
                true => capture::read(&file).unwrap_or_default(),
                false => Vec::new(),
            };
            let found = packets.iter().filter(|packet| packet.info().contains(what));
            if found.clone().count() >= least {
                return found.cloned().collect();
            }
            let lines: Vec<String> = packets.iter().map(Packet::info).collect();
            assert!(
                Instant::now() < deadline,
                "expected {least} times {what:?} at {interface}, found:\n{}",
                lines.join("\n")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until nothing is on its way any more: what a program set off may
    /// go on when the program has ended, the end of a connection for example.
    pub fn settle(&self) {
        let size = || {
            std::fs::metadata(self.folder().join("all.pcapng"))
                .unwrap()
                .len()
        };
        let mut before = 0;
        while size() != before {
            before = size();
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    pub fn pid(&self) -> u32 {
        self.up.as_ref().unwrap().pid()
    }

    /// Takes note that the lab has ended, in whatever way.
    #[track_caller]
    pub fn reap(&mut self) {
        self.up.take().unwrap().wait();
    }

    /// Ends the lab with Ctrl-C. The captures stay until it is dropped.
    #[track_caller]
    pub fn end(&mut self) -> Done {
        self.up.take().unwrap().stop()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(up) = self.up.take() {
            up.signal(Signal::SIGINT);
            let _ = up.wait();
        }
        let _ = std::fs::remove_dir_all(&self.base);
    }
}
