//! The results as drawings for the book, in its own classes: colours come from the theme.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use ip_over_udp::output::println;

use crate::Underlay;
use crate::results::{Results, Run, Spread};
use crate::run::SIZES;

/// Width of a drawing: that of a phone.
const WIDTH: f64 = 340.0;
/// Where bars begin and how long the longest is.
const FROM: f64 = 92.0;
const LONGEST: f64 = 180.0;
const ROW: f64 = 18.0;

/// Writes a drawing for each thing that was measured.
pub fn write(results: &Results, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (underlay, name) in [(Underlay::Super, "super"), (Underlay::Frames, "frames")] {
        for (what, title, value) in [
            (
                "tcp",
                "Gbit/s, one TCP stream",
                gigabits as fn(&Run) -> Option<f64>,
            ),
            ("cpu", "s of processor time of both ends for 1 GB", |run| {
                run.ends_per_gb
            }),
        ] {
            if let Some(drawing) = bars(results, underlay, title, value) {
                save(&folder.join(format!("bench-{what}-{name}.svg")), &drawing)?;
            }
        }
        if let Some(drawing) = lines(results, underlay) {
            save(&folder.join(format!("bench-sizes-{name}.svg")), &drawing)?;
        }
    }
    Ok(())
}

fn save(file: &Path, drawing: &str) -> anyhow::Result<()> {
    std::fs::write(file, drawing).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{}", file.display());
    Ok(())
}

fn gigabits(run: &Run) -> Option<f64> {
    Some(run.tcp()? / 1e3)
}

/// A bar for each contestant, as long as the median, with a line from least to most.
fn bars(
    results: &Results,
    underlay: Underlay,
    title: &str,
    value: fn(&Run) -> Option<f64>,
) -> Option<String> {
    let rows: Vec<(&str, Spread)> = results
        .names(underlay)
        .into_iter()
        .filter_map(|name| Some((name, results.of(underlay, name, value)?)))
        .collect();
    let most = rows
        .iter()
        .map(|(_, spread)| spread.most)
        .reduce(f64::max)?;
    let scale = |value: f64| FROM + value / most * LONGEST;
    let mut drawing = begin(rows.len() as f64 * ROW + 40.0);
    text(&mut drawing, "bold", 12.0, 14.0, title);
    for (nth, (name, spread)) in rows.iter().enumerate() {
        let y = 24.0 + nth as f64 * ROW;
        text(&mut drawing, "end small", FROM - 6.0, y + 11.0, name);
        let layer = if name.starts_with("ch11") {
            "oip"
        } else {
            "iip"
        };
        let _ = writeln!(
            drawing,
            r#"  <rect class="layer {layer}" x="{FROM}" y="{y}" width="{:.1}" height="14" rx="2"/>"#,
            scale(spread.median) - FROM
        );
        let _ = writeln!(
            drawing,
            r#"  <path class="way" d="M{:.1} {:.1}H{:.1}"/>"#,
            scale(spread.least),
            y + 7.0,
            scale(spread.most)
        );
        let label = match spread.median {
            value if value < 10.0 => format!("{value:.2}"),
            value => format!("{value:.1}"),
        };
        text(
            &mut drawing,
            "small",
            scale(spread.most) + 5.0,
            y + 11.0,
            &label,
        );
    }
    text(
        &mut drawing,
        "quiet",
        12.0,
        24.0 + rows.len() as f64 * ROW + 12.0,
        &results.machine_and_day(),
    );
    drawing.push_str("</svg>\n");
    Some(drawing)
}

/// What a packet costs, by its size: a line for each contestant.
fn lines(results: &Results, underlay: Underlay) -> Option<String> {
    let rows: Vec<(&str, Vec<f64>)> = results
        .names(underlay)
        .into_iter()
        .filter_map(|name| {
            let of = |size: &usize| {
                results.of(underlay, name, |run| {
                    let found = run.sizes.iter().find(|(of, _)| of == size);
                    found.map(|(_, micros)| *micros)
                })
            };
            let values: Option<Vec<f64>> =
                SIZES.iter().map(|size| Some(of(size)?.median)).collect();
            Some((name, values?))
        })
        .collect();
    let most = rows
        .iter()
        .flat_map(|(_, values)| values)
        .copied()
        .reduce(f64::max)?;
    let (x, y) = (
        |size: usize| 40.0 + size as f64 / 1440.0 * 210.0,
        |value: f64| 170.0 - value / most * 140.0,
    );
    let mut drawing = begin(220.0);
    text(
        &mut drawing,
        "bold",
        12.0,
        14.0,
        "µs of both ends for one packet",
    );
    let _ = writeln!(drawing, r#"  <path class="cut" d="M40 24V170H256"/>"#);
    for size in SIZES.into_iter().filter(|size| *size >= 256 || *size == 64) {
        text(
            &mut drawing,
            "middle small",
            x(size),
            184.0,
            &size.to_string(),
        );
    }
    text(
        &mut drawing,
        "small end",
        36.0,
        y(most) + 4.0,
        &format!("{most:.0}"),
    );
    text(&mut drawing, "small end", 36.0, 174.0, "0");
    for (name, values) in &rows {
        let points: Vec<String> = SIZES
            .iter()
            .zip(values)
            .map(|(size, value)| format!("{:.1} {:.1}", x(*size), y(*value)))
            .collect();
        let _ = writeln!(
            drawing,
            r#"  <path class="way" d="M{}"/>"#,
            points.join("L")
        );
        if let Some(last) = values.last() {
            text(&mut drawing, "small", x(1440) + 6.0, y(*last) + 4.0, name);
        }
    }
    text(
        &mut drawing,
        "small",
        110.0,
        198.0,
        "bytes of the inner packet",
    );
    text(
        &mut drawing,
        "quiet",
        12.0,
        214.0,
        &results.machine_and_day(),
    );
    drawing.push_str("</svg>\n");
    Some(drawing)
}

fn begin(height: f64) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" xmlns=\"http://www.w3.org/2000/svg\">\n")
}

fn text(drawing: &mut String, class: &str, x: f64, y: f64, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        drawing,
        r#"  <text class="{class}" x="{x:.1}" y="{y:.1}">{words}</text>"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::example;

    #[test]
    fn drawings() {
        let results = example();
        insta::assert_snapshot!(bars(&results, Underlay::Super, "Gbit/s", gigabits).unwrap());
        insta::assert_snapshot!(lines(&results, Underlay::Super).unwrap());
        assert!(lines(&results, Underlay::Frames).is_none());
    }
}
