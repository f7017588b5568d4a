//! One run: a contestant is started, measured and ended.

use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;

use crate::contestant::{Contestant, Running};
use crate::machine::{Times, peak_memory};
use crate::results::Run;
use crate::{Args, Underlay, cable, traffic};

/// How many streams `many` has.
const MANY: usize = 8;
/// How long each try of a rate takes, in seconds.
const TRY: f64 = 0.3;
/// How many round trips are measured.
const TRIPS: usize = 300;
/// The sizes of inner packets that `sizes` tries, in bytes.
pub const SIZES: [usize; 6] = [64, 128, 256, 512, 1024, 1440];
/// Headers of UDP and IPv4 inside, in bytes.
const HEADERS: usize = 28;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// One TCP stream, there and back; processor time; memory
    Tcp,
    /// Eight TCP streams at once
    Many,
    /// How many packets of 64 bytes a second, with at most 1 % lost
    Packets,
    /// How long a small datagram takes there and back, idle and beside a TCP stream
    Ping,
    /// What a packet costs, by its size
    Sizes,
}

pub fn run(
    contestant: &Contestant,
    underlay: Underlay,
    args: &Args,
    programs: &Path,
) -> anyhow::Result<Run> {
    let hosts = cable::hosts(underlay)?;
    let running = contestant.start(&hosts, programs)?;
    let [left, right] = &hosts;
    let seconds = args.seconds;
    let mut run = Run {
        contestant: contestant.name().to_owned(),
        underlay,
        ..Run::default()
    };
    let before = Snapshot::take(&running)?;
    let measures = |what| args.what.contains(&what);
    if measures(What::Tcp) {
        let start = Snapshot::take(&running)?;
        let there = traffic::tcp(left, right, running.to, 1, seconds)?;
        let back = traffic::tcp(right, left, running.back, 1, seconds)?;
        let spent = Snapshot::take(&running)?.since(&start);
        let gigabytes = (there + back) * seconds / 8.0 / 1e9;
        run.there = Some(there / 1e6);
        run.back = Some(back / 1e6);
        run.ends_per_gb = Some(spent.ends.busy() / gigabytes);
        run.machine_per_gb = Some(spent.machine.busy() / gigabytes);
    }
    if measures(What::Many) {
        run.many = Some(traffic::tcp(left, right, running.to, MANY, seconds)? / 1e6);
    }
    if measures(What::Packets) {
        let rate = traffic::search(|rate| {
            let burst = traffic::datagrams(left, right, running.to, 64 - HEADERS, rate, TRY)?;
            let reached = burst.received as f64 / burst.seconds;
            Ok((burst.received as f64 >= burst.sent as f64 * 0.99).then_some(reached))
        })?;
        run.packets = Some(rate / 1e3);
    }
    if measures(What::Sizes) {
        for size in SIZES {
            let start = Snapshot::take(&running)?;
            // A rate that each of them carries.
            let burst =
                traffic::datagrams(left, right, running.to, size - HEADERS, 40_000.0, seconds)?;
            let spent = Snapshot::take(&running)?.since(&start);
            let micros = spent.ends.busy() * 1e6 / burst.received.max(1) as f64;
            run.sizes.push((size, micros));
        }
    }
    if measures(What::Ping) {
        let middle = |times: Vec<f64>| times.get(times.len() / 2).copied();
        let idle = traffic::round_trips(left, right, running.to, TRIPS)?;
        run.idle = middle(idle);
        let (to, length) = (running.to, TRIPS as f64 * 0.003);
        let loaded = std::thread::scope(|scope| {
            let load = scope.spawn(|| traffic::tcp(left, right, to, 1, length));
            std::thread::sleep(std::time::Duration::from_millis(100));
            let loaded = traffic::round_trips(left, right, to, TRIPS / 2);
            let load = load
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            loaded.and_then(|loaded| load.map(|_| loaded))
        })?;
        run.loaded_p95 = loaded.get(loaded.len() * 95 / 100).copied();
        run.loaded = middle(loaded);
    }
    let spent = Snapshot::take(&running)?.since(&before);
    run.steal = spent.machine.steal / spent.machine.all() * 100.0;
    let ours = spent.me.user + spent.ends.user;
    run.others = ((spent.machine.user - ours) / spent.machine.all() * 100.0).max(0.0);
    let memory = running.processes().into_iter().filter_map(peak_memory);
    run.memory = memory.max().map(|kilobytes| kilobytes as f64 / 1e3);
    Ok(run)
}

/// The processor time of the machine, of the tunnel's two ends, and of this process.
struct Snapshot {
    machine: Times,
    ends: Times,
    me: Times,
}

impl Snapshot {
    fn take(running: &Running) -> anyhow::Result<Snapshot> {
        let mut ends = Times::default();
        for process in running.processes() {
            let times = Times::of_process(process).context("an end has ended by itself")?;
            ends.user += times.user;
            ends.system += times.system;
        }
        Ok(Snapshot {
            machine: Times::of_the_machine()?,
            ends,
            me: Times::of_process(std::process::id())?,
        })
    }

    fn since(&self, before: &Snapshot) -> Snapshot {
        Snapshot {
            machine: self.machine.since(before.machine),
            ends: self.ends.since(before.ends),
            me: self.me.since(before.me),
        }
    }
}
