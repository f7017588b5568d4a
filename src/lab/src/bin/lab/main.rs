//! The command line of the lab: `cargo run` and `cargo lab …`.
//!
//! | module | what it is for |
//! |---|---|
//! | `cli` | the words that the lab understands |
//! | `job` | something to be done: what it needs, and which process does it |
//! | `actions` | the job for each word |
//! | `chapters` | play, check, bless and compare a chapter |
//! | `exercises` | play the exercises of a chapter |
//! | `watching` | the same after each change of the programs |
//! | `views` | a page with the packets of captures |
//! | `terminals` | labs for the reader's own commands: up, shell, capture |

#![forbid(unsafe_code)]

mod actions;
mod chapters;
mod cli;
mod exercises;
mod job;
mod terminals;
mod views;
mod watching;

use std::process::ExitCode;

use clap::Parser;
use ip_over_udp::output::{self, eprintln};
use ip_over_udp::program::report;
use lab::namespace::{self, Lifeline};
use lab::{doctor, programs, run_dir};

use cli::{Action, Args, Options, this_program};
use job::{Job, Needs, Place};

fn main() -> ExitCode {
    report(|| {
        let lifeline = Lifeline::take();
        if matches!(lifeline, Ok(None)) {
            namespace::prepare()?;
        }
        let args = Args::parse();
        let verifies = args.command.as_ref().is_some_and(Action::verifies);
        if verifies {
            output::set_write_error_code(2);
        }
        match lifeline.and_then(|lifeline| run(lifeline, &args)) {
            // Where 1 means a difference.
            Err(err) if verifies => {
                eprintln!("error: {err:#}");
                Ok(ExitCode::from(2))
            }
            code => code.map(ExitCode::from),
        }
    })
}

/// Does what the command line says, or this process's part of it. The result is
/// the exit code.
fn run(lifeline: Option<Lifeline>, args: &Args) -> anyhow::Result<u8> {
    let action = args.action()?;
    let Some(lifeline) = lifeline else {
        // There may be no book where a shell of the lab is.
        let job = actions::job(&action, &args.options);
        return outer(job.map_err(|err| inside().unwrap_or(err))?, &args.options);
    };
    let watch = lifeline.watch()?;
    let code = actions::job(&action, &args.options)?.inner(&watch);
    watch.wait_if_it_ends();
    code
}

/// In the process that the reader started: sees to what the job needs, and does
/// it, or has it done by the first process of a new lab. The result is the exit
/// code.
fn outer(job: Job, options: &Options) -> anyhow::Result<u8> {
    if job.needs > Needs::Nothing {
        doctor::check()?;
    }
    if job.needs >= Needs::Outside
        && let Some(err) = inside()
    {
        return Err(err);
    }
    if job.needs >= Needs::Programs {
        if options.bin_dir.is_none() {
            programs::build()?;
            if job.needs == Needs::View {
                programs::build_view()?;
            }
        }
        programs::check(&options.bin_dir()?)?;
    }
    let base = match job.place {
        Place::Here(done) => return done(),
        Place::Lab(_) => options.base(),
        Place::RunningLab(join, _) => {
            let base = options.base()?;
            if let Some(running) = run_dir::find(&base) {
                return join(&running);
            }
            Ok(base)
        }
    };
    let mut inner = this_program();
    inner.args(std::env::args_os().skip(1));
    let code = namespace::begin(inner)?;
    // A trial leaves nothing to sweep, and needs no tree for it.
    if let Ok(base) = base {
        run_dir::sweep(&base);
    }
    Ok(code)
}

/// Why there is no other lab inside a lab, if this is inside one.
fn inside() -> Option<anyhow::Error> {
    let host = std::env::var("LAB_HOST").ok()?;
    Some(lab::error::Error::Inside { host }.into())
}
