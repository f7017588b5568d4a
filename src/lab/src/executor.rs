//! How a command of a chapter runs: on which shell, until when, and what it
//! printed by then.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anstyle::Style;
use anyhow::{Context, anyhow, bail};
use nix::unistd::Pid;

use crate::lab::Lab;
use crate::matching::{self, Prefix, cut};
use crate::run_dir::OUTPUT;
use crate::shell::{self, MOMENT, Shell, Tail};
use crate::transcript::Step;
use ip_over_udp::output::println;

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

/// A program that has printed nothing for so long is taken to be waiting.
const SILENCE: Duration = Duration::from_millis(100);

/// How long a new block waits for the first words of a program with `&`.
const FIRST_WORDS: Duration = Duration::from_secs(1);

/// What `fg` says of a program that has ended in the background.
const GONE: &str = "bash: fg: job has terminated";

const PROMPT: Style = Style::new().bold();

/// A program that was started with `&`.
struct Job {
    /// As it was typed, with the host.
    name: String,
    group: Pid,
    tail: Tail,
    /// What it has printed that is not shown yet.
    kept: Vec<String>,
}

/// What a command printed, up to Ctrl-C if there was one, and after it.
#[derive(Default)]
pub struct Printed {
    /// Up to Ctrl-C.
    pub before: Vec<String>,
    /// After it.
    pub after: Option<Vec<String>>,
    /// For what was waited in vain.
    pub late: Option<String>,
    /// It ended before ^C.
    pub ended_early: bool,
}

/// The shells of a lab, and what runs on them.
pub struct Executor<'a> {
    lab: &'a Lab,
    limits: Limits,
    /// Prompts and output are shown as they come.
    shows: bool,
    /// A program in the background gets some time for its first words, even if
    /// none are expected.
    listens: bool,
    shells: Vec<Shell>,
    jobs: Vec<Job>,
    /// The first lines of the program that was waited for last, if it came from
    /// the background, and when each was printed.
    pub log: Vec<(Duration, String)>,
    /// The folder for what the commands print.
    output: PathBuf,
    files: usize,
}

