//! What a test needs of the machine, and what becomes of it where that is
//! missing: it is *ignored*, and its line says what to install. With
//! REQUIRE_ALL=1 it fails instead, so that CI cannot pass by skipping.

// Each test program uses some of these.
#![allow(dead_code)]

use libtest_mimic::Trial;

use crate::support;

/// Something that a machine may lack.
#[derive(Clone, Copy, PartialEq)]
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

pub const PING: Need = Need::Program("ping", "iputils-ping");
pub const CURL: Need = Need::Program("curl", "curl");
pub const WGET: Need = Need::Program("wget", "wget");
pub const TSHARK: Need = Need::Program("tshark", "tshark");
pub const DUMPCAP: Need = Need::Program("dumpcap", "wireshark-common");
pub const SOCAT: Need = Need::Program("socat", "socat");
pub const CC: Need = Need::Program("cc", "gcc");
pub const PYTHON: Need = Need::Program("python3", "python3");
pub const OPENVPN: Need = Need::Program("openvpn", "openvpn");
pub const TC: Need = Need::Program("tc", "iproute2");
pub const STRACE: Need = Need::Program("strace", "strace");
pub const UNSHARE: Need = Need::Program("unshare", "util-linux");
pub const SETPRIV: Need = Need::Program("setpriv", "util-linux");
pub const PRLIMIT: Need = Need::Program("prlimit", "util-linux");
pub const SCRIPT: Need = Need::Program("script", "bsdutils");

impl Need {
    /// What to do, if this machine lacks it.
    fn lacking(self) -> Option<String> {
        match self {
            Need::Lab => {
                (!support::lab_works()).then(|| "a lab; cargo lab doctor says more".to_owned())
            }
            Need::Program(name, package) => support::lacking(name, package),
            Need::Root => (!support::is_root()).then(|| "root".to_owned()),
            Need::User => (support::is_root() && support::user().is_none())
                .then(|| "an ordinary user; run tests/run.sh".to_owned()),
        }
    }
}

/// A test that runs if the machine has what it needs.
pub fn trial(name: &str, needs: &[Need], run: impl FnOnce() + Send + 'static) -> Trial {
    let lacking: Vec<String> = needs.iter().filter_map(|need| need.lacking()).collect();
    if lacking.is_empty() {
        return Trial::test(name, move || {
            run();
            Ok(())
        });
    }
    let lacking = format!("needs {}", lacking.join(", "));
    // To be root is no tool that one could install.
    let is_tool = !needs.contains(&Need::Root) || support::is_root();
    if std::env::var_os("REQUIRE_ALL").is_some() && is_tool {
        let why = lacking.clone();
        return Trial::test(name, move || Err(why.into())).with_kind(lacking);
    }
    Trial::test(name, || Ok(()))
        .with_kind(lacking)
        .with_ignored_flag(true)
}
