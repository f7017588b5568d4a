//! The command line of the lab: `cargo run` and `cargo lab …`.

#![forbid(unsafe_code)]

mod cli;
mod exercises;

use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anstyle::Style;
use anyhow::{Context, bail};
use clap::Parser;
use ip_over_udp::error::report;
use ip_over_udp::lab::book::Chapter;
use ip_over_udp::lab::compare::Difference;
use ip_over_udp::lab::error::Error;
use ip_over_udp::lab::folder::{self, Running};
use ip_over_udp::lab::hosts::{self, Host};
use ip_over_udp::lab::play;
use ip_over_udp::lab::review::{self, Count};
use ip_over_udp::lab::summary::{command, quoted, shown};
use ip_over_udp::lab::world::{self, Lifeline, Watch};
use ip_over_udp::lab::{Lab, Setup, compare, doctor, programs, recorder};
use ip_over_udp::output::{self, eprintln, println, styled};

use cli::{Action, Args, Options};

/// The exit code of a program that SIGKILL ended, as the kernel ends all those
/// of a lab.
const KILLED: u8 = 128 + 9;

const BOLD: Style = Style::new().bold();

fn main() -> ExitCode {
    report(|| {
        let code = match Lifeline::take()? {
            Some(lifeline) => inner(&parse(), &lifeline.watch()?),
            None => world::prepare().and_then(|()| outer(&parse())),
        };
        code.map(ExitCode::from)
    })
}

fn parse() -> Args {
    let args = Args::parse();
    if args.reviews() {
        output::unwritten_is(2);
    }
    args
}

/// What the reader started: builds the programs, starts the lab as the inner
/// process, and waits for it. The result is the exit code.
fn outer(args: &Args) -> anyhow::Result<u8> {
    match &args.command {
        Some(Action::Doctor) => return Ok(if doctor::report() { 0 } else { 1 }),
        Some(Action::Capture { host, interface }) => {
            return capture_live(&args.options.base()?, host, interface);
        }
        Some(Action::Compare { chapter }) => {
            return Ok(or_2(compare_captures(&args.options, chapter)));
        }
        Some(Action::Trial) => {
            doctor::check()?;
            return world::begin();
        }
        Some(_) if args.chapter.is_some() => {
            bail!("a chapter and a command at once; give one of them, see cargo lab --help");
        }
        _ => {
            if let Ok(host) = std::env::var("LAB_HOST") {
                return Err(Error::Inside { host }.into());
            }
            let done = match ready(args) {
                Err(why) if args.reviews() => return Ok(or_2(Err(why))),
                done => done?,
            };
            if let Some(code) = done {
                return Ok(code);
            }
        }
    }
    programs::check(&args.options.bin_dir()?)?;
    let base = args.options.base()?;
    if let Some(Action::Shell { host, command, .. }) = &args.command
        && let Some(running) = folder::find(&base)
    {
        return join(&running, &args.options.bin_dir()?, host, command);
    }
    let code = world::begin()?;
    folder::sweep(&base);
    Ok(code)
}

