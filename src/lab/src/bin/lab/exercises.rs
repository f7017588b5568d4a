//! `cargo lab exercise 06`: plays a chapter's exercises on the reader's tree as
//! it is. Nothing in the tree is changed.

use anstyle::Style;
use anyhow::bail;
use ip_over_udp::output::println;
use lab::book::Chapter;
use lab::exercise::{self, Exercise};
use lab::namespace::{self, Watch};
use lab::summary::shown;
use lab::{Lab, player, styled};

use crate::cli::Options;
use crate::job::Place;

const BOLD: Style = Style::new().bold();

/// One exercise in a lab, or all of a chapter, each in its own.
pub fn job<'a>(options: &'a Options, which: &str, hint: bool) -> anyhow::Result<Place<'a>> {
    let (chapter, names) = asked(options, which)?;
    Ok(match <[String; 1]>::try_from(names) {
        Ok([name]) => Place::Lab(Box::new(move |watch| {
            attempt(options, &chapter, &name, hint, watch)
        })),
        Err(names) => Place::Here(Box::new(move || {
            one_by_one(options, &chapter, &names, hint)
        })),
    })
}

/// The chapter, and those of its exercises, that `06` or `06-1` asks for.
pub fn asked(options: &Options, which: &str) -> anyhow::Result<(Chapter, Vec<String>)> {
    let (chapter, number) = match which.split_once('-') {
        Some((chapter, number)) => (chapter, Some(number)),
        None => (which, None),
    };
    let book = options.book()?;
    let Some(name) = book.name(chapter)? else {
        let names = book.names()?.join(", ");
        bail!("there is no chapter {chapter:?}; the chapters are {names}");
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
fn one_by_one(
    options: &Options,
    chapter: &Chapter,
    names: &[String],
    mut hint: bool,
) -> anyhow::Result<u8> {
    let mut done = 0;
    for name in names {
        match play(options, name, hint)? {
            0 => done += 1,
            1 => hint = false, // one at a time
            worse => return Ok(worse),
        }
    }
    println!("chapter {}: {done} of {} done", chapter.name, names.len());
    Ok(u8::from(done < names.len()))
}

/// Plays one in a lab of its own. The result is the exit code: 0 for done, 1 for
/// not yet, others for what went wrong.
pub fn play(options: &Options, name: &str, hint: bool) -> anyhow::Result<u8> {
    let mut lab = options.again()?;
    lab.args(["exercise", name]);
    if hint {
        lab.arg("--hint");
    }
    namespace::run(&mut lab)
}

/// In the first process of a lab: one exercise.
fn attempt(
    options: &Options,
    chapter: &Chapter,
    name: &str,
    hint: bool,
    watch: &Watch,
) -> anyhow::Result<u8> {
    let exercises = exercise::of(chapter)?;
    let Some(exercise) = exercises.iter().find(|each| each.name == name) else {
        bail!("there is no exercise {name}");
    };
    let transcript = &chapter.transcript;
    let machine = transcript
        .uses_machine()
        .then(player::machine)
        .transpose()?;
    let name = format!("exercise-{}", exercise.name);
    let lab = Lab::start(&options.setup(&name, transcript.ipv6())?, watch)?;
    let folder = lab.folder.clone();
    let captures = shown(&folder);
    let difference = exercise::attempt(lab, chapter, exercise, options.limits(), machine)?;
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
