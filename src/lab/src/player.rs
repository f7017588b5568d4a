//! Plays a chapter: its commands on the hosts, as if typed.
//!
//! What they print is shown as it comes, or compared with what the book says,
//! or put into the book. Each command waits for the end of the one before; one
//! with `&` at its end runs on as soon as it has printed the lines that are
//! below it, and what it prints later is shown by `fg`.

use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use anstyle::Style;
use anyhow::{Context, bail};

use crate::book::Chapter;
use crate::evidence::{Evidence, LINES};
use crate::executor::{Executor, Limits, Printed};
use crate::lab::Lab;
use crate::matching;
use crate::namespace;
use crate::programs;
use crate::shell::Shell;
use crate::transcript::{Block, MACHINE, Step};
use ip_over_udp::capture;
use ip_over_udp::output::{eprintln, println};

/// What is done with what the commands print.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    /// It is shown as it comes.
    Show,
    /// It is compared with the book.
    Check,
    /// It is put into the book.
    Bless,
    /// It is compared with the book, up to the first difference.
    Try,
}

const PROSE: Style = Style::new().dimmed();

/// A shell on the reader's own machine. To be called in the inner process
/// before it leaves the machine's network and mounts.
pub fn machine() -> anyhow::Result<Shell> {
    let mut bash = Command::new(Shell::program());
    namespace::outside(&mut bash);
    bash.current_dir(programs::tree().unwrap_or("/".into()));
    Shell::start(MACHINE, bash)
}

/// Plays one chapter in one lab.
pub struct Player<'a> {
    lab: &'a Lab,
    chapter: &'a Chapter,
    mode: Mode,
    executor: Executor<'a>,
    /// How many commands printed something else than expected.
    pub differences: usize,
    /// New output for lines of the chapter's file.
    pub changes: Vec<(Range<usize>, Vec<String>)>,
    /// The first difference, if that is all that is asked for.
    pub first: Option<Difference>,
    /// Each command so far, and when it was given.
    commands: Vec<(Duration, String)>,
}

/// Where and how a command printed something else than expected.
pub struct Difference {
    /// In words.
    pub words: String,
    /// What may help to see why.
    pub evidence: Evidence,
}

