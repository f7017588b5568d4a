//! The book against what happens: plays a chapter to show it, to check it, or
//! to bless what comes out.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, anyhow, bail};

use crate::book::{Book, Chapter};
use crate::executor::Limits;
use crate::journey::Journey;
use crate::player::{Mode, Player};
use crate::recorder::Recorded;
use crate::shell::Shell;
use crate::summary::{self, command, shown};
use crate::transcript::{Kind, Transcript, rewrite};
use crate::{compare, lab::Lab, namespace, run_dir};
use ip_over_udp::capture;
use ip_over_udp::output::println;

/// How much of a chapter is played.
#[derive(Clone, Copy, Default)]
pub struct Totals {
    blocks: usize,
    commands: usize,
    lines: usize,
    ignored: usize,
}

impl Totals {
    /// What there is in this chapter.
    pub fn of(chapter: &Chapter) -> Totals {
        let transcript = &chapter.transcript;
        let steps = || transcript.played().flat_map(|block| &block.steps);
        let lines = |step: &crate::transcript::Step| {
            step.before.len() + step.after.as_ref().map_or(0, Vec::len)
        };
        Totals {
            blocks: transcript.played().count(),
            commands: steps().count(),
            lines: steps().map(lines).sum(),
            ignored: ignored(transcript).count(),
        }
    }

