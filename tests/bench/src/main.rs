//! Tunnels side by side: `cargo lab bench`.
//!
//! | module | what it is for |
//! |---|---|
//! | `cable` | two hosts with one cable between them |
//! | `contestant` | what is compared, and how it is started |
//! | `traffic` | what is sent through a tunnel, and counted behind it |
//! | `machine` | the time that processors spent |
//! | `run` | one run: start a contestant, measure it, end it |
//! | `results` | what was measured; medians |
//! | `table`, `plot` | how it is shown |
//!
//! The outer process builds the programs; the inner one, in namespaces of its own,
//! measures. Whatever ends them, the kernel ends all that they started.

#![forbid(unsafe_code)]

mod cable;
mod contestant;
mod machine;
mod plot;
mod results;
mod run;
mod table;
mod traffic;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use ip_over_udp::output::{eprintln, println};
use ip_over_udp::program::report;
use lab::namespace::{self, Lifeline};
use lab::programs;

use contestant::Contestant;
use results::Results;
use run::What;

/// Measure tunnels side by side, each in turn, round after round.
#[derive(Parser)]
#[command(name = "cargo lab bench", bin_name = "cargo lab bench", after_help = HELP)]
pub struct Args {
    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [What::Tcp])]
    what: Vec<What>,

    /// What to compare, separated by commas: ch06, ch11:gso, vxlan … [default: all that this machine has]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    against: Vec<String>,

    /// What the cable carries
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Underlay::Super, Underlay::Frames])]
    underlay: Vec<Underlay>,

    /// How often each is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,

    /// How long each transfer takes
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,

    /// Write all results to this file, after each round [default: target/bench/results.json]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Measure nothing: show the results in this file
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Draw the results into this folder, as SVG for the book
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,

    /// Run the programs in this folder, and build nothing
    #[arg(long, value_name = "DIR", hide = true)]
    bin_dir: Option<PathBuf>,
}

/// What the cable between the two hosts carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Underlay {
    /// Super-packets of up to 64 KB, uncut: what a veth does
    Super,
    /// Frames of 1500 bytes, into which the kernel cuts everything, as for a network card
    Frames,
}

const HELP: &str = "\
Only ratios within one run mean something: the machine's speed changes from minute
to minute. Close other programs. Runs in which the hypervisor took more than 6 % of
the machine, or other programs more than 10 %, are left out and counted.

  cargo lab bench                                     TCP, everything, some minutes
  cargo lab bench --against ch06,ch11 --underlay super
  cargo lab bench --against ch06,ch11:none,ch11:threads,ch11:batch,ch11:gso,ch11
  cargo lab bench --what packets,ping --against ch06,ch11";

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=30.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number from 0.1 to 30 is needed".to_owned()),
    }
}

fn main() -> ExitCode {
    report(|| {
        let lifeline = Lifeline::take()?;
        if lifeline.is_none() {
            namespace::prepare()?;
        }
        let args = Args::parse();
        if let Some(file) = &args.from {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let results: Results = serde_json::from_str(&text)
                .with_context(|| format!("{} has no results of this program", file.display()))?;
            show(&results, &args)?;
            return Ok(ExitCode::SUCCESS);
        }
        let Some(lifeline) = lifeline else {
            return outer(&args).map(ExitCode::from);
        };
        let watch = lifeline.watch()?;
        let done = inner(&args);
        watch.wait_if_it_ends();
        done.map(|()| ExitCode::SUCCESS)
    })
}

/// In the process that the reader started.
fn outer(args: &Args) -> anyhow::Result<u8> {
    // What is wrong with the names is said before anything is built.
    contestants(args)?;
    if args.bin_dir.is_none() {
        programs::build()?;
    }
    let mut inner = Command::new(std::env::current_exe()?);
    inner.args(std::env::args_os().skip(1));
    namespace::begin(inner)
}

fn contestants(args: &Args) -> anyhow::Result<Vec<Contestant>> {
    let all = Contestant::all();
    let mut chosen = Vec::new();
    if args.against.is_empty() {
        for contestant in &all {
            match contestant.lacking() {
                None => chosen.push(contestant.clone()),
                Some(program) => eprintln!("without {}: there is no {program}", contestant.name()),
            }
        }
    }
    for name in &args.against {
        let Some(contestant) = Contestant::named(name) else {
            let names: Vec<_> = all.iter().map(Contestant::name).collect();
            bail!("there is no {name}\n  the names are {}", names.join(", "));
        };
        if let Some(program) = contestant.lacking() {
            bail!("{name} needs the program {program}, which is not installed");
        }
        chosen.push(contestant);
    }
    Ok(chosen)
}

fn inner(args: &Args) -> anyhow::Result<()> {
    let contestants = contestants(args)?;
    let programs = match &args.bin_dir {
        Some(folder) => folder.clone(),
        None => programs::beside_this_one()?,
    };
    let json = match &args.json {
        Some(file) => file.clone(),
        None => programs::tree()?.join("target/bench/results.json"),
    };
    cable::own_proc()?;
    let mut results = Results::new(args.seconds);
    for contestant in &contestants {
        if let Some(version) = contestant.version() {
            results
                .versions
                .insert(contestant.name().to_owned(), version);
        }
    }
    let total = args.underlay.len() * args.rounds as usize * contestants.len();
    let mut nth = 0;
    for round in 0..args.rounds as usize {
        for underlay in &args.underlay {
            // In another order in each round: none always comes after the same one.
            for at in 0..contestants.len() {
                let contestant = &contestants[(at + round) % contestants.len()];
                nth += 1;
                eprintln!("{nth} of {total}: {} ({underlay:?})", contestant.name());
                let done = run::run(contestant, *underlay, args, &programs);
                match done {
                    Ok(run) => results.add(run),
                    Err(err) => {
                        eprintln!("{}: {err:#}", contestant.name());
                        results.failed += 1;
                    }
                }
            }
        }
        results.save(&json)?;
    }
    show(&results, args)?;
    println!("all numbers: {}", json.display());
    Ok(())
}

fn show(results: &Results, args: &Args) -> anyhow::Result<()> {
    println!("{}", table::of(results));
    if let Some(folder) = &args.plot {
        plot::write(results, folder)?;
    }
    Ok(())
}
