//! What was measured, and medians of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::{Underlay, machine};

/// More steal than this, in percent of the machine, and a run is left out.
const MOST_STEAL: f64 = 6.0;
/// The same for what other programs took for themselves.
const MOST_OTHERS: f64 = 10.0;

/// One contestant, measured once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub contestant: String,
    pub underlay: Underlay,
    /// Megabits of TCP a second, from left to right.
    pub there: Option<f64>,
    /// And from right to left.
    pub back: Option<f64>,
    /// The same with many streams at once.
    pub many: Option<f64>,
    /// Seconds of processor time of both ends, for 10⁹ bytes of TCP.
    pub ends_per_gb: Option<f64>,
    /// And of the whole machine, generator included.
    pub machine_per_gb: Option<f64>,
    /// Thousands of packets of 64 bytes a second.
    pub packets: Option<f64>,
    /// The median of round trips, in microseconds.
    pub idle: Option<f64>,
    /// The same beside a TCP stream.
    pub loaded: Option<f64>,
    /// 95 % of them took no longer.
    pub loaded_p95: Option<f64>,
    /// By size of the inner packet in bytes: microseconds of both ends' processor time
    /// for each that arrived.
    pub sizes: Vec<(usize, f64)>,
    /// The most memory that an end had, in megabytes.
    pub memory: Option<f64>,
    /// Time that the hypervisor took, in percent of the machine.
    pub steal: f64,
    /// Time that other programs took for themselves, in percent of the machine.
    pub others: f64,
}

impl Default for Run {
    fn default() -> Run {
        Run {
            contestant: String::new(),
            underlay: Underlay::Super,
            there: None,
            back: None,
            many: None,
            ends_per_gb: None,
            machine_per_gb: None,
            packets: None,
            idle: None,
            loaded: None,
            loaded_p95: None,
            sizes: Vec::new(),
            memory: None,
            steal: 0.0,
            others: 0.0,
        }
    }
}

impl Run {
    /// Whether the machine was quiet enough.
    pub fn counts(&self) -> bool {
        self.steal <= MOST_STEAL && self.others <= MOST_OTHERS
    }

    /// Throughput of both directions together.
    pub fn tcp(&self) -> Option<f64> {
        Some((self.there? + self.back?) / 2.0)
    }
}

/// All runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    pub machine: String,
    /// Days since 1970.
    pub day: u64,
    pub seconds: f64,
    /// What other people's programs say they are, by contestant.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    pub runs: Vec<Run>,
    /// Runs that ended with an error.
    pub failed: usize,
}

impl Results {
    pub fn new(seconds: f64) -> Results {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Results {
            machine: machine::description(),
            day: now.map_or(0, |now| now.as_secs() / 86_400),
            seconds,
            versions: BTreeMap::new(),
            runs: Vec::new(),
            failed: 0,
        }
    }

    pub fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// Writes all of it, so that an interrupted measurement is not lost.
    pub fn save(&self, file: &Path) -> anyhow::Result<()> {
        let failed = || format!("cannot write {}", file.display());
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(failed)?;
        }
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(file, text).with_context(failed)
    }

    /// When and where, in a line that fits below a drawing.
    pub fn machine_and_day(&self) -> String {
        // Fri, 27 Nov 2026 00:00:00 GMT
        let midnight = UNIX_EPOCH + Duration::from_secs(self.day * 86_400);
        let date = httpdate::fmt_http_date(midnight);
        let kernel = self.machine.rsplit(", ").next().unwrap_or_default();
        let processors = self.machine.split(" (").next().unwrap_or_default();
        format!("{processors}, {kernel}, {}", &date[5..16])
    }

    /// How many runs are left out because of the machine.
    pub fn disturbed(&self) -> usize {
        self.runs.iter().filter(|run| !run.counts()).count()
    }

    /// The names, in the order in which they were first measured.
    pub fn names(&self, underlay: Underlay) -> Vec<&str> {
        let mut names = Vec::new();
        for run in self.runs.iter().filter(|run| run.underlay == underlay) {
            if !names.contains(&run.contestant.as_str()) {
                names.push(&run.contestant);
            }
        }
        names
    }

    /// The middle and the ends of a value over all runs that count.
    pub fn of(
        &self,
        underlay: Underlay,
        contestant: &str,
        value: impl Fn(&Run) -> Option<f64>,
    ) -> Option<Spread> {
        let these = self
            .runs
            .iter()
            .filter(|run| run.counts() && run.underlay == underlay && run.contestant == contestant);
        Spread::of(these.filter_map(value).collect())
    }
}

/// Several values of one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            1 => values[middle],
            _ => (values.get(middle.checked_sub(1)?)? + values[middle]) / 2.0,
        };
        Some(Spread {
            least: *values.first()?,
            median,
            most: *values.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let of = |values: &[f64]| Spread::of(values.to_vec()).map(|s| (s.least, s.median, s.most));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3.0]), Some((3.0, 3.0, 3.0)));
        assert_eq!(of(&[9.0, 1.0]), Some((1.0, 5.0, 9.0)));
        assert_eq!(of(&[9.0, 1.0, 2.0]), Some((1.0, 2.0, 9.0)));
    }

    #[test]
    fn disturbed_runs_are_counted_and_left_out() {
        let mut results = Results::new(1.0);
        for (there, steal, others) in [(10.0, 0.0, 0.0), (99.0, 7.0, 0.0), (98.0, 0.0, 11.0)] {
            results.add(Run {
                contestant: "c".to_owned(),
                there: Some(there),
                steal,
                others,
                ..Run::default()
            });
        }
        assert_eq!(results.disturbed(), 2);
        let spread = results.of(Underlay::Super, "c", |run| run.there);
        assert_eq!(spread.map(|spread| spread.most), Some(10.0));
        let text = serde_json::to_string(&results).unwrap();
        let again: Results = serde_json::from_str(&text).unwrap();
        assert_eq!(again.runs.len(), 3);
    }
}
