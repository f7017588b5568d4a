//! Plays an experiment: commands on the hosts, as if typed, with their output.
//!
//! The experiments stand in `experiments.md`, in the form that the book will
//! have: `left$ COMMAND` runs a command on left and waits for its end; with `&`
//! at its end it stays in the background once it has printed its first line;
//! `left$ fg` and `^C` end the one that was started last, and show what it has
//! printed since. Text between the blocks is shown too.

use std::io::{self, PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anstyle::Style;
use anyhow::{Context, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::Lab;
use super::hosts::{Host, NAMES};

const EXPERIMENTS: &str = include_str!("experiments.md");

/// How long a background program may take to print its first line.
const READY: Duration = Duration::from_secs(5);

/// How long a background program must be silent to be taken for ready.
const SILENCE: Duration = Duration::from_millis(30);

/// How long a program may take for all it does, or to end after Ctrl-C.
const LIMIT: Duration = Duration::from_secs(60);

const PROMPT: Style = Style::new().bold();
const PROSE: Style = Style::new().dimmed();

/// The commands of one chapter.
#[derive(Debug, PartialEq)]
pub struct Experiment {
    /// The lab must have IPv6.
    pub ipv6: bool,
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
enum Step {
    Prose(String),
    Run {
        host: String,
        command: String,
    },
    Start {
        host: String,
        command: String,
    },
    /// `fg` and `^C`.
    Stop {
        host: String,
    },
}

/// The names of all experiments, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    EXPERIMENTS
        .lines()
        .filter_map(|line| line.strip_prefix("## ")?.split(' ').next())
}

/// The experiment of this name: `06`, also written `6`.
pub fn find(name: &str) -> anyhow::Result<Option<Experiment>> {
    let mut lines = EXPERIMENTS.lines().enumerate();
    let is_it = |heading: &str| {
        let mine = heading.split(' ').next().unwrap_or("");
        mine == name || mine.trim_start_matches('0') == name
    };
    let Some((_, heading)) = lines.find(|(_, line)| line.strip_prefix("## ").is_some_and(is_it))
    else {
        return Ok(None);
    };
    let section = lines.take_while(|(_, line)| !line.starts_with("## "));
    let steps = parse(section.map(|(number, line)| (number + 1, line)))?;
    let ipv6 = heading.ends_with(" ipv6");
    Ok(Some(Experiment { ipv6, steps }))
}

fn parse<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut prose = String::new();
    let mut inside = false;
    for (number, line) in lines {
        let wrong = |what: &str| anyhow::anyhow!("experiments.md, line {number}: {what}: {line}");
        if line.starts_with("```") {
            inside = !inside;
            if !prose.trim().is_empty() {
                steps.push(Step::Prose(prose.trim().to_owned()));
            }
            prose.clear();
        } else if !inside {
            prose += line;
            prose += "\n";
        } else if line == "^C" {
            // Part of the `fg` before it.
            if !matches!(steps.last(), Some(Step::Stop { .. })) {
                return Err(wrong("^C without `fg` before it"));
            }
        } else {
            let (host, command) = line.split_once("$ ").ok_or_else(|| wrong("no prompt"))?;
            if !NAMES.contains(&host) {
                return Err(wrong("no such host"));
            }
            let host = host.to_owned();
            steps.push(match command.strip_suffix(" &") {
                Some(command) => Step::Start {
                    host,
                    command: command.to_owned(),
                },
                None if command == "fg" => Step::Stop { host },
                None => Step::Run {
                    host,
                    command: command.to_owned(),
                },
            });
        }
    }
    Ok(steps)
}

/// A program that runs on a host, and what it prints.
struct Job {
    host: String,
    command: String,
    child: Child,
    output: Receiver<Vec<u8>>,
}

impl Experiment {
    /// Plays the steps in this lab. The output goes to standard output.
    pub fn play(&self, lab: &Lab) -> anyhow::Result<()> {
        let mut jobs: Vec<Job> = Vec::new();
        for step in &self.steps {
            match step {
                Step::Prose(text) => anstream::println!("\n{PROSE}{text}{PROSE:#}\n"),
                Step::Run { host, command } => {
                    prompt(host, command);
                    let mut job = Job::start(&lab.hosts, host, command)?;
                    job.show_until_end(LIMIT)?;
                    // The end of a connection, for example, comes after the
                    // end of the program that made it.
                    lab.settle();
                }
                Step::Start { host, command } => {
                    prompt(host, &format!("{command} &"));
                    let job = Job::start(&lab.hosts, host, command)?;
                    job.show_until_ready()?;
                    jobs.push(job);
                }
                Step::Stop { host } => {
                    prompt(host, "fg");
                    let Some(last) = jobs.iter().rposition(|job| job.host == *host) else {
                        bail!("nothing runs in the background on {host}");
                    };
                    let mut job = jobs.remove(last);
                    lab.settle();
                    anstream::println!("{}\n^C", job.command);
                    job.interrupt();
                    job.show_until_end(LIMIT)?;
                }
            }
        }
        Ok(())
    }
}

fn prompt(host: &str, command: &str) {
    anstream::println!("{PROMPT}{host}${PROMPT:#} {command}");
}

impl Job {
    fn start(hosts: &[Host], host: &str, command: &str) -> anyhow::Result<Job> {
        let on = hosts.iter().find(|it| it.name == host);
        let on = on.with_context(|| format!("there is no host {host}"))?;
        let (output, input) = io::pipe()?;
        let child = on
            .command("sh")?
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input)
            .process_group(0) // so that Ctrl-C reaches all that it starts
            .spawn()
            .with_context(|| format!("cannot run `{command}` on {host}"))?;
        let (sender, receiver) = channel();
        thread::spawn(move || {
            // The receiver is gone when nobody wants to see more.
            let mut output = output;
            while let Some(some) = read_some(&mut output) {
                if sender.send(some).is_err() {
                    break;
                }
            }
        });
        Ok(Job {
            host: host.to_owned(),
            command: command.to_owned(),
            child,
            output: receiver,
        })
    }

    /// Shows what the program prints, until it has printed something and is
    /// silent again, or has ended.
    fn show_until_ready(&self) -> anyhow::Result<()> {
        let mut patience = READY;
        while let Ok(some) = self.output.recv_timeout(patience) {
            show(&some)?;
            patience = SILENCE;
        }
        Ok(())
    }

    /// Shows what the program prints, until all of it has ended.
    fn show_until_end(&mut self, limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            match self.output.recv_timeout(deadline - Instant::now()) {
                Ok(some) => show(&some)?,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = killpg(self.group(), Signal::SIGKILL);
                    let _ = self.child.wait();
                    let (host, command) = (&self.host, &self.command);
                    bail!("`{command}` on {host} did not end within {limit:?}");
                }
            }
        }
        let status = self.child.wait()?;
        // What a shell returns for a program that it cannot find.
        if status.code() == Some(127) {
            let (host, command) = (&self.host, &self.command);
            bail!("`{command}` cannot be run on {host}; cargo lab doctor may say why");
        }
        Ok(())
    }

    fn interrupt(&self) {
        // It may have ended by itself.
        let _ = killpg(self.group(), Signal::SIGINT);
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }
}

fn read_some(output: &mut PipeReader) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 64 * 1024];
    match output.read(&mut buffer) {
        Ok(0) | Err(_) => None,
        Ok(n) => {
            buffer.truncate(n);
            Some(buffer)
        }
    }
}

fn show(some: &[u8]) -> io::Result<()> {
    print!("{}", String::from_utf8_lossy(some));
    io::stdout().flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_experiment_parses() {
        let names: Vec<_> = names().collect();
        assert_eq!(names, ["demo", "01", "02", "03", "04", "05", "06"]);
        for name in names {
            let experiment = find(name).unwrap().unwrap();
            assert!(!experiment.steps.is_empty(), "{name}");
        }
        assert!(find("6").unwrap() == find("06").unwrap());
        assert!(find("99").unwrap().is_none());
    }

    #[test]
    fn mistakes_name_their_line() {
        let error = |line| {
            parse([(6, "```console"), (7, line)].into_iter())
                .unwrap_err()
                .to_string()
        };
        assert!(error("ping 192.168.0.2").contains("line 7: no prompt"));
        assert!(error("middle$ ping").contains("line 7: no such host"));
        assert!(error("^C").contains("line 7: ^C without `fg`"));
    }
}
