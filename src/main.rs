//! The command line of the lab: `cargo run` and `cargo lab …`.

#![forbid(unsafe_code)]

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anstyle::Style;
use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use ip_over_udp::error::report;
use ip_over_udp::lab::book::{Book, Chapter};
use ip_over_udp::lab::error::Error;
use ip_over_udp::lab::folder::{self, Running};
use ip_over_udp::lab::hosts::{self, Host, NAMES};
use ip_over_udp::lab::play::{self, Limits};
use ip_over_udp::lab::review::{self, Count};
use ip_over_udp::lab::summary::shown;
use ip_over_udp::lab::world::{self, Lifeline};
use ip_over_udp::lab::{Lab, Setup, compare, doctor, programs, recorder};

const BOLD: Style = Style::new().bold();

/// Three hosts on this machine, without root: left, the internet, and right.
#[derive(Parser)]
#[command(name = "lab", subcommand_precedence_over_arg = true, after_help = HELP)]
struct Args {
    /// The chapter to play, 06 for example [default: 00]
    chapter: Option<String>,

    #[command(subcommand)]
    command: Option<Action>,

    #[command(flatten)]
    options: Options,
}

#[derive(clap::Args)]
struct Options {
    /// Run the programs in this folder, and build nothing
    #[arg(long, value_name = "DIR", global = true)]
    bin_dir: Option<PathBuf>,

    /// Put captures below this folder [default: target/lab]
    #[arg(long, value_name = "DIR", global = true)]
    out: Option<PathBuf>,

    /// Find the book's chapters in this folder [default: book/src]
    #[arg(long, value_name = "DIR", global = true)]
    book: Option<PathBuf>,

    /// Find the reference captures in this folder [default: captures]
    #[arg(long, value_name = "DIR", global = true, hide = true)]
    captures: Option<PathBuf>,

    /// How long a command may take, for tests
    #[arg(long, value_name = "SECONDS", global = true, hide = true,
          value_parser = clap::value_parser!(u64).range(1..=600))]
    limit: Option<u64>,
}

