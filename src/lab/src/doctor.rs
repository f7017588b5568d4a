//! What this machine lacks for the lab, and what to do about it.

use std::fs::OpenOptions;
use std::process::Command;

use anstyle::{AnsiColor, Style};

use crate::error::Error as LabError;
use crate::namespace;
use crate::programs::installed;
use ip_over_udp::error::Error;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const MISSING: Style = AnsiColor::Yellow.on_default();

/// Something that the lab needs or can use. The doctor looks for it; the book's
/// table of troubles is made of the same entries.
pub struct Need {
    /// What it is called.
    pub name: &'static str,
    /// What it is for, with the chapters if not all of them need it.
    pub purpose: &'static str,
    /// How the doctor looks for it.
    look: Look,
    /// Each way in which it can fail, as the reader sees it: what failed in the
    /// first line, what to do in those below.
    pub messages: fn() -> Vec<String>,
}

enum Look {
    /// Without it there is no lab.
    Needed(fn() -> anyhow::Result<()>),
    /// A lab is started, to see whether that can be done.
    Tried,
    /// A program, without which there is.
    Useful,
}

/// All that the doctor looks for.
pub const NEEDS: &[Need] = &[
    Need {
        name: "the file /dev/net/tun",
        purpose: "every chapter",
        look: Look::Needed(tun),
        messages: || {
            let errors = [Error::TunMissing, Error::TunNoDriver, Error::TunForbidden];
            errors.map(|error| error.to_string()).into()
        },
    },
    Need {
        name: "the program ip",
        purpose: "every chapter",
        look: Look::Needed(ip),
        messages: || vec![LabError::NoIp.to_string()],
    },
    Need {
        name: "a private network with a TUN device in it",
        purpose: "every chapter",
        look: Look::Tried,
        messages: || {
            let step = "unshare";
            let errors = [
                LabError::Forbidden { step },
                LabError::TooMany,
                LabError::Missing { step },
            ];
            errors.map(|error| error.to_string()).into()
        },
    },
    Need {
        name: "bash",
        purpose: "playing a chapter",
        look: Look::Useful,
        messages: || missing("bash", "bash"),
    },
    Need {
        name: "ping",
        purpose: "all chapters except 0 and 4",
        look: Look::Useful,
        messages: || missing("ping", "iputils-ping"),
    },
    Need {
        name: "python3",
        purpose: "chapter 8",
        look: Look::Useful,
        messages: || missing("python3", "python3"),
    },
    Need {
        name: "awk",
        purpose: "an exercise of chapter 7",
        look: Look::Useful,
        messages: || missing("awk", "mawk"),
    },
    // In Debian it comes with `ip`; Fedora calls the package iproute-tc.
    Need {
        name: "tc",
        purpose: "chapters 5, 6 and 10",
        look: Look::Useful,
        messages: || missing("tc", "iproute2"),
    },
    Need {
        name: "ethtool",
        purpose: "chapter 11",
        look: Look::Useful,
        messages: || missing("ethtool", "ethtool"),
    },
    Need {
        name: "tshark",
        purpose: "chapters 6, 9 and 11, and looking at captures in a terminal",
        look: Look::Useful,
        messages: || missing("tshark", "tshark"),
    },
    Need {
        name: "wireshark",
        purpose: "looking at captures in a window",
        look: Look::Useful,
        messages: || missing("wireshark", "wireshark"),
    },
    Need {
        name: "curl",
        purpose: "only the tests, as another web client",
        look: Look::Useful,
        messages: || missing("curl", "curl"),
    },
    Need {
        name: "wget",
        purpose: "only the tests, as another web client",
        look: Look::Useful,
        messages: || missing("wget", "wget"),
    },
];

/// What a shell says of a program that is not there, and the Debian package.
fn missing(program: &str, package: &str) -> Vec<String> {
    vec![format!(
        "{program}: command not found\n  sudo apt-get install {package}"
    )]
}

/// Prints a line for each thing that the lab needs or can use. `true` if it
/// has all that it needs.
///
/// `trial` starts a lab, opens a TUN device on left, and ends it again.
pub fn report(trial: &mut Command) -> bool {
    let mut ready = true;
    for need in NEEDS {
        let Need { name, purpose, .. } = need;
        let found = match need.look {
            Look::Needed(look) => look(),
            Look::Tried => try_out(trial),
            Look::Useful if installed(name) => {
                styled!("{GOOD}good{GOOD:#}     {name}: {purpose}");
                continue;
            }
            Look::Useful => {
                styled!("{MISSING}missing{MISSING:#}  {name}: {purpose}");
                for message in (need.messages)() {
                    for remedy in message.lines().skip(1) {
                        styled!("         {}", remedy.trim());
                    }
                }
                continue;
            }
        };
        match found {
            Ok(()) => styled!("{GOOD}good{GOOD:#}     {name}"),
            Err(err) => {
                ready = false;
                styled!("{BAD}needed{BAD:#}   {name}");
                for line in format!("{err:#}").lines() {
                    styled!("         {line}");
                }
            }
        }
    }
    ready
}

/// What must be there before a lab is worth starting.
pub fn check() -> anyhow::Result<()> {
    ip()?;
    tun()
}

/// Opening the driver's file changes nothing: a device comes with the ioctl.
fn tun() -> anyhow::Result<()> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun");
    Ok(file
        .map(drop)
        .map_err(|err| Error::opening_tun("a device", err))?)
}

fn ip() -> anyhow::Result<()> {
    if !installed("ip") {
        return Err(LabError::NoIp.into());
    }
    Ok(())
}

fn try_out(trial: &mut Command) -> anyhow::Result<()> {
    let (code, said) = namespace::try_out(trial)?;
    if code != 0 {
        anyhow::bail!("{}", said.trim().trim_start_matches("error: ").to_owned());
    }
    Ok(())
}
