//! `cargo lab exercise 06 --watch`: plays the exercises again whenever a program
//! is saved, until Ctrl-C. The one that the reader works on comes first.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstyle::Style;
use anyhow::bail;
use ip_over_udp::output::{eprintln, print, println, written};
use lab::book::Chapter;
use lab::{exercise, namespace, programs, rounds, styled};

use crate::cli::Options;
use crate::exercises;
use crate::job::Place;

const BOLD: Style = Style::new().bold();

/// One exercise, or all of a chapter, after each change.
pub fn job<'a>(options: &'a Options, which: &str, hint: bool) -> anyhow::Result<Place<'a>> {
    if options.bin_dir.is_some() {
        bail!(
            "cannot watch with --bin-dir, which builds no programs\n  \
             leave out one of the two"
        );
    }
    let (chapter, names) = exercises::asked(options, which)?;
    Ok(Place::Here(Box::new(move || {
        watch(options, &chapter, &names, hint)
    })))
}

/// What the programs are built from.
const WATCHED: [&str; 3] = ["chapters", "src", "Cargo.toml"];

/// And of that, what Cargo reads: captures, for example, can be there too.
fn is_source(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "rs" || ending == "toml")
}

/// Plays them in rounds, until a signal ends this process.
fn watch(options: &Options, chapter: &Chapter, names: &[String], hint: bool) -> anyhow::Result<u8> {
    let tree = programs::tree()?;
    let mut exercises = Exercises::new(options, chapter, names, hint)?;
    let mut first = true;
    let ended = rounds::repeat(&WATCHED.map(|path| tree.join(path)), is_source, || {
        separate(first);
        first = false;
        if let Err(err) = exercises.round() {
            eprintln!("error: {err:#}");
        }
        println!("\nwaiting for a change in chapters/ or src/; Ctrl-C ends");
        // What ran in this round has left the signals blocked.
        namespace::prepare()
    })?;
    match ended {}
}

/// Puts the next round on top of the terminal, or away from the one before.
fn separate(first: bool) {
    let knows_codes = std::env::var_os("TERM").is_some_and(|name| name != "dumb");
    if knows_codes && io::stdout().is_terminal() {
        print!("\x1b[2J\x1b[H"); // erase the display, cursor to the first line
        written(io::stdout().flush()); // before another process prints
    } else if !first {
        println!("---");
    }
}

/// Those that are played, and what is known of them.
struct Exercises<'a> {
    options: &'a Options,
    chapter: &'a str,
    all: Vec<Known<'a>>,
    /// Whether the reader is still to get the hint that was asked for.
    hint: bool,
}

/// What is known of an exercise.
struct Known<'a> {
    name: &'a str,
    title: &'a str,
    /// Whether it was when it was last played.
    done: bool,
}

impl<'a> Exercises<'a> {
    fn new(
        options: &'a Options,
        chapter: &'a Chapter,
        names: &[String],
        hint: bool,
    ) -> anyhow::Result<Exercises<'a>> {
        let all = exercise::of(chapter)?.into_iter();
        let asked = all.filter(|exercise| names.iter().any(|name| name == exercise.name));
        let known = asked.map(|exercise| Known {
            name: exercise.name,
            title: exercise.title,
            done: false,
        });
        Ok(Exercises {
            options,
            chapter: &chapter.name,
            all: known.collect(),
            hint,
        })
    }

    /// Builds the programs, and plays what is not done, until something still is
    /// not. If nothing is, what was done before is played too: the last change
    /// may have broken it.
    fn round(&mut self) -> anyhow::Result<()> {
        programs::build()?;
        programs::check(&self.options.bin_dir()?)?;
        let (before, open): (Vec<_>, Vec<_>) =
            (0..self.all.len()).partition(|&number| self.all[number].done);
        let mut order = open.into_iter().chain(before);
        while let Some(number) = order.next() {
            self.play(number)?;
            if !self.all[number].done {
                let others = order.map(|number| &self.all[number]);
                for Known { name, title, .. } in others.filter(|known| known.done) {
                    styled!("{BOLD}{name}{BOLD:#} {title}: done before");
                }
                return Ok(());
            }
        }
        if let all @ 2.. = self.all.len() {
            println!("chapter {}: {all} of {all} done", self.chapter);
        }
        Ok(())
    }

    /// Plays one, which says itself how it went.
    fn play(&mut self, number: usize) -> anyhow::Result<()> {
        let known = &mut self.all[number];
        known.done = match exercises::play(self.options, known.name, self.hint)? {
            0 => true,
            1 => {
                self.hint = false;
                false
            }
            worse => bail!("cannot play {}: exit code {worse}", known.name),
        };
        Ok(())
    }
}
