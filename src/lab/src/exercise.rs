//! The exercises of a chapter: what the reader's own programs are to do.
//!
//! An exercise is below a heading that begins with its name, `### 06-1`. Its
//! console blocks say what is true once it is done, and its hints are folded
//! away below the same heading.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::book::Chapter;
use crate::executor::Limits;
use crate::lab::Lab;
use crate::player::{Difference, Mode, Player};
use crate::shell::Shell;
use crate::transcript::{Block, Kind};
use ip_over_udp::capture;

/// An exercise, as its chapter has it.
#[derive(Debug)]
pub struct Exercise<'a> {
    /// `06-1`
    pub name: &'a str,
    /// Its heading, behind the name.
    pub title: &'a str,
    /// What is true once it is done.
    pub blocks: Vec<&'a Block>,
    /// Each says more than the one before.
    pub hints: Vec<String>,
}

/// The exercises of a chapter, in order.
///
/// # Errors
/// One has no heading or no hint, or is out of order.
pub fn of(chapter: &Chapter) -> anyhow::Result<Vec<Exercise<'_>>> {
    let mut exercises: Vec<Exercise> = Vec::new();
    for block in &chapter.transcript.blocks {
        let Kind::Exercise(name) = &block.kind else {
            continue;
        };
        let place = || format!("{}:{}: exercise {name}", chapter.shown, block.line);
        match exercises.last_mut() {
            Some(last) if last.name == name => last.blocks.push(block),
            _ => {
                let next = format!("{}-{}", chapter.name, exercises.len() + 1);
                if *name != next {
                    bail!("{}: the next exercise here must be {next}", place());
                }
                let mut exercise = section(&chapter.text, name).with_context(place)?;
                exercise.blocks.push(block);
                exercises.push(exercise);
            }
        }
    }
    Ok(exercises)
}

/// What is below the heading of this exercise, except its blocks.
fn section<'a>(text: &'a str, name: &'a str) -> anyhow::Result<Exercise<'a>> {
    let heading = format!("### {name} ");
    let Some((_, rest)) = text.split_once(&heading) else {
        bail!("there is no heading \"{heading}...\"");
    };
    let title = rest.lines().next().unwrap_or("").trim();
    let section = rest.split("\n## ").next().unwrap_or(rest);
    let section = section.split("\n### ").next().unwrap_or(section);
    let hints: Vec<_> = section.split("<details><summary>Hint</summary>").collect();
    let hints: Vec<_> = hints[1..]
        .iter()
        .filter_map(|hint| hint.split_once("</details>"))
        .map(|(hint, _)| hint.trim().to_owned())
        .collect();
    if hints.is_empty() {
        bail!("it has no hint; write one: <details><summary>Hint</summary>");
    }
    Ok(Exercise {
        name,
        title,
        blocks: Vec::new(),
        hints,
    })
}

/// Plays an exercise. The result is the first difference, with evidence, or
/// `None` if it is done.
pub fn attempt(
    lab: Lab,
    chapter: &Chapter,
    exercise: &Exercise,
    limits: Limits,
    machine: Option<Shell>,
) -> anyhow::Result<Option<String>> {
    std::env::set_current_dir(&lab.folder)?;
    let mut player = Player::new(&lab, chapter, Mode::Try, limits, machine)?;
    player.play(exercise.blocks.iter().copied())?;
    let difference = player.first.take();
    drop(player);
    let captures = lab.folder.join("all.pcapng");
    lab.finish()?;
    Ok(difference.map(|Difference { words, evidence }| {
        // Captures that cannot be read are no reason to keep the difference back.
        words + &evidence.words(&capture::read(&captures).unwrap_or_default())
    }))
}

/// The next hint, as a text to print. Which came last is kept in this folder.
pub fn next_hint(exercise: &Exercise, folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("hints");
    let given = fs::read_to_string(&file).unwrap_or_default();
    let given: usize = given.trim().parse().unwrap_or(0);
    let Some(hint) = exercise.hints.get(given) else {
        let _ = fs::remove_file(&file);
        return Ok(format!(
            "that was the last hint; the solution is in chapters/solutions/{}.patch",
            exercise.name
        ));
    };
    fs::write(&file, format!("{}\n", given + 1))
        .with_context(|| format!("cannot write {}", file.display()))?;
    let all = exercise.hints.len();
    Ok(format!("hint {} of {all}: {hint}", given + 1))
}
