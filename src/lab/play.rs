//! Plays a chapter: its commands on the hosts, as if typed.
//!
//! What they print is shown as it comes, or compared with what the book says,
//! or put into the book. Each command waits for the end of the one before; one
//! with `&` at its end runs on as soon as it has printed the lines that stand
//! below it, and what it prints later is shown by `fg`.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anstyle::Style;
use anyhow::{Context, anyhow, bail};
use nix::unistd::Pid;

use super::Lab;
use super::book::Chapter;
use super::folder::OUTPUT;
use super::matching::{self, Prefix, cut};
use super::programs::TREE;
use super::shell::{self, MOMENT, Shell, Tail};
use super::transcript::{MACHINE, Step};
use super::world;

/// What is done with what the commands print.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    /// It is shown as it comes.
    Show,
    /// It is compared with the book.
    Check,
    /// It is put into the book.
    Bless,
}

/// How long things may take.
#[derive(Clone, Copy)]
pub struct Limits {
    /// A command, until its end.
    pub end: Duration,
    /// A program in the background, until it has printed its first lines.
    pub ready: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            end: Duration::from_secs(30),
            ready: Duration::from_secs(5),
        }
    }
}

/// How long a program must print nothing to have said what it had to say.
const SILENCE: Duration = Duration::from_millis(100);

/// How long a new block waits for the first words of a program with `&`.
const FIRST_WORDS: Duration = Duration::from_secs(1);

const PROMPT: Style = Style::new().bold();
const PROSE: Style = Style::new().dimmed();

/// A shell on the reader's own machine. To be called in the inner process
/// before it leaves the machine's network and mounts.
pub fn machine() -> anyhow::Result<Shell> {
    let mut bash = Command::new(Shell::program());
    world::outside(&mut bash);
    // Tests run as users who may not enter the tree.
    let folder = if fs::read_dir(TREE).is_ok() {
        TREE
    } else {
        "/"
    };
    bash.current_dir(folder);
    Shell::start(MACHINE, bash)
}

/// A program that was started with `&`.
struct Job {
    group: Pid,
    tail: Tail,
    /// What it has printed, and nobody has seen yet.
    kept: Vec<String>,
}

/// What a command printed, up to Ctrl-C if there was one, and after it.
#[derive(Default)]
struct Printed {
    before: Vec<String>,
    after: Option<Vec<String>>,
    /// For what was waited in vain.
    late: Option<String>,
}

