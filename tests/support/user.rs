//! Who starts the labs: whoever runs the tests; or, where that is root and
//! LAB_TEST_USER names an ordinary user, that user. `tests/run.sh` sees to it.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::unistd::{User, geteuid};

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

/// Any program, to be run by the user of the labs.
pub fn as_user(program: impl AsRef<OsStr>) -> Command {
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
        let open = r#"IFS=:; for dir in $PATH; do [ -x "$dir" ] && printf %s: "$dir"; done; :"#;
        let mut shell = Command::new("sh");
        become_user(&mut shell);
        let output = shell.args(["-c", open]).output().unwrap();
        let path = String::from_utf8(output.stdout).unwrap();
        path.trim_end_matches(':').to_owned()
    })
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
