//! The time that processors spent (proc_stat(5), proc_pid_stat(5)).

use std::fs;

use anyhow::Context;
use nix::unistd::{SysconfVar, sysconf};

/// Seconds of processor time since the start of the machine or process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// In programs.
    pub user: f64,
    /// In the kernel, interrupts included.
    pub system: f64,
    /// Nothing to do.
    pub idle: f64,
    /// Taken by the hypervisor.
    pub steal: f64,
}

impl Times {
    /// All processors together.
    pub fn of_the_machine() -> anyhow::Result<Times> {
        let text = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        parse_machine(&text, tick()).context("/proc/stat has no line of this form: cpu ...")
    }

    /// One process, with all of its threads.
    pub fn of_process(pid: u32) -> anyhow::Result<Times> {
        let file = format!("/proc/{pid}/stat");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        parse_process(&text, tick()).with_context(|| format!("{file} has another form"))
    }

    /// Since an earlier moment.
    pub fn since(self, before: Times) -> Times {
        Times {
            user: self.user - before.user,
            system: self.system - before.system,
            idle: self.idle - before.idle,
            steal: self.steal - before.steal,
        }
    }

    /// Time in which work was done.
    pub fn busy(self) -> f64 {
        self.user + self.system
    }

    /// All of it.
    pub fn all(self) -> f64 {
        self.busy() + self.idle + self.steal
    }
}

fn tick() -> f64 {
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    ticks.unwrap_or(100) as f64
}

fn parse_machine(text: &str, tick: f64) -> Option<Times> {
    let line = text.lines().find(|line| line.starts_with("cpu "))?;
    let fields: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .map_while(|field| field.parse().ok())
        .map(|ticks: f64| ticks / tick)
        .collect();
    let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = fields[..] else {
        return None;
    };
    Some(Times {
        user: user + nice,
        system: system + irq + softirq,
        idle: idle + iowait,
        steal,
    })
}

fn parse_process(text: &str, tick: f64) -> Option<Times> {
    // The name, in parentheses, may have spaces and parentheses in it.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |at: usize| Some(fields.get(at)?.parse::<f64>().ok()? / tick);
    Some(Times {
        user: seconds(11)?,
        system: seconds(12)?,
        ..Times::default()
    })
}

/// The most memory that a process had, in kilobytes.
pub fn peak_memory(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What this machine is, in a line.
pub fn description() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let version: Vec<&str> = release.trim().split('.').take(2).collect();
    let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
    let model = read("/proc/cpuinfo");
    let model = model.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1));
    format!(
        "{processors} processors ({}), Linux {}",
        model.unwrap_or(std::env::consts::ARCH),
        version.join(".")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_kernel_are_read() {
        let stat = "cpu  100 1 50 800 10 2 3 7 0 0\ncpu0 1 2 3\n";
        let times = parse_machine(stat, 100.0).unwrap();
        assert_eq!((times.user, times.idle, times.steal), (1.01, 8.1, 0.07));
        assert!((times.system - 0.55).abs() < 1e-9);
        assert!((times.all() - 9.73).abs() < 1e-9);
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20";
        let times = parse_process(stat, 100.0).unwrap();
        assert_eq!((times.user, times.system), (2.5, 0.5));
        assert!(parse_machine("intr 1", 100.0).is_none());
        assert!(parse_process("7 (x) S 1", 100.0).is_none());
    }
}