/// Plays one chapter in one lab.
pub struct Player<'a> {
    lab: &'a Lab,
    chapter: &'a Chapter,
    mode: Mode,
    limits: Limits,
    shells: Vec<Shell>,
    jobs: Vec<Job>,
    /// The folder for what the commands print.
    output: PathBuf,
    files: usize,
    /// How many commands printed something else than expected.
    pub differences: usize,
    /// New output for lines of the chapter's file.
    pub changes: Vec<(Range<usize>, Vec<String>)>,
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
        let output = lab.folder.join(OUTPUT);
        fs::create_dir_all(&output)
            .with_context(|| format!("cannot create {}", output.display()))?;
        Ok(Player {
            lab,
            chapter,
            mode,
            limits,
            shells: machine.into_iter().collect(),
            jobs: Vec::new(),
            output,
            files: 0,
            differences: 0,
            changes: Vec::new(),
        })
    }

    /// Plays all blocks, and says what differs on standard output.
    pub fn play(&mut self) -> anyhow::Result<()> {
        let chapter = self.chapter;
        for block in chapter.transcript.played() {
            if self.mode == Mode::Show {
                println!();
                for heading in &block.headings {
                    anstream::println!("{PROSE}{heading}{PROSE:#}\n");
                }
            }
            for step in &block.steps {
                let place = format!("{}:{}", chapter.shown, step.line);
                let (command, host) = (&step.command, &step.host);
                let what = || format!("{place}: `{command}` on {host}");
                let printed = self.step(step).with_context(what)?;
                if let Some(line) = self.not_found(step, &printed) {
                    bail!("{}: {line}\n  cargo lab doctor may say more", what());
                }
                match self.mode {
                    Mode::Show => {
                        if let Some(late) = printed.late {
                            eprintln!("{place}: {late}");
                        }
                    }
                    Mode::Check => self.compare(step, &printed),
                    Mode::Bless => self.bless(step, printed),
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> anyhow::Result<Printed> {
        if self.mode == Mode::Show {
            let and = if step.background { " &" } else { "" };
            let (host, command) = (&step.host, &step.command);
            anstream::println!("{PROMPT}{host}${PROMPT:#} {command}{and}");
        }
        let mut shell = self.shell(&step.host)?;
        let words: Vec<_> = step.command.split_whitespace().collect();
        let printed = match words[..] {
            _ if step.background => self.start(&mut shell, step),
            ["fg"] => self.resume(&mut shell, step, "%+"),
            ["fg", job] => self.resume(&mut shell, step, job),
            _ if step.after.is_some() => self.run_until_interrupt(&mut shell, step),
            _ => self.run(&mut shell, step),
        };
        self.shells.push(shell);
        printed
    }

    /// The shell of this host, taken out of the list. It starts when first
    /// used.
    fn shell(&mut self, host: &str) -> anyhow::Result<Shell> {
        if let Some(at) = self.shells.iter().position(|shell| shell.host == host) {
            return Ok(self.shells.swap_remove(at));
        }
        let bash = self.lab.host(host)?.command(Shell::program())?;
        Shell::start(host, bash)
    }

    fn file(&mut self) -> anyhow::Result<Tail> {
        self.files += 1;
        Tail::create(self.output.join(self.files.to_string()))
    }

    /// A command in the foreground, to its end.
    fn run(&mut self, shell: &mut Shell, step: &Step) -> anyhow::Result<Printed> {
        let mut tail = self.file()?;
        let mut before = Vec::new();
        shell.run(&step.command, &tail.path)?;
        let deadline = Instant::now() + self.limits.end;
        while shell.ended(MOMENT)?.is_none() {
            self.show(tail.read()?, &mut before);
            if Instant::now() >= deadline {
                return Err(self.hangs(step, &before, &step.before));
            }
        }
        self.show(tail.rest()?, &mut before);
        let _ = fs::remove_file(&tail.path);
        // The end of a connection, for example, comes after the end of the
        // program that made it.
        self.lab.settle();
        Ok(Printed {
            before,
            ..Printed::default()
        })
    }

    /// A command that stays in the background, until it has printed what is
    /// expected.
    fn start(&mut self, shell: &mut Shell, step: &Step) -> anyhow::Result<Printed> {
        let tail = self.file()?;
        let Some(mut job) = self.job(shell, &format!("{} &", step.command), tail)? else {
            bail!("this does not start a program in the background");
        };
        let expected = &step.before;
        let started = Instant::now();
        let mut printed = Printed::default();
        let taken = loop {
            let alive = shell::is_alive(job.group);
            job.kept.extend(job.tail.read()?);
            if expected.is_empty() {
                let words = self.mode == Mode::Bless && alive && started.elapsed() < FIRST_WORDS;
                if !words || !job.kept.is_empty() {
                    break None;
                }
            }
            match matching::prefix(expected, &job.kept) {
                Prefix::Came(lines) if !expected.is_empty() => break Some(lines),
                Prefix::Never(_) => break None,
                Prefix::Waits(line) if started.elapsed() >= self.limits.ready => {
                    printed.late = Some(self.waited(&expected[line..], self.limits.ready));
                    break None;
                }
                _ if !alive => break None,
                _ => thread::sleep(MOMENT),
            }
        };
        let taken = match taken {
            Some(lines) => lines,
            // Nothing is expected, and what is printed is for `fg`.
            None if expected.is_empty() && self.mode != Mode::Bless => 0,
            None => {
                let mut lines = 0;
                while job.kept.len() > lines && started.elapsed() < self.limits.ready {
                    lines = job.kept.len();
                    thread::sleep(SILENCE);
                    job.kept.extend(job.tail.read()?);
                }
                job.kept.len()
            }
        };
        let lines = job.kept.drain(..taken).collect();
        self.show(lines, &mut printed.before);
        self.jobs.push(job);
        Ok(printed)
    }

    /// `fg`: a program from the background, to its end.
    fn resume(&mut self, shell: &mut Shell, step: &Step, job: &str) -> anyhow::Result<Printed> {
        let group = shell.group(job)?;
        let at = self.jobs.iter().position(|job| Some(job.group) == group);
        let mut job = at.map(|at| self.jobs.remove(at));
        self.foreground(shell, step, job.as_mut())
    }

    /// A command that Ctrl-C ends: like one of the background, and `fg`.
    fn run_until_interrupt(&mut self, shell: &mut Shell, step: &Step) -> anyhow::Result<Printed> {
        let tail = self.file()?;
        let Some(mut job) = self.job(shell, &format!("{{ {}\n}} &", step.command), tail)? else {
            bail!("there is nothing for ^C to end");
        };
        let fg = Step {
            command: "fg".to_owned(),
            ..step.clone()
        };
        let mut own = self.file()?;
        shell.run("fg", &own.path)?;
        self.until_end(shell, &fg, &mut own, Some(&mut job), true)
    }

    fn foreground(
        &mut self,
        shell: &mut Shell,
        step: &Step,
        job: Option<&mut Job>,
    ) -> anyhow::Result<Printed> {
        let mut own = self.file()?;
        shell.run(&step.command, &own.path)?;
        self.until_end(shell, step, &mut own, job, false)
    }

    /// Shows what `fg` prints, which is the command line, and what the job
    /// prints; ends it with Ctrl-C, once what stands before that has come.
    fn until_end(
        &mut self,
        shell: &mut Shell,
        step: &Step,
        own: &mut Tail,
        mut job: Option<&mut Job>,
        hide_own: bool,
    ) -> anyhow::Result<Printed> {
        let mut printed = Printed::default();
        let deadline = Instant::now() + self.limits.end;
        let mut named = false;
        let mut ended = false;
        let mut interrupted = false;
        loop {
            ended = ended || shell.ended(MOMENT)?.is_some();
            let mut new = if ended { own.rest()? } else { own.read()? };
            named |= !new.is_empty();
            if hide_own {
                new.clear();
            }
            if let Some(job) = job.as_mut().filter(|_| named || ended) {
                new.append(&mut job.kept);
                new.extend(if ended {
                    job.tail.rest()?
                } else {
                    job.tail.read()?
                });
            }
            let part = printed.after.as_mut().unwrap_or(&mut printed.before);
            self.show(new, part);
            if ended {
                break;
            }
            let late = Instant::now() >= deadline;
            if step.after.is_none() || interrupted {
                if late {
                    let (expected, got) = match &printed.after {
                        Some(after) => (step.after.as_deref().unwrap_or(&[]), after),
                        None => (step.before.as_slice(), &printed.before),
                    };
                    return Err(self.hangs(step, got, expected));
                }
                continue;
            }
            match matching::prefix(&step.before, &printed.before) {
                Prefix::Waits(line) if late => {
                    printed.late = Some(self.waited(&step.before[line..], self.limits.end));
                }
                Prefix::Waits(_) => continue,
                Prefix::Came(_) | Prefix::Never(_) => (),
            }
            interrupted = true;
            self.lab.settle();
            if let Some(job) = job.as_mut() {
                let new = job.tail.read()?;
                self.show(new, &mut printed.before);
                self.show_interrupt();
                printed.after = Some(Vec::new());
                shell::interrupt(job.group);
            }
        }
        self.lab.settle();
        let _ = fs::remove_file(&own.path);
        if let Some(job) = job {
            let _ = fs::remove_file(&job.tail.path);
        }
        if step.after.is_some() && printed.after.is_none() {
            self.show_interrupt();
            printed.after = Some(Vec::new());
            printed.late = Some("it ended by itself, before ^C".to_owned());
        }
        Ok(printed)
    }

    /// Starts a job, and learns its group.
    fn job(&mut self, shell: &mut Shell, command: &str, tail: Tail) -> anyhow::Result<Option<Job>> {
        let before = shell.group("%+")?;
        shell.run(command, &tail.path)?;
        if shell.ended(self.limits.ready)?.is_none() {
            bail!("the shell did not start it within {:?}", self.limits.ready);
        }
        let group = shell.group("%+")?.filter(|_| shell.status == "0");
        let group = group.filter(|group| Some(*group) != before);
        Ok(group.map(|group| Job {
            group,
            tail,
            kept: Vec::new(),
        }))
    }

    fn show(&self, new: Vec<String>, all: &mut Vec<String>) {
        if self.mode == Mode::Show {
            for line in &new {
                println!("{line}");
            }
        }
        all.extend(new);
    }

    fn show_interrupt(&self) {
        if self.mode == Mode::Show {
            println!("^C");
        }
    }

    fn waited(&self, expected: &[String], limit: Duration) -> String {
        match expected.first() {
            Some(line) => format!("waited {limit:?} for the line: {line}"),
            None => format!("waited {limit:?} for its end"),
        }
    }

    fn hangs(&self, step: &Step, got: &[String], expected: &[String]) -> anyhow::Error {
        let waits = match matching::prefix(expected, got) {
            Prefix::Waits(line) | Prefix::Never(line) => {
                self.waited(expected.get(line..).unwrap_or(&[]), self.limits.end)
            }
            Prefix::Came(_) => self.waited(&[], self.limits.end),
        };
        let from = got.len().saturating_sub(12);
        let lines = got[from..]
            .iter()
            .map(|line| format!("\n    {}", cut(line)));
        let so_far = match got.is_empty() {
            true => " nothing".to_owned(),
            false => lines.collect(),
        };
        let _ = step;
        anyhow!("it does not end; {waits}\n  it had printed:{so_far}")
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

    fn compare(&mut self, step: &Step, printed: &Printed) {
        let nothing = Vec::new();
        let mut line = step.output.start + 1;
        let mut differs = false;
        for (expected, got) in [
            (Some(&step.before), Some(&printed.before)),
            (step.after.as_ref(), printed.after.as_ref()),
        ] {
            let (expected, got) = (expected.unwrap_or(&nothing), got.unwrap_or(&nothing));
            if !matching::matches(expected, got) {
                let (at, words) = matching::difference(expected, got);
                let (host, command) = (&step.host, &step.command);
                let and = if step.background { " &" } else { "" };
                println!(
                    "{}:{}: {host}$ {command}{and}",
                    self.chapter.shown,
                    line + at
                );
                if let Some(late) = printed.late.as_ref().filter(|_| !differs) {
                    println!("  {late}");
                }
                println!("{words}");
                differs = true;
            }
            line += expected.len() + 1; // ^C has a line too
        }
        self.differences += usize::from(differs);
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

impl Drop for Player<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.output);
    }
}
