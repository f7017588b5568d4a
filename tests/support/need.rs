//! What a test needs of the machine, and how to get it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use crate::programs::lab_works;
use crate::user::{as_user, is_root, user};

/// Something that a machine may lack.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// A world of our own with a TUN device in it: what `lab doctor` tries.
    Lab,
    /// A program, and the Debian package that has it.
    Program(&'static str, &'static str),
    /// The tests run as root, for what only root can set up.
    Root,
    /// Labs are started as an ordinary user, for what must be seen as one.
    User,
}

pub const LAB: Need = Need::Lab;
pub const ROOT: Need = Need::Root;
pub const USER: Need = Need::User;
pub const PING: Need = Need::Program("ping", "iputils-ping");
pub const CURL: Need = Need::Program("curl", "curl");
pub const WGET: Need = Need::Program("wget", "wget");
pub const TSHARK: Need = Need::Program("tshark", "tshark");
pub const DUMPCAP: Need = Need::Program("dumpcap", "wireshark-common");
pub const SOCAT: Need = Need::Program("socat", "socat");
pub const CC: Need = Need::Program("cc", "gcc");
pub const GIT: Need = Need::Program("git", "git");
pub const PYTHON: Need = Need::Program("python3", "python3");
pub const OPENVPN: Need = Need::Program("openvpn", "openvpn");
pub const ETHTOOL: Need = Need::Program("ethtool", "ethtool");
pub const TC: Need = Need::Program("tc", "iproute2");
pub const STRACE: Need = Need::Program("strace", "strace");
pub const UNSHARE: Need = Need::Program("unshare", "util-linux");
pub const SETPRIV: Need = Need::Program("setpriv", "util-linux");
pub const PRLIMIT: Need = Need::Program("prlimit", "util-linux");
/// Under any of the names that systems have for it.
pub const CHROMIUM: Need = Need::Program("chromium", "chromium");
pub const SCRIPT: Need = Need::Program("script", "bsdutils");

/// What to do, if this machine lacks it. Each thing is looked for once.
pub fn lacking(need: Need) -> Option<String> {
    static KNOWN: LazyLock<Mutex<HashMap<Need, Option<String>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    known.entry(need).or_insert_with(|| look_for(need)).clone()
}

fn look_for(need: Need) -> Option<String> {
    match need {
        Need::Lab => (!lab_works()).then(|| "a lab; cargo lab doctor says more".to_owned()),
        Need::Program(name, package) => lacking_program(name, package),
        Need::Root => (!is_root()).then(|| "root".to_owned()),
        Need::User => {
            (is_root() && user().is_none()).then(|| "an ordinary user; run tests/run.sh".to_owned())
        }
    }
}

/// How to get a program, if the user of the labs cannot run it.
fn lacking_program(program: &str, package: &str) -> Option<String> {
    // Some systems keep dumpcap for a group: installed, and still not for all.
    let path = "PATH=$PATH:/usr/sbin:/sbin; file=$(command -v \"$0\")";
    let mut shell = as_user("sh");
    let status = shell.args(["-c", &format!("{path} && test -x \"$file\""), program]);
    if status.status().is_ok_and(|status| status.success()) {
        return None;
    }
    let install = format!("{program}; sudo apt-get install {package}");
    Some(format!(
        "{install}, or if you have it: sudo chmod o+x $(which {program})"
    ))
}
