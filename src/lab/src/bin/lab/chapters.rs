//! `cargo lab 06`, `check`, `bless` and `compare`: a chapter's experiment, each
//! in a lab of its own.

use std::time::Instant;

use anyhow::bail;
use ip_over_udp::output::println;
use lab::book::Chapter;
use lab::compare::Difference;
use lab::namespace::{self, Watch};
use lab::summary::{command, quoted, shown};
use lab::verify::{self, Totals};
use lab::{Lab, player};

use crate::cli::{Args, Options, Part};
use crate::job::Place;
use crate::terminals::greet;
use crate::views;

/// What is done with what a chapter's commands print.
#[derive(Clone, Copy)]
pub enum Mode {
    /// It is shown, and after it the journey of one packet, if that is asked.
    Show { journey: bool },
    /// It is compared with the book.
    Check,
    /// It is put into the book, and what is captured becomes the reference.
    Bless {
        /// The part that is rewritten, if not both.
        only: Option<Part>,
        /// Captures are replaced even if only times differ.
        times: bool,
    },
}

/// One chapter in a lab, or without a name all of them, each in its own.
pub fn job<'a>(options: &'a Options, word: Option<&str>, mode: Mode) -> anyhow::Result<Place<'a>> {
    let chapters = find(options, word)?;
    Ok(match <[Chapter; 1]>::try_from(chapters) {
        Ok([chapter]) if labs(mode).len() == 1 => {
            Place::Lab(Box::new(move |watch| play(options, &chapter, mode, watch)))
        }
        Ok([chapter]) => Place::Here(Box::new(move || one_by_one(options, &[chapter], mode))),
        Err(chapters) => Place::Here(Box::new(move || one_by_one(options, &chapters, mode))),
    })
}

fn find(options: &Options, word: Option<&str>) -> anyhow::Result<Vec<Chapter>> {
    let book = options.book()?;
    let Some(word) = word else {
        let names = book.names()?;
        return names.iter().map(|name| book.chapter(name)).collect();
    };
    let Some(name) = book.name(word)? else {
        bail!(
            "there is no chapter and no command {word:?}\n  \
             chapters: {}\n  \
             commands: {}\n  \
             cargo lab --help says what they do",
            book.names()?.join(", "),
            Args::commands()
        );
    };
    Ok(vec![book.chapter(&name)?])
}

/// The words for each lab that a chapter is played in.
fn labs(mode: Mode) -> Vec<Vec<&'static str>> {
    const BLOCKS: [&str; 3] = ["bless", "--only", "blocks"];
    const CAPTURES: [&str; 3] = ["bless", "--only", "captures"];
    let Mode::Bless { only, times } = mode else {
        return match mode {
            Mode::Check => vec![vec!["check"]],
            _ => vec![vec![]],
        };
    };
    let mut labs = Vec::new();
    if only != Some(Part::Captures) {
        labs.push(BLOCKS.to_vec());
    }
    if only != Some(Part::Blocks) {
        let times = times.then_some("--times");
        labs.push(CAPTURES.into_iter().chain(times).collect());
    }
    labs
}

/// Starts this program again for each chapter. The exit code is the worst.
fn one_by_one(options: &Options, chapters: &[Chapter], mode: Mode) -> anyhow::Result<u8> {
    let mut worst = 0;
    let mut total = Totals::default();
    for chapter in chapters {
        for words in labs(mode) {
            let mut lab = options.again()?;
            let code = namespace::run(lab.args(words).arg(&chapter.name))?;
            worst = worst.max(code);
            if worst > 2 {
                return Ok(worst); // it was killed
            }
            if code > 1 {
                break; // captures would be those of a chapter that cannot be played
            }
        }
        total = total.and(Totals::of(chapter));
    }
    if matches!(mode, Mode::Check) {
        println!("{} chapters: {total}", chapters.len());
    }
    Ok(worst)
}

/// In the first process of a lab: one chapter.
fn play(options: &Options, chapter: &Chapter, mode: Mode, watch: &Watch) -> anyhow::Result<u8> {
    let started = Instant::now();
    let limits = options.limits();
    let transcript = &chapter.transcript;
    let machine = transcript
        .uses_machine()
        .then(player::machine)
        .transpose()?;
    let setup = options.setup(&chapter.name, transcript.ipv6())?;
    let book = options.book()?;
    let lab = Lab::start(&setup, watch)?;
    match mode {
        Mode::Check => {
            let same = verify::check(lab, &book, chapter, limits, machine)?;
            Ok(if same { 0 } else { 1 })
        }
        Mode::Bless { only, times } => match only {
            Some(Part::Captures) => {
                verify::bless_captures(lab, &book, chapter, limits, machine, times)
            }
            _ => verify::bless_blocks(lab, chapter, limits, machine),
        }
        .map(|()| 0),
        Mode::Show { journey } => {
            greet(started);
            // `cargo run` has not built it.
            let view = match journey {
                true => None,
                false => views::after(options, chapter),
            };
            verify::show(lab, chapter, limits, machine, journey, view).map(|()| 0)
        }
    }
}

/// `lab compare`: the exit code is 0 if there is no difference.
pub fn compare(options: &Options, word: &str) -> anyhow::Result<u8> {
    let book = options.book()?;
    let Some(chapter) = book.name(word)? else {
        let names = book.names()?.join(", ");
        bail!("there is no chapter {word:?}; the chapters are {names}");
    };
    let base = options.base()?;
    let (mine, reference) = (base.join(&chapter), book.reference(&chapter));
    if !mine.exists() {
        let play = command(&base, &chapter);
        bail!("you have no captures of chapter {chapter} yet; make them with: {play}");
    }
    let Some(difference) = lab::compare::compare(&mine, &reference)? else {
        println!("chapter {chapter}: every packet is as in the reference");
        return Ok(0);
    };
    let Difference {
        interface, words, ..
    } = &difference;
    println!("chapter {chapter}, {interface}: {words}\n");
    for (folder, packet) in [(mine, difference.mine), (reference, difference.reference)] {
        let file = folder.join(&difference.file);
        if file.exists() {
            let go = packet.map_or(String::new(), |packet| format!(" -g {packet}"));
            let file = quoted(&shown(&file));
            println!("wireshark -d udp.port==9876,ip{go} {file}");
        }
    }
    Ok(1)
}
