//! The results as a table of 80 columns.

use std::fmt::Write;

use crate::Underlay;
use crate::results::{Results, Run};
use crate::run::SIZES;

/// A column: its two title lines, how many decimals, and what it shows.
type Column = (&'static str, &'static str, usize, fn(&Run) -> Option<f64>);

const COLUMNS: [Column; 9] = [
    ("TCP", "Mbit/s", 0, Run::tcp),
    ("8 x TCP", "Mbit/s", 0, |run| run.many),
    ("ends", "s/GB", 2, |run| run.ends_per_gb),
    ("machine", "s/GB", 2, |run| run.machine_per_gb),
    ("64 B", "kpps", 0, |run| run.packets),
    ("ping", "us", 0, |run| run.idle),
    ("loaded", "us", 0, |run| run.loaded),
    ("p95", "us", 0, |run| run.loaded_p95),
    ("memory", "MB", 1, |run| run.memory),
];

/// Medians, and for throughput what they are to the first contestant's.
pub fn of(results: &Results) -> String {
    let mut text = String::new();
    for underlay in [Underlay::Super, Underlay::Frames] {
        let names = results.names(underlay);
        if !names.is_empty() {
            one(&mut text, results, underlay, &names);
        }
    }
    for (contestant, version) in &results.versions {
        let _ = writeln!(text, "{contestant:14}{version}");
    }
    let _ = writeln!(
        text,
        "{}\nmedians of {} runs; left out: {} disturbed, {} failed",
        results.machine,
        results.runs.len(),
        results.disturbed(),
        results.failed
    );
    text
}

fn one(text: &mut String, results: &Results, underlay: Underlay, names: &[&str]) {
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|(.., value)| results.runs.iter().any(|run| value(run).is_some()))
        .collect();
    let what = match underlay {
        Underlay::Super => "super-packets on the cable",
        Underlay::Frames => "frames of 1500 bytes on the cable",
    };
    let _ = write!(text, "{what}\n{:14}", "");
    for (title, ..) in &columns {
        let _ = write!(text, "{title:>8}");
    }
    let _ = write!(text, "\n{:14}", "");
    for (_, unit, ..) in &columns {
        let _ = write!(text, "{unit:>8}");
    }
    text.push('\n');
    for name in names {
        let _ = write!(text, "{name:14}");
        for (.., decimals, value) in &columns {
            match results.of(underlay, name, value) {
                Some(spread) => {
                    let _ = write!(text, "{:8.decimals$}", spread.median);
                }
                None => text.push_str("       -"),
            }
        }
        text.push('\n');
    }
    ratios(text, results, underlay, names);
    sizes(text, results, underlay, names);
    text.push('\n');
}

/// Throughput, by that of chapter 6 where it was measured, else of the first.
fn ratios(text: &mut String, results: &Results, underlay: Underlay, names: &[&str]) {
    let base = names
        .iter()
        .find(|name| **name == "ch06")
        .unwrap_or(&names[0]);
    let Some(by) = results.of(underlay, base, Run::tcp) else {
        return;
    };
    let _ = writeln!(text, "TCP by the median of {base}, least to most:");
    for name in names {
        if let Some(spread) = results.of(underlay, name, Run::tcp) {
            let [least, median, most] =
                [spread.least, spread.median, spread.most].map(|value| value / by.median);
            let _ = writeln!(text, "{name:14}{median:8.2}   ({least:.2} to {most:.2})");
        }
    }
}

fn sizes(text: &mut String, results: &Results, underlay: Underlay, names: &[&str]) {
    if results.runs.iter().all(|run| run.sizes.is_empty()) {
        return;
    }
    let _ = write!(
        text,
        "us of both ends for a packet of so many bytes:\n{:14}",
        ""
    );
    for size in SIZES {
        let _ = write!(text, "{size:>8}");
    }
    text.push('\n');
    for name in names {
        let _ = write!(text, "{name:14}");
        for size in SIZES {
            let of_size = |run: &Run| {
                let found = run.sizes.iter().find(|(of, _)| *of == size);
                found.map(|(_, micros)| *micros)
            };
            match results.of(underlay, name, of_size) {
                Some(spread) => {
                    let _ = write!(text, "{:8.1}", spread.median);
                }
                None => text.push_str("       -"),
            }
        }
        text.push('\n');
    }
}

/// Results for the tests of this module and of `plot`.
#[cfg(test)]
pub fn example() -> Results {
    let mut results = Results::new(2.0);
    results.machine = "2 processors (a model), Linux 6.18".to_owned();
    results.day = 20_000;
    for (nth, (contestant, rate)) in [("ch06", 1000.0), ("ch11", 9000.0), ("ch06", 1200.0)]
        .into_iter()
        .enumerate()
    {
        results.add(Run {
            contestant: contestant.to_owned(),
            there: Some(rate),
            back: Some(rate + 100.0),
            ends_per_gb: Some(9000.0 / rate),
            machine_per_gb: Some(12_000.0 / rate),
            idle: Some(150.0 + nth as f64),
            loaded: Some(500.0),
            loaded_p95: Some(900.0),
            memory: Some(3.1),
            sizes: SIZES
                .iter()
                .map(|size| (*size, *size as f64 / rate))
                .collect(),
            ..Run::default()
        });
    }
    results
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_table() {
        let table = super::of(&super::example());
        assert!(
            table.lines().all(|line| line.chars().count() <= 80),
            "{table}"
        );
        insta::assert_snapshot!(table);
    }
}
