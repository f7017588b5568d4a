//! What this machine lacks for the lab, and what to do about it.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use anstyle::{AnsiColor, Style};

use super::error::Error as LabError;
use super::programs::installed;
use crate::error::Error;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const MISSING: Style = AnsiColor::Yellow.on_default();

/// Programs that some chapters use: what for, and the Debian package.
const TOOLS: &[(&str, &str, &str)] = &[
    ("ping", "chapters 1, 2, 3, 5 and 6", "iputils-ping"),
    ("tshark", "looking at captures in a terminal", "tshark"),
    ("wireshark", "looking at captures in a window", "wireshark"),
    ("curl", "a web client besides `fetch`", "curl"),
    ("wget", "a web client besides `fetch`", "wget"),
];

/// Prints a line for each thing that the lab needs or can use. `true` if it
/// has all that it needs.
pub fn report() -> bool {
    let mut ready = true;
    for (what, result) in [
        ("the file /dev/net/tun", tun()),
        ("the program ip", ip()),
        ("a world of our own, with a TUN device in it", trial()),
    ] {
        match result {
            Ok(()) => anstream::println!("{GOOD}good{GOOD:#}     {what}"),
            Err(why) => {
                ready = false;
                anstream::println!("{BAD}needed{BAD:#}   {what}");
                for line in format!("{why:#}").lines() {
                    anstream::println!("         {line}");
                }
            }
        }
    }
    for (tool, purpose, package) in TOOLS {
        if installed(tool) {
            anstream::println!("{GOOD}good{GOOD:#}     {tool}: {purpose}");
        } else {
            anstream::println!(
                "{MISSING}missing{MISSING:#}  {tool}: {purpose}\n         \
                 sudo apt-get install {package}"
            );
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
        .map_err(|why| Error::opening_tun("a device", why))?)
}

fn ip() -> anyhow::Result<()> {
    if !installed("ip") {
        return Err(LabError::NoIp.into());
    }
    Ok(())
}

/// Starts a lab, opens a TUN device on left, and ends it again.
fn trial() -> anyhow::Result<()> {
    let output = Command::new("/proc/self/exe")
        .arg("trial")
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::bail!("{}", said.trim().trim_start_matches("error: ").to_owned());
    }
    Ok(())
}