impl<'a> Player<'a> {
    /// Gets ready to play. `machine` is the reader's own, if the chapter uses it.
    pub fn new(
        lab: &'a Lab,
        chapter: &'a Chapter,
        mode: Mode,
        limits: Limits,
        machine: Option<Shell>,
    ) -> anyhow::Result<Player<'a>> {
        let (shows, listens) = (mode == Mode::Show, mode == Mode::Bless);
        Ok(Player {
            lab,
            chapter,
            mode,
            executor: Executor::new(lab, limits, shows, listens, machine)?,
            differences: 0,
            changes: Vec::new(),
            first: None,
            commands: Vec::new(),
        })
    }

    /// Plays these blocks, and says what differs on standard output.
    pub fn play(&mut self, blocks: impl Iterator<Item = &'a Block>) -> anyhow::Result<()> {
        let chapter = self.chapter;
        let blocks: Vec<_> = blocks.collect();
        // One heading over everything says nothing.
        let sections = blocks
            .iter()
            .skip(1)
            .any(|block| !block.headings.is_empty());
        let mut uncaptured = false;
        for block in blocks {
            if block.uncaptured != uncaptured {
                uncaptured = block.uncaptured;
                self.lab.pause_captures(uncaptured);
            }
            if self.mode == Mode::Show {
                println!();
                for heading in block.headings.iter().filter(|_| sections) {
                    styled!("{PROSE}{}{PROSE:#}\n", heading.text);
                }
            }
            for step in &block.steps {
                let place = format!("{}:{}", chapter.shown, step.line);
                let (command, host) = (&step.command, &step.host);
                let what = || format!("{place}: `{command}` on {host}");
                self.commands.push((capture::now(), step.typed()));
                let printed = match self.executor.step(step).with_context(what) {
                    // A program that does not end is what the reader wrote.
                    Err(err) if self.mode == Mode::Try => {
                        self.first = Some(self.difference(step, format!("{err:#}\n")));
                        return Ok(());
                    }
                    printed => printed?,
                };
                if let Some(line) = self.not_found(step, &printed) {
                    bail!(
                        "{}: {line}\n  see how to install it with: cargo lab doctor",
                        what()
                    );
                }
                match self.mode {
                    Mode::Show => {
                        if let Some(late) = printed.late {
                            eprintln!("{place}: {late}");
                        }
                    }
                    Mode::Check | Mode::Try => {
                        let Some(mut words) = self.compare(step, &printed) else {
                            continue;
                        };
                        words += &self.executor.ended_early()?;
                        if self.mode == Mode::Try {
                            self.first = Some(self.difference(step, words));
                            return Ok(());
                        }
                        println!("{words}");
                        self.differences += 1;
                    }
                    // A bless would put ^C behind the last line of a program
                    // that is gone by then.
                    Mode::Bless if printed.ended_early => {
                        bail!("{}: it ended by itself, before ^C", what());
                    }
                    Mode::Bless => self.bless(step, printed),
                }
            }
        }
        if uncaptured {
            self.lab.pause_captures(false);
        }
        Ok(())
    }

    /// What the shell says of a program that this machine lacks, unless the
    /// book has it say so.
    fn not_found(&self, step: &Step, printed: &Printed) -> Option<String> {
        let says = |line: &&String| line.ends_with(": command not found");
        let after = step.after.iter().flatten();
        if step.before.iter().chain(after).any(|line| says(&line)) {
            return None;
        }
        let after = printed.after.iter().flatten();
        let mut lines = printed.before.iter().chain(after);
        lines.find(says).cloned()
    }

    /// Where and how a step printed something else than the book says.
    fn compare(&self, step: &Step, printed: &Printed) -> Option<String> {
        let nothing = Vec::new();
        let mut line = step.output.start + 1;
        let mut words = String::new();
        for (expected, got) in [
            (Some(&step.before), Some(&printed.before)),
            (step.after.as_ref(), printed.after.as_ref()),
        ] {
            let (expected, got) = (expected.unwrap_or(&nothing), got.unwrap_or(&nothing));
            if !matching::matches(expected, got) {
                let (at, difference) = matching::difference(expected, got);
                let typed = step.typed();
                // What comes too much has no line; it comes after the last.
                let at = line + at - usize::from(at == expected.len());
                let late = printed.late.as_ref().filter(|_| words.is_empty());
                let late = late.map_or(String::new(), |late| format!("  {late}\n"));
                let shown = &self.chapter.shown;
                words += &format!("{shown}:{at}: {typed}\n{late}{difference}");
            }
            line += expected.len() + 1; // ^C has a line too
        }
        Some(words).filter(|words| !words.is_empty())
    }

    /// This difference, in the last step that was played, with what was noted.
    fn difference(&mut self, step: &Step, words: String) -> Difference {
        let moment = |at: Option<&(Duration, String)>| at.map_or(Duration::ZERO, |(time, _)| *time);
        let start = moment(self.commands.first());
        let lines = std::mem::take(&mut self.executor.log);
        let mut evidence = Evidence {
            // One that stopped as it started has nothing to do with packets.
            host: (!step.background).then(|| step.host.clone()),
            start,
            since: match lines.is_empty() {
                true => moment(self.commands.last()),
                false => start,
            },
            timeline: Vec::new(),
        };
        // Lines that it printed as it started, and as it was waited for, came when
        // one would expect it.
        let during = |at| self.commands.iter().rposition(|(given, _)| *given <= at);
        let own = lines.first().and_then(|(at, _)| during(*at));
        let last = self.commands.len().checked_sub(1);
        let meanwhile = |(at, _): &(Duration, String)| ![own, last].contains(&during(*at));
        if lines.len() <= LINES && lines.iter().any(meanwhile) {
            let lines = lines.into_iter().filter(|(_, line)| !line.is_empty());
            let lines = lines.map(|(at, line)| (at, format!("  {line}")));
            evidence.timeline = self.commands.drain(..).chain(lines).collect();
            evidence.timeline.sort_by_key(|(at, _)| *at);
        }
        Difference { words, evidence }
    }

    fn bless(&mut self, step: &Step, printed: Printed) {
        let nothing = Vec::new();
        let before = matching::bless(&step.before, &printed.before);
        let after = printed
            .after
            .map(|after| matching::bless(step.after.as_ref().unwrap_or(&nothing), &after));
        let new = Step::printed(&before, after.as_deref());
        if new != Step::printed(&step.before, step.after.as_deref()) {
            self.changes.push((step.output.clone(), new));
        }
    }
}