impl<'a> Executor<'a> {
    /// No shell but this runs at first. `listens` is for output that is not in
    /// the book yet.
    pub fn new(
        lab: &'a Lab,
        limits: Limits,
        shows: bool,
        listens: bool,
        machine: Option<Shell>,
    ) -> anyhow::Result<Executor<'a>> {
        let output = lab.folder.join(OUTPUT);
        fs::create_dir_all(&output)
            .with_context(|| format!("cannot create {}", output.display()))?;
        Ok(Executor {
            lab,
            limits,
            shows,
            listens,
            shells: machine.into_iter().collect(),
            jobs: Vec::new(),
            log: Vec::new(),
            output,
            files: 0,
        })
    }

    /// Runs one command, as far as the book follows it.
    pub fn step(&mut self, step: &Step) -> anyhow::Result<Printed> {
        if self.shows {
            let and = if step.background { " &" } else { "" };
            let (host, command) = (&step.host, &step.command);
            styled!("{PROMPT}{host}${PROMPT:#} {command}{and}");
        }
        self.log.clear();
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
        self.listen();
        // What could not be written is missing in what was printed.
        self.lab.check_disk()?;
        printed
    }

    /// Which programs in the background have ended by themselves, and what they
    /// printed that is not shown yet: it may be the reason for something else.
    pub fn ended_early(&mut self) -> anyhow::Result<String> {
        let mut words = String::new();
        for job in &mut self.jobs {
            job.kept.extend(job.tail.so_far()?);
            if shell::is_alive(job.group) || job.kept.is_empty() {
                continue;
            }
            words += &format!(
                "  a program in the background had already ended: {}\n",
                job.name
            );
            for line in &job.kept {
                words += &format!("    {}\n", cut(line));
            }
        }
        Ok(words)
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
            self.lab.check_disk()?;
            self.listen();
            if Instant::now() >= deadline {
                return Err(self.hangs(&before, &step.before));
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
            bail!("the shell started no program in the background");
        };
        let expected = &step.before;
        let started = Instant::now();
        let mut printed = Printed::default();
        let mut prefix = matching::prefix(expected, &job.kept);
        let taken = loop {
            self.lab.check_disk()?;
            let alive = shell::is_alive(job.group);
            self.listen();
            let new = job.tail.read()?;
            if !new.is_empty() {
                job.kept.extend(new);
                prefix = matching::prefix(expected, &job.kept);
            }
            if expected.is_empty() {
                let words = self.listens && alive && started.elapsed() < FIRST_WORDS;
                if !words || !job.kept.is_empty() {
                    break None;
                }
            }
            match prefix {
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
            None if expected.is_empty() && !self.listens => 0,
            None => {
                let mut lines = 0;
                while job.kept.len() > lines && started.elapsed() < self.limits.ready {
                    lines = job.kept.len();
                    thread::sleep(SILENCE);
                    job.kept.extend(job.tail.so_far()?);
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
        // Who types is slower than a program that dies.
        let deadline = Instant::now() + self.limits.ready;
        let gone = step.before.first().is_some_and(|line| line == GONE);
        while gone && group.is_some_and(shell::is_alive) && Instant::now() < deadline {
            thread::sleep(MOMENT);
        }
        let at = self.jobs.iter().position(|job| Some(job.group) == group);
        let mut job = at.map(|at| self.jobs.remove(at));
        let printed = self.until_end(shell, step, &step.command, job.as_mut());
        self.log = job.map_or(Vec::new(), |job| job.tail.log);
        printed
    }

    /// A command that Ctrl-C ends: like one of the background, and `fg`.
    fn run_until_interrupt(&mut self, shell: &mut Shell, step: &Step) -> anyhow::Result<Printed> {
        let tail = self.file()?;
        let Some(mut job) = self.job(shell, &format!("{{ {}\n}} &", step.command), tail)? else {
            bail!("the shell started no program that ^C could end");
        };
        let printed = self.until_end(shell, step, "fg", Some(&mut job));
        self.log = job.tail.log;
        printed
    }

    /// Gives `fg` to the shell, and shows what that prints, which is the command
    /// line, and what the job prints; ends the job with Ctrl-C, once the lines
    /// expected before it have come.
    fn until_end(
        &mut self,
        shell: &mut Shell,
        step: &Step,
        fg: &str,
        mut job: Option<&mut Job>,
    ) -> anyhow::Result<Printed> {
        let mut own = self.file()?;
        shell.run(fg, &own.path)?;
        // The reader sees no `fg` in `ping` and `^C`.
        let hide_own = step.command != fg;
        let mut printed = Printed::default();
        let mut deadline = Instant::now() + self.limits.end;
        let mut prefix = matching::prefix(&step.before, &[]);
        let mut named = false;
        let mut ended = false;
        let mut interrupted = false;
        loop {
            self.lab.check_disk()?;
            ended = ended || shell.ended(MOMENT)?.is_some();
            self.listen();
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
            let came = !new.is_empty();
            let part = printed.after.as_mut().unwrap_or(&mut printed.before);
            self.show(new, part);
            if came && !interrupted && step.after.is_some() {
                prefix = matching::prefix(&step.before, &printed.before);
            }
            if ended {
                break;
            }
            let late = Instant::now() >= deadline;
            if !named && !late {
                continue;
            }
            if step.after.is_none() || interrupted {
                if late {
                    let (expected, got) = match &printed.after {
                        Some(after) => (step.after.as_deref().unwrap_or(&[]), after),
                        None => (step.before.as_slice(), &printed.before),
                    };
                    return Err(self.hangs(got, expected));
                }
                continue;
            }
            match prefix {
                Prefix::Waits(line) if late => {
                    printed.late = Some(self.waited(&step.before[line..], self.limits.end));
                }
                Prefix::Waits(_) => continue,
                Prefix::Came(_) | Prefix::Never(_) => (),
            }
            interrupted = true;
            self.lab.settle();
            deadline = Instant::now() + self.limits.end;
            if let Some(job) = job.as_mut() {
                let new = job.tail.so_far()?;
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
            printed.ended_early = true;
        }
        Ok(printed)
    }

    /// Reads what the programs in the background print meanwhile, to know when
    /// it came.
    fn listen(&mut self) {
        for job in &mut self.jobs {
            // What goes wrong here goes wrong again once it is wanted.
            job.kept.extend(job.tail.read().unwrap_or_default());
        }
    }

    /// Starts a job, and learns its group.
    fn job(&mut self, shell: &mut Shell, command: &str, tail: Tail) -> anyhow::Result<Option<Job>> {
        let before = shell.groups()?;
        shell.run(command, &tail.path)?;
        if shell.ended(self.limits.ready)?.is_none() {
            bail!(
                "the shell did not start the program within {:?}",
                self.limits.ready
            );
        }
        // The new one need not be the current one: that is a stopped job.
        let mut groups = shell.groups()?;
        groups.retain(|group| shell.status == "0" && !before.contains(group));
        let group = groups.pop();
        Ok(group.map(|group| Job {
            name: format!("{}$ {command}", shell.host),
            group,
            tail,
            kept: Vec::new(),
        }))
    }

    fn show(&self, new: Vec<String>, all: &mut Vec<String>) {
        if self.shows {
            for line in &new {
                println!("{line}");
            }
        }
        all.extend(new);
    }

    fn show_interrupt(&self) {
        if self.shows {
            println!("^C");
        }
    }

    fn waited(&self, expected: &[String], limit: Duration) -> String {
        match expected.first() {
            Some(line) => format!("waited {limit:?} for the line: {line}"),
            None => format!("waited {limit:?} for its end"),
        }
    }

    fn hangs(&self, got: &[String], expected: &[String]) -> anyhow::Error {
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
        anyhow!("it does not end; {waits}\n  it had printed:{so_far}")
    }
}

impl Drop for Executor<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.output);
    }
}