    /// Both together.
    pub fn and(self, other: Totals) -> Totals {
        Totals {
            blocks: self.blocks + other.blocks,
            commands: self.commands + other.commands,
            lines: self.lines + other.lines,
            ignored: self.ignored + other.ignored,
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Totals {
            blocks,
            commands,
            lines,
            ignored,
        } = self;
        let (blocks, commands) = (counted(*blocks, "block"), counted(*commands, "command"));
        let lines = counted(*lines, "line");
        write!(f, "{blocks}, {commands}, {lines} compared")?;
        match ignored {
            0 => Ok(()),
            _ => write!(f, ", {ignored} ignored"),
        }
    }
}

/// A number and its noun, in the plural unless the number is 1.
fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

fn ignored(transcript: &Transcript) -> impl Iterator<Item = (usize, &str)> {
    let blocks = transcript.blocks.iter();
    blocks.filter_map(|block| match &block.kind {
        Kind::Ignore(reason) => Some((block.line, reason.as_str())),
        _ => None,
    })
}

/// Plays a chapter in this lab and in its folder. The result is the number of
/// differences, what to change in the chapter's file, and what was captured.
fn play(
    lab: Lab,
    chapter: &Chapter,
    mode: Mode,
    limits: Limits,
    machine: Option<Shell>,
) -> anyhow::Result<(usize, Changes, Vec<Recorded>)> {
    // `--capture left` in a chapter means a folder next to our captures.
    std::env::set_current_dir(&lab.folder)?;
    let mut player = Player::new(&lab, chapter, mode, limits, machine)?;
    player.play(chapter.transcript.played())?;
    let (differences, changes) = (player.differences, std::mem::take(&mut player.changes));
    drop(player);
    Ok((differences, changes, lab.finish()?))
}

type Changes = Vec<(std::ops::Range<usize>, Vec<String>)>;

/// `cargo lab 06`, and `cargo run`, which also tells the journey of the request.
/// `view` makes the page with the packets, if it is there.
pub fn show(
    lab: Lab,
    chapter: &Chapter,
    limits: Limits,
    machine: Option<Shell>,
    journey: bool,
    view: Option<Command>,
) -> anyhow::Result<()> {
    let folder = lab.folder.clone();
    let path = folder.join("all.pcapng");
    let here = std::env::current_dir()?;
    let (_, _, recorded) = play(lab, chapter, Mode::Show, limits, machine)?;
    // Paths are told as the reader would type them, who is not in that folder.
    std::env::set_current_dir(here)?;
    if journey {
        let packets = capture::read(&path)?;
        let Some(journey) = Journey::of_request(&packets, "GET ") else {
            bail!("the request for the page did not cross the tunnel; see above for the reason");
        };
        styled!("\n{}", journey.render().trim_end());
    }
    let made = match view {
        Some(mut view) => namespace::run_inside(view.arg(&folder), false)? == 0,
        None => false,
    };
    let page = made.then(|| folder.join(run_dir::PAGE));
    let base = folder.parent().unwrap_or(&folder);
    let open = command(base, &format!("view {} --open", chapter.name));
    summary::print(&shown(&folder), &recorded, page.as_deref(), &open);
    Ok(())
}

/// `cargo lab check 06`: whether all was as in the book, the captures too.
pub fn check(
    lab: Lab,
    book: &Book,
    chapter: &Chapter,
    limits: Limits,
    machine: Option<Shell>,
) -> anyhow::Result<bool> {
    let folder = lab.folder.clone();
    let (mut differences, _, recorded) = play(lab, chapter, Mode::Check, limits, machine)?;
    let name = &chapter.name;
    println!("chapter {name}: {}", Totals::of(chapter));
    for (line, reason) in ignored(&chapter.transcript) {
        println!("  {}:{line}: ignored: {reason}", chapter.shown);
    }
    let reference = book.reference(name);
    if !recorded.is_empty() || reference.exists() {
        if !reference.exists() {
            println!("chapter {name} has no reference captures; cargo lab bless {name} makes them");
            differences += 1;
        } else if let Some(difference) = compare::compare(&folder, &reference)? {
            let (interface, words) = (difference.interface, difference.words);
            println!("captures of chapter {name}, {interface}: {words}");
            let base = folder.parent().unwrap_or(&folder);
            let again = command(base, name);
            let more = command(base, &format!("compare {name}"));
            println!("  {again} && {more} shows more");
            differences += 1;
        }
    }
    match differences {
        0 => (),
        some => println!("chapter {name}: {}", counted(some, "difference")),
    }
    Ok(differences == 0)
}

/// The first half of `cargo lab bless 06`: rewrites the blocks.
pub fn bless_blocks(
    lab: Lab,
    chapter: &Chapter,
    limits: Limits,
    machine: Option<Shell>,
) -> anyhow::Result<()> {
    let (_, changes, _) = play(lab, chapter, Mode::Bless, limits, machine)?;
    for block in chapter.transcript.played() {
        let lines = block.steps.iter().map(|step| &step.output);
        let changed = lines.filter(|lines| changes.iter().any(|(range, _)| range == *lines));
        match changed.count() {
            0 => (),
            count => println!(
                "{}:{}: new output of {}",
                chapter.shown,
                block.line,
                counted(count, "command")
            ),
        }
    }
    if changes.is_empty() {
        println!("{}: no difference", chapter.shown);
    } else {
        let text = rewrite(&chapter.text, &changes);
        understood(chapter, &text)?;
        write(chapter, &text)?;
    }
    Ok(())
}

/// The second half of `cargo lab bless 06`: rewrites the reference captures.
///
/// The first half's own do not serve: a new block waits for words that a program
/// with `&` may print, and so its packets are further apart than the reader's.
pub fn bless_captures(
    lab: Lab,
    book: &Book,
    chapter: &Chapter,
    limits: Limits,
    machine: Option<Shell>,
    times: bool,
) -> anyhow::Result<()> {
    let folder = lab.folder.clone();
    let reference = book.reference(&chapter.name);
    let shown = shown(&reference); // before play() changes the folder
    let (differences, _, recorded) = play(lab, chapter, Mode::Check, limits, machine)?;
    if differences > 0 {
        println!(
            "{}: {} printed something else than the book says; \
             write [..] where two runs never print the same",
            chapter.shown,
            counted(differences, "command")
        );
    }
    if !recorded.is_empty() || reference.exists() {
        match compare::bless(&folder, &reference, times)? {
            true => println!("{}: new captures", shown.display()),
            false => println!("{}: no difference", shown.display()),
        }
    }
    Ok(())
}

/// Whether the new text has the same commands: output could look like one.
fn understood(chapter: &Chapter, text: &str) -> anyhow::Result<()> {
    let commands = |transcript: &Transcript| -> Vec<(String, bool)> {
        let steps = transcript.blocks.iter().flat_map(|block| &block.steps);
        steps
            .map(|step| (step.command.clone(), step.after.is_some()))
            .collect()
    };
    let what = || {
        format!(
            "cannot rewrite {}: a command printed a line that would be read as a prompt, \
             as ^C or as the end of the block",
            chapter.shown
        )
    };
    let new = Transcript::parse(text)
        .map_err(|err| anyhow!("line {err}"))
        .with_context(what)?;
    if commands(&new) != commands(&chapter.transcript) {
        bail!("{}", what());
    }
    Ok(())
}

/// Puts a new file in the place of the chapter's, at once.
fn write(chapter: &Chapter, text: &str) -> anyhow::Result<()> {
    let path = &chapter.path;
    if fs::read_to_string(path)? != chapter.text {
        bail!(
            "cannot rewrite {}: it was changed while it was played\n  \
             run cargo lab bless again",
            chapter.shown
        );
    }
    let new = path.with_extension("md.new");
    let write = |path: &Path| -> std::io::Result<()> {
        let mut file = fs::File::create(path)?;
        file.set_permissions(fs::metadata(&chapter.path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    let written = write(&new).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written.with_context(|| format!("cannot write {}", chapter.shown))
}