#[derive(Subcommand)]
enum Action {
    /// Start a lab and leave it running until Ctrl-C
    Up {
        /// Give the hosts IPv6 addresses too
        #[arg(long)]
        ipv6: bool,
        /// Write no captures: for measurements, which they would disturb
        #[arg(long)]
        no_capture: bool,
    },
    /// Open a shell on a host, or run one command there
    ///
    /// Joins the lab that runs, or starts one that ends with the shell.
    Shell {
        /// The host
        #[arg(value_parser = NAMES)]
        host: String,
        /// A command to run in place of a shell
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Write what an interface of the running lab sends and receives to
    /// standard output, as pcapng
    Capture {
        /// The host
        #[arg(value_parser = NAMES)]
        host: String,
        /// An interface of that host: eth0, tun0, lo; on internet: left, right
        interface: String,
    },
    /// Lay your captures of a chapter beside the reference, and explain the
    /// first difference
    ///
    /// Exit code 0: the same. 1: a difference. 2: something else went wrong.
    Compare {
        /// The chapter, 06 for example
        chapter: String,
    },
    /// Play the book, and compare what its commands print with what it says
    ///
    /// Exit code 0: the same. 1: a difference. 2: something else went wrong.
    Check {
        /// One chapter, 06 for example [default: all]
        chapter: Option<String>,
    },
    /// Play the book, and put what its commands print into it
    ///
    /// Reference captures are replaced if they differ.
    Bless {
        /// One chapter, 06 for example [default: all]
        chapter: Option<String>,
    },
    /// Say what this machine lacks, and how to get it
    Doctor,
    /// Start a lab, open a TUN device, end: what `doctor` tries
    #[command(hide = true)]
    Trial,
}

const HELP: &str = "\
What to try:
  cargo run                     play chapter 0: a web page through a tunnel
  cargo lab 03                  play the experiment of chapter 3
  cargo lab shell left          a shell on the host left: try `ip address`
  cargo lab shell right         in another terminal: the same lab, another host
  cargo lab shell left ping -c 1 right
  cargo lab capture left eth0 | wireshark -k -i -
  cargo lab doctor              if something is missing

Captures of every interface are in target/lab, a folder for each chapter.";

fn main() -> ExitCode {
    let args = Args::parse();
    report(|| {
        let code = match Lifeline::take() {
            Some(lifeline) => inner(&args, lifeline),
            None => outer(&args),
        };
        code.map(ExitCode::from)
    })
}

/// What the reader started: builds the programs, starts the lab as the inner
/// process, and waits for it. The result is the exit code.
fn outer(args: &Args) -> anyhow::Result<u8> {
    match &args.command {
        Some(Action::Doctor) => return Ok(if doctor::report() { 0 } else { 1 }),
        Some(Action::Capture { host, interface }) => {
            return capture_live(&base(&args.options)?, host, interface);
        }
        Some(Action::Compare { chapter }) => {
            return Ok(or_2(compare_captures(&args.options, chapter)));
        }
        Some(Action::Trial) => doctor::check()?,
        Some(_) if args.chapter.is_some() => {
            bail!("a chapter and a command at once; give one of them, see cargo lab --help");
        }
        _ => {
            if let Ok(host) = std::env::var("LAB_HOST") {
                return Err(Error::Inside { host }.into());
            }
            let chapters = match chapters(args) {
                Err(why) if args.reviews() => return Ok(or_2(Err(why))),
                chapters => chapters?,
            };
            doctor::check()?;
            if args.options.bin_dir.is_none() {
                programs::build()?;
            }
            if chapters.len() > 1 {
                return one_by_one(args, &chapters);
            }
        }
    }
    if !matches!(args.command, Some(Action::Trial)) {
        programs::check(&bin_dir(&args.options)?)?;
    }
    let base = base(&args.options)?;
    if let Some(Action::Shell { host, command }) = &args.command
        && let Some(running) = folder::find(&base)
    {
        return join(&running, &bin_dir(&args.options)?, host, command);
    }
    let status = world::begin()?;
    folder::sweep(&base);
    Ok(world::exit_code(status))
}

/// The first process of the lab's own world: starts the hosts, and does on
/// them what the reader asked for.
fn inner(args: &Args, lifeline: Lifeline) -> anyhow::Result<u8> {
    let started = Instant::now();
    if let Some(chapter) = chapters(args)?.pop() {
        let played = play_chapter(args, &chapter, started, lifeline);
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
            let lab = Lab::start(&setup, lifeline, 0)?;
            greet(started);
            println!("in another terminal:  cargo lab shell left");
            if setup.capture {
                println!("captures:             {}", shown(&lab.folder).display());
            }
            println!("Ctrl-C ends the lab.");
            lab.wait_for_ever()
        }
        Some(Action::Shell { host, command }) => {
            let lab = Lab::start(&setup(&args.options, "shell", false)?, lifeline, 130)?;
            let status = shell(lab.host(host)?, command)?.status();
            let status = status.with_context(|| not_run(command))?;
            lab.wait_for_others()?;
            if command.is_empty() {
                println!("captures: {}", shown(&lab.folder).display());
            }
            if let Some(gaps) = recorder::missed(&lab.finish()?) {
                println!("{gaps}");
            }
            Ok(world::exit_code(status))
        }
        _ => trial(),
    }
}

/// The chapters that the arguments ask for, if they ask for any.
fn chapters(args: &Args) -> anyhow::Result<Vec<Chapter>> {
    let word = match (&args.chapter, &args.command) {
        (_, Some(Action::Check { chapter } | Action::Bless { chapter })) => chapter.as_deref(),
        (_, Some(_)) => return Ok(Vec::new()),
        (Some(chapter), None) => Some(chapter.as_str()),
        (None, None) => Some("00"),
    };
    let book = book(&args.options)?;
    let Some(word) = word else {
        let names = book.names()?;
        return names.iter().map(|name| book.chapter(name)).collect();
    };
    let Some(name) = book.name(word)? else {
        bail!(
            "there is no chapter and no command {word:?}\n  \
             chapters: {}\n  \
             commands: up, shell, capture, compare, check, bless, doctor; see cargo lab --help",
            book.names()?.join(", ")
        );
    };
    Ok(vec![book.chapter(&name)?])
}

impl Args {
    /// Whether exit code 1 means a difference.
    fn reviews(&self) -> bool {
        matches!(
            self.command,
            Some(Action::Check { .. } | Action::Bless { .. })
        )
    }
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
        let mut lab = Command::new(std::env::current_exe()?);
        lab.arg("--bin-dir").arg(bin_dir(&args.options)?);
        lab.arg("--out").arg(base(&args.options)?);
        let book = book(&args.options)?;
        lab.arg("--book").arg(book.folder);
        lab.arg("--captures").arg(book.captures);
        if let Some(limit) = args.options.limit {
            lab.args(["--limit", &limit.to_string()]);
        }
        let status = world::run(lab.args([verb, &chapter.name]))?;
        worst = worst.max(world::exit_code(status));
        if worst > 2 {
            return Ok(worst); // Ctrl-C
        }
        total = total.and(Count::of(chapter));
    }
    if let Some(Action::Check { .. }) = args.command {
        println!("{} chapters: {}", chapters.len(), total.told());
    }
    Ok(worst)
}

