//! What each word of the command line needs, and where it is done: the one table
//! of both processes of a lab, in which no action can be forgotten.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use lab::{doctor, hosts, namespace, programs};

use crate::chapters::{self, Mode};
use crate::cli::{Action, Options, this_program};
use crate::job::{Job, Needs, Place};
use crate::{exercises, terminals, views, watching};

/// How this action is done.
pub fn job<'a>(action: &'a Action, options: &'a Options) -> anyhow::Result<Job<'a>> {
    let (needs, place) = match action {
        Action::Play { chapter } => {
            let mode = Mode::Show {
                journey: chapter.is_none(),
            };
            // `cargo run` compiles no more than it must: it is what a reader tries first.
            let needs = match chapter {
                Some(_) => Needs::View,
                None => Needs::Programs,
            };
            let chapter = chapter.as_deref().unwrap_or("00");
            (needs, chapters::job(options, Some(chapter), mode)?)
        }
        Action::Check { chapter } => {
            let place = chapters::job(options, chapter.as_deref(), Mode::Check)?;
            (Needs::Programs, place)
        }
        Action::Bless {
            chapter,
            only,
            times,
        } => {
            let times = *times;
            let mode = Mode::Bless { only: *only, times };
            let place = chapters::job(options, chapter.as_deref(), mode)?;
            (Needs::Programs, place)
        }
        Action::Exercise { which, hint, watch } => match *watch {
            // Builds the programs itself, again and again.
            true => (Needs::Outside, watching::job(options, which, *hint)?),
            false => (Needs::Programs, exercises::job(options, which, *hint)?),
        },
        Action::Compare { chapter } => (
            Needs::Nothing,
            Place::Here(Box::new(|| chapters::compare(options, chapter))),
        ),
        // From a host, a browser would not reach it.
        Action::View {
            live: true, open, ..
        } => (
            Needs::Outside,
            Place::Here(Box::new(|| views::live(options, *open))),
        ),
        Action::View {
            what, open, page, ..
        } => (
            Needs::Nothing,
            Place::Here(Box::new(|| {
                views::view(options, what, page.as_deref(), *open)
            })),
        ),
        Action::Up { ipv6, no_capture } => (
            Needs::Programs,
            Place::Lab(Box::new(move |watch| {
                terminals::up(options, *ipv6, !no_capture, watch)
            })),
        ),
        Action::Shell {
            ipv6,
            host,
            command,
        } => (
            Needs::Programs,
            Place::RunningLab(
                Box::new(|running| terminals::join(options, running, host, command)),
                Box::new(|watch| terminals::shell(options, *ipv6, host, command, watch)),
            ),
        ),
        Action::Capture { host, interface } => (
            Needs::Nothing,
            Place::Here(Box::new(|| terminals::capture(options, host, interface))),
        ),
        Action::Bench { options } => (Needs::Outside, Place::Here(Box::new(|| bench(options)))),
        Action::Doctor => (
            Needs::Nothing,
            Place::Here(Box::new(|| {
                let ready = doctor::report(this_program().arg("trial"));
                Ok(if ready { 0 } else { 1 })
            })),
        ),
        Action::Trial => (Needs::Machine, Place::Lab(Box::new(|_| trial()))),
    };
    Ok(Job { needs, place })
}

/// Has the benchmark compiled, which is no part of `cargo run`, and run.
fn bench(options: &[String]) -> anyhow::Result<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut bench = Command::new(cargo);
    bench.args(["run", "--quiet", "--release", "--package", "bench"]);
    bench
        .arg("--manifest-path")
        .arg(programs::tree()?.join("Cargo.toml"));
    bench.arg("--").args(options);
    namespace::run_family(&mut bench)
}

/// Makes the hosts, opens a TUN device on one of them, and ends.
fn trial() -> anyhow::Result<u8> {
    let hosts = hosts::create(Path::new(""), false)?;
    let (left, _) = hosts.first().context("there are no hosts")?;
    let tun = ["tuntap", "add", "dev", "tun0", "mode", "tun"];
    let output = left.command("ip")?.args(tun).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{}", said.trim().to_owned());
    }
    Ok(0)
}
