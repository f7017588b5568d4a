//! `cargo lab up`, `shell` and `capture`: a lab for the reader's own commands,
//! from one terminal or from several.

use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anstyle::Style;
use anyhow::{Context, bail};
use ip_over_udp::output::{eprintln, println};
use lab::hosts::Host;
use lab::namespace::{self, Watch};
use lab::run_dir::{self, Running};
use lab::summary::{command as lab_command, shown};
use lab::{Lab, recorder, styled};

use crate::cli::Options;

/// The exit code of a program that SIGKILL ended, as the kernel ends all those
/// of a lab.
const KILLED: u8 = 128 + 9;

const BOLD: Style = Style::new().bold();

/// The lab in one line, and how long it took to start.
pub fn greet(started: Instant) {
    styled!(
        "{BOLD}left{BOLD:#} 198.51.100.2 --- {BOLD}internet{BOLD:#} --- 203.0.113.2 \
         {BOLD}right{BOLD:#}    (ready in {} ms)",
        started.elapsed().as_millis()
    );
}

/// A lab that runs until a signal ends it.
pub fn up(options: &Options, ipv6: bool, capture: bool, watch: &Watch) -> anyhow::Result<u8> {
    let started = Instant::now();
    let mut setup = options.setup("up", ipv6)?;
    setup.capture = capture;
    let lab = Lab::start(&setup, watch)?;
    greet(started);
    let shell = lab_command(&options.base()?, "shell left");
    println!("in another terminal:  {shell}");
    if capture {
        println!("captures:             {}", shown(&lab.folder).display());
    }
    println!("Ctrl-C ends the lab.");
    lab.wait_for_ever()
}

/// A shell, or one command, on a host of a new lab, which ends with it.
pub fn shell(
    options: &Options,
    ipv6: bool,
    host: &str,
    command: &[String],
    watch: &Watch,
) -> anyhow::Result<u8> {
    let lab = Lab::start(&options.setup("shell", ipv6)?, watch)?;
    let captures = shown(&lab.folder);
    let mut shell = on_host(lab.host(host)?, &lab.folder, command)?;
    let code = namespace::run_inside(&mut shell, command.is_empty());
    let code = code.with_context(|| not_run(command))?;
    lab.wait_for_others()?;
    if command.is_empty() {
        println!("captures: {}", captures.display());
    }
    if let Some(gaps) = recorder::missed(&lab.finish()?) {
        println!("{gaps}");
    }
    Ok(code)
}

/// The same on a host of a lab that runs already.
pub fn join(
    options: &Options,
    running: &Running,
    host: &str,
    command: &[String],
) -> anyhow::Result<u8> {
    let host = running.join(host, &options.bin_dir()?)?;
    let _guest = running.stay()?;
    let lab = shown(running.path()).display().to_string();
    if command.is_empty() {
        let ends = match running.is_for_guests() {
            true => "",
            false => ", which ends with the command that started it",
        };
        eprintln!("this is {} in the lab of {lab}{ends}", host.name);
    }
    let mut shell = on_host(&host, running.path(), command)?;
    let code = namespace::run_guest(&mut shell, command.is_empty());
    let code = code.with_context(|| not_run(command))?;
    if code == KILLED && running.has_ended() {
        let what = command.first().map_or("this shell", String::as_str);
        eprintln!("the lab of {lab} has ended, and {what} with it");
    }
    Ok(code)
}

/// A shell on a host, which has the terminal while it runs, or one command.
///
/// A shell begins in the folder with the captures, where `--capture` then puts
/// its own; a command runs where the reader is.
fn on_host(host: &Host, folder: &Path, command: &[String]) -> anyhow::Result<Command> {
    if let [program, arguments @ ..] = command {
        let mut program = host.command(program)?;
        program.args(arguments);
        return Ok(program);
    }
    std::env::set_current_dir(folder)?;
    let bash = Path::new("/bin/bash").exists();
    let mut shell = host.command(if bash { "/bin/bash" } else { "/bin/sh" })?;
    if bash {
        shell.args(["--noprofile", "--norc"]);
    }
    namespace::foreground(&mut shell);
    Ok(shell)
}

fn not_run(command: &[String]) -> String {
    let program = command.first().map_or("a shell", String::as_str);
    format!("cannot run {program}")
}

/// The lab that runs now, of those below this folder.
pub fn running(base: &Path) -> anyhow::Result<Running> {
    let Some(running) = run_dir::find(base) else {
        let up = lab_command(base, "up");
        bail!("no lab is running\n  start one in another terminal: {up}");
    };
    Ok(running)
}

/// What an interface of a running lab sends and receives, as pcapng on standard
/// output, until the program that reads it or the lab is gone.
pub fn capture(options: &Options, host: &str, interface: &str) -> anyhow::Result<u8> {
    let base = options.base()?;
    if std::io::stdout().is_terminal() {
        let capture = lab_command(&base, &format!("capture {host} {interface}"));
        bail!(
            "cannot write a capture to a terminal; send it to a program or to a file\n  \
             {capture} | wireshark -k -i -\n  \
             {capture} > {interface}.pcapng"
        );
    }
    let running = running(&base)?;
    running.join(host, Path::new(""))?.enter_network()?;
    if nix::net::if_::if_nametoindex(interface).is_err() {
        eprintln!("{host} has no interface {interface} yet; waiting for it");
    }
    recorder::stream(interface, running)?;
    Ok(0)
}