fn setup(options: &Options, name: &str, ipv6: bool) -> anyhow::Result<Setup> {
    Ok(Setup {
        programs: bin_dir(options)?,
        base: base(options)?,
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
    lifeline: Lifeline,
) -> anyhow::Result<u8> {
    let mut limits = Limits::default();
    if let Some(limit) = args.options.limit.map(Duration::from_secs) {
        (limits.end, limits.ready) = (limit, limit);
    }
    let transcript = &chapter.transcript;
    let machine = transcript.uses_machine().then(play::machine).transpose()?;
    let setup = setup(&args.options, &chapter.name, transcript.ipv6())?;
    let book = book(&args.options)?;
    let lab = Lab::start(&setup, lifeline, 130)?;
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
    anstream::println!(
        "{BOLD}left{BOLD:#} 198.51.100.2 --- {BOLD}internet{BOLD:#} --- 203.0.113.2 \
         {BOLD}right{BOLD:#}    (ready in {} ms)",
        started.elapsed().as_millis()
    );
}

/// `lab compare`: the exit code is 0 if there is no difference.
fn compare_captures(options: &Options, word: &str) -> anyhow::Result<u8> {
    let book = book(options)?;
    let Some(chapter) = book.name(word)? else {
        let names = book.names()?.join(", ");
        bail!("there is no chapter {word:?}; there are {names}");
    };
    let (mine, reference) = (base(options)?.join(&chapter), book.reference(&chapter));
    if !mine.join("all.pcapng").exists() {
        bail!("there is no capture of chapter {chapter} yet; make one: cargo lab {chapter}");
    }
    let Some(difference) = compare::compare(&mine, &reference)? else {
        println!("chapter {chapter}: every packet is as in the reference");
        return Ok(0);
    };
    let interface = &difference.interface;
    println!("chapter {chapter}, {interface}: {}\n", difference.words);
    for (folder, packet) in [(mine, difference.mine), (reference, difference.reference)] {
        let file = folder.join(format!("{interface}.pcap"));
        if file.exists() {
            let go = packet.map_or(String::new(), |packet| format!(" -g {packet}"));
            println!(
                "wireshark -d udp.port==9876,ip{go} {}",
                shown(&file).display()
            );
        }
    }
    Ok(1)
}

/// A shell on a host, which has the terminal while it runs, or one command.
fn shell(host: &Host, command: &[String]) -> anyhow::Result<Command> {
    if let [program, arguments @ ..] = command {
        let mut program = host.command(program)?;
        program.args(arguments);
        return Ok(program);
    }
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
    let status = world::run(&mut shell(&host, command)?);
    Ok(world::exit_code(status.with_context(|| not_run(command))?))
}

/// `lab capture`: until the reader of our output or the lab is gone.
fn capture_live(base: &Path, host: &str, interface: &str) -> anyhow::Result<u8> {
    if std::io::stdout().is_terminal() {
        bail!(
            "a capture is no text; send it to a program or to a file\n  \
             cargo lab capture {host} {interface} | wireshark -k -i -\n  \
             cargo lab capture {host} {interface} > {interface}.pcapng"
        );
    }
    let Some(running) = folder::find(base) else {
        bail!("no lab is running\n  start one in another terminal: cargo lab up");
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

fn bin_dir(options: &Options) -> anyhow::Result<PathBuf> {
    match &options.bin_dir {
        None => programs::beside_this_one(),
        Some(dir) => {
            let found = dir.canonicalize();
            found.with_context(|| format!("cannot find the folder {}", dir.display()))
        }
    }
}

fn book(options: &Options) -> anyhow::Result<Book> {
    Book::at(options.book.as_deref(), options.captures.as_deref())
}

fn base(options: &Options) -> anyhow::Result<PathBuf> {
    Ok(match &options.out {
        None => Path::new(programs::TREE).join("target/lab"),
        Some(out) => std::path::absolute(out)?,
    })
}
