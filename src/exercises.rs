//! `cargo lab exercise 06`: plays a chapter's exercises on the reader's tree as
//! it is. Nothing in the tree is changed.

use anstyle::Style;
use anyhow::bail;
use ip_over_udp::lab::book::Chapter;
use ip_over_udp::lab::exercise::{self, Exercise};
use ip_over_udp::lab::stage::Limits;
use ip_over_udp::lab::summary::shown;
use ip_over_udp::lab::world::{self, Watch};
use ip_over_udp::lab::{Lab, play};
use ip_over_udp::output::{println, styled};

use crate::cli::Options;
use crate::{again, setup};

const BOLD: Style = Style::new().bold();

/// The chapter, and those of its exercises, that `06` or `06-1` asks for.
pub fn asked(options: &Options, which: &str) -> anyhow::Result<(Chapter, Vec<String>)> {
    let (chapter, number) = match which.split_once('-') {
        Some((chapter, number)) => (chapter, Some(number)),
        None => (which, None),
    };
    let book = options.book()?;
    let Some(name) = book.name(chapter)? else {
        let names = book.names()?.join(", ");
        bail!("there is no chapter {chapter:?}; there are {names}");
    };
    let chapter = book.chapter(&name)?;
    let all: Vec<String> = exercise::of(&chapter)?
        .iter()
        .map(|exercise| exercise.name.to_owned())
        .collect();
    if all.is_empty() {
        bail!("chapter {name} has no exercises");
    }
    let Some(number) = number else {
        return Ok((chapter, all));
    };
    let wanted = format!("{name}-{number}");
    if !all.contains(&wanted) {
        let all = all.join(", ");
        bail!("there is no exercise {which}; chapter {name} has {all}");
    }
    Ok((chapter, vec![wanted]))
}

/// Plays each in a lab of its own, and says how many are done.
pub fn one_by_one(
    options: &Options,
    chapter: &Chapter,
    names: &[String],
    mut hint: bool,
) -> anyhow::Result<u8> {
    let mut done = 0;
    for name in names {
        let mut lab = again(options)?;
        lab.args(["exercise", name]);
        if hint {
            lab.arg("--hint");
        }
        match world::run(&mut lab)? {
            0 => done += 1,
            1 => hint = false, // one at a time
            worse => return Ok(worse),
        }
    }
    println!("chapter {}: {done} of {} done", chapter.name, names.len());
    Ok(u8::from(done < names.len()))
}

/// In the inner process: one exercise in one lab.
pub fn attempt(
    options: &Options,
    which: &str,
    hint: bool,
    limits: Limits,
    watch: &Watch,
) -> anyhow::Result<u8> {
    let (chapter, names) = asked(options, which)?;
    let exercises = exercise::of(&chapter)?;
    let one = |it: &&Exercise| names.contains(&it.name.to_owned());
    let Some(exercise) = exercises.iter().find(one) else {
        bail!("there is no exercise {which}");
    };
    let transcript = &chapter.transcript;
    let machine = transcript.uses_machine().then(play::machine).transpose()?;
    let name = format!("exercise-{}", exercise.name);
    let lab = Lab::start(&setup(options, &name, transcript.ipv6())?, watch)?;
    let folder = lab.folder.clone();
    let captures = shown(&folder);
    let difference = exercise::attempt(lab, &chapter, exercise, limits, machine)?;
    let Exercise { name, title, .. } = exercise;
    let Some(difference) = difference else {
        styled!("{BOLD}{name}{BOLD:#} {title}: done");
        return Ok(0);
    };
    styled!("{BOLD}{name}{BOLD:#} {title}: not yet");
    indented(&difference);
    println!("  captures: {}", captures.display());
    if hint {
        indented(&exercise::next_hint(exercise, &folder)?);
    }
    Ok(1)
}

fn indented(text: &str) {
    for line in text.lines() {
        println!("{}", format!("  {line}").trim_end());
    }
}