/// The first process of the lab's own world: starts the hosts, and does on
/// them what the reader asked for.
fn inner(args: &Args, watch: &Watch) -> anyhow::Result<u8> {
    let started = Instant::now();
    if let Some(chapter) = chapters(args)?.pop() {
        let played = play_chapter(args, &chapter, started, watch);
        return if args.reviews() {
            Ok(or_2(played))
        } else {
            played
        };
    }
    match &args.command {
        Some(Action::Up { ipv6, no_capture }) => {
            let mut setup = setup(&args.options, "up", *ipv6)?;
            setup.capture = !no_capture;
            let lab = Lab::start(&setup, watch)?;
            greet(started);
            let shell = command(&args.options.base()?, "shell left");
            println!("in another terminal:  {shell}");
            if setup.capture {
                println!("captures:             {}", shown(&lab.folder).display());
            }
            println!("Ctrl-C ends the lab.");
            lab.wait_for_ever()
        }
        Some(Action::Shell {
            ipv6,
            host,
            command,
        }) => {
            let lab = Lab::start(&setup(&args.options, "shell", *ipv6)?, watch)?;
            let captures = shown(&lab.folder);
            let mut shell = shell(lab.host(host)?, &lab.folder, command)?;
            let code = world::run_inside(&mut shell, command.is_empty());
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
        Some(Action::Exercise { which, hint }) => {
            let options = &args.options;
            let done = exercises::attempt(options, which, *hint, options.limits(), watch);
            Ok(or_2(done))
        }
        _ => trial(),
    }
}

/// Builds the programs. Where more than one lab is asked for, it starts them all
/// and has an exit code.
fn ready(args: &Args) -> anyhow::Result<Option<u8>> {
    let options = &args.options;
    let build = || match options.bin_dir {
        None => programs::build(),
        Some(_) => Ok(()),
    };
    if let Some(Action::Exercise { which, hint }) = &args.command {
        let (chapter, names) = exercises::asked(options, which)?;
        doctor::check()?;
        build()?;
        let one = names.len() == 1;
        let all = || exercises::one_by_one(options, &chapter, &names, *hint);
        return (!one).then(all).transpose();
    }
    let chapters = chapters(args)?;
    doctor::check()?;
    build()?;
    let many = chapters.len() > 1;
    many.then(|| one_by_one(args, &chapters)).transpose()
}

/// The chapters that the arguments ask for, if they ask for any.
fn chapters(args: &Args) -> anyhow::Result<Vec<Chapter>> {
    let word = match (&args.chapter, &args.command) {
        (_, Some(Action::Check { chapter } | Action::Bless { chapter })) => chapter.as_deref(),
        (_, Some(_)) => return Ok(Vec::new()),
        (Some(chapter), None) => Some(chapter.as_str()),
        (None, None) => Some("00"),
    };
    let book = args.options.book()?;
    let Some(word) = word else {
        let names = book.names()?;
        return names.iter().map(|name| book.chapter(name)).collect();
    };
    let Some(name) = book.name(word)? else {
        bail!(
            "there is no chapter and no command {word:?}\n  \
             chapters: {}\n  \
             commands: up, shell, capture, compare, exercise, check, bless, doctor\n  \
             cargo lab --help says what they do",
            book.names()?.join(", ")
        );
    };
    Ok(vec![book.chapter(&name)?])
}

/// Exit code 2 for an error, where 1 means a difference.
fn or_2(code: anyhow::Result<u8>) -> u8 {
    code.unwrap_or_else(|why| {
        eprintln!("error: {why:#}");
        2
    })
}

/// Starts this program again for each chapter, each with a lab of its own. The
/// exit code is the worst.
fn one_by_one(args: &Args, chapters: &[Chapter]) -> anyhow::Result<u8> {
    let mut worst = 0;
    let mut total = Count::default();
    for chapter in chapters {
        let verb = match args.command {
            Some(Action::Bless { .. }) => "bless",
            _ => "check",
        };
        let code = world::run(again(&args.options)?.args([verb, &chapter.name]))?;
        worst = worst.max(code);
        if worst > 2 {
            return Ok(worst); // it was killed
        }
        total = total.and(Count::of(chapter));
    }
    if let Some(Action::Check { .. }) = args.command {
        println!("{} chapters: {}", chapters.len(), total.told());
    }
    Ok(worst)
}

/// This program once more, with the same options, for a lab of its own.
fn again(options: &Options) -> anyhow::Result<Command> {
    let mut lab = Command::new("/proc/self/exe"); // Cargo may have replaced the file
    lab.arg("--bin-dir").arg(options.bin_dir()?);
    lab.arg("--out").arg(options.base()?);
    let book = options.book()?;
    lab.arg("--book").arg(book.folder);
    lab.arg("--captures").arg(book.captures);
    if let Some(limit) = options.limit {
        lab.args(["--limit", &limit.to_string()]);
    }
    Ok(lab)
}

fn setup(options: &Options, name: &str, ipv6: bool) -> anyhow::Result<Setup> {
    Ok(Setup {
        programs: options.bin_dir()?,
        base: options.base()?,
        name: name.to_owned(),
        ipv6,
        capture: true,
    })
}

/// In the inner process: one chapter in one lab.
fn play_chapter(
    args: &Args,
    chapter: &Chapter,
    started: Instant,
    watch: &Watch,
) -> anyhow::Result<u8> {
    let limits = args.options.limits();
    let transcript = &chapter.transcript;
    let machine = transcript.uses_machine().then(play::machine).transpose()?;
    let setup = setup(&args.options, &chapter.name, transcript.ipv6())?;
    let book = args.options.book()?;
    let lab = Lab::start(&setup, watch)?;
    match args.command {
        Some(Action::Check { .. }) => {
            let same = review::check(lab, &book, chapter, limits, machine)?;
            Ok(if same { 0 } else { 1 })
        }
        Some(Action::Bless { .. }) => {
            review::bless(lab, &book, chapter, limits, machine).map(|()| 0)
        }
        _ => {
            greet(started);
            let journey = args.chapter.is_none();
            review::show(lab, chapter, limits, machine, journey).map(|()| 0)
        }
    }
}

fn greet(started: Instant) {
    styled!(
        "{BOLD}left{BOLD:#} 198.51.100.2 --- {BOLD}internet{BOLD:#} --- 203.0.113.2 \
         {BOLD}right{BOLD:#}    (ready in {} ms)",
        started.elapsed().as_millis()
    );
}

/// `lab compare`: the exit code is 0 if there is no difference.
fn compare_captures(options: &Options, word: &str) -> anyhow::Result<u8> {
    let book = options.book()?;
    let Some(chapter) = book.name(word)? else {
        let names = book.names()?.join(", ");
        bail!("there is no chapter {word:?}; there are {names}");
    };
    let base = options.base()?;
    let (mine, reference) = (base.join(&chapter), book.reference(&chapter));
    if !mine.exists() {
        let play = command(&base, &chapter);
        bail!("there is no capture of chapter {chapter} yet; make one: {play}");
    }
    let Some(difference) = compare::compare(&mine, &reference)? else {
        println!("chapter {chapter}: every packet is as in the reference");
        return Ok(0);
    };
    let Difference {
        interface, words, ..
    } = &difference;
    println!("chapter {chapter}, {interface}: {words}\n");
    for (folder, packet) in [(mine, difference.mine), (reference, difference.reference)] {
        let file = folder.join(&difference.file);
        if file.exists() {
            let go = packet.map_or(String::new(), |packet| format!(" -g {packet}"));
            let file = quoted(&shown(&file));
            println!("wireshark -d udp.port==9876,ip{go} {file}");
        }
    }
    Ok(1)
}

/// A shell on a host, which has the terminal while it runs, or one command.
///
/// A shell begins in the folder with the captures, where `--capture` then puts
/// its own; a command runs where the reader is.
fn shell(host: &Host, folder: &Path, command: &[String]) -> anyhow::Result<Command> {
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
    world::foreground(&mut shell);
    Ok(shell)
}

fn not_run(command: &[String]) -> String {
    let program = command.first().map_or("a shell", String::as_str);
    format!("cannot run {program}")
}

/// A shell, or one command, on a host of a lab that runs already.
fn join(running: &Running, programs: &Path, host: &str, command: &[String]) -> anyhow::Result<u8> {
    let host = running.join(host, programs)?;
    let _guest = running.stay()?;
    let lab = shown(running.path()).display().to_string();
    if command.is_empty() {
        let ends = match running.is_for_guests() {
            true => "",
            false => ", which ends when whoever started it is done",
        };
        eprintln!("this is {} in the lab of {lab}{ends}", host.name);
    }
    let mut shell = shell(&host, running.path(), command)?;
    let code = world::run_guest(&mut shell, command.is_empty());
    let code = code.with_context(|| not_run(command))?;
    if code == KILLED && running.has_ended() {
        let what = command.first().map_or("this shell", String::as_str);
        eprintln!("the lab of {lab} has ended, and {what} with it");
    }
    Ok(code)
}

/// `lab capture`: until the reader of our output or the lab is gone.
fn capture_live(base: &Path, host: &str, interface: &str) -> anyhow::Result<u8> {
    if std::io::stdout().is_terminal() {
        let capture = command(base, &format!("capture {host} {interface}"));
        bail!(
            "a capture is no text; send it to a program or to a file\n  \
             {capture} | wireshark -k -i -\n  \
             {capture} > {interface}.pcapng"
        );
    }
    let Some(running) = folder::find(base) else {
        let up = command(base, "up");
        bail!("no lab is running\n  start one in another terminal: {up}");
    };
    running.join(host, Path::new(""))?.enter_network()?;
    if nix::net::if_::if_nametoindex(interface).is_err() {
        eprintln!("{host} has no {interface} now; waiting for it to appear");
    }
    recorder::stream(interface, running)?;
    Ok(0)
}

/// Makes the hosts, opens a TUN device on one of them, and ends.
fn trial() -> anyhow::Result<u8> {
    let hosts = hosts::create(Path::new(""), false)?;
    let (left, _) = hosts.first().context("there are no hosts")?;
    let tun = ["tuntap", "add", "dev", "tun0", "mode", "tun"];
    let output = left.command("ip")?.args(tun).output()?;
    if !output.status.success() {
        bail!(
            "{}",
            String::from_utf8_lossy(&output.stderr).trim().to_owned()
        );
    }
    Ok(0)
}
