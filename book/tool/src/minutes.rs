//! `{{#minutes ch03-answer-ping.md}}`: how long a chapter takes, an estimate that
//! follows its text.

use std::path::Path;

use anyhow::Context;
use mdbook_markdown::pulldown_cmark::{
    CodeBlockKind, Event, HeadingLevel, Tag, TagEnd, TextMergeStream,
};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::anchor::Source;
use crate::listing::Shown;

/// A reader who thinks while reading manages so many words in a minute.
const WORDS: usize = 200;
/// Code takes longer: so many lines.
const LINES: usize = 20;
/// A command is typed, and its output looked at, in half a minute.
const COMMANDS: usize = 2;
/// More than this the estimate is not worth.
const ROUND: usize = 5;

/// The minutes that a page takes: its words, its code and its commands. The
/// section with the exercises is not in it.
pub fn of_page(tree: &Path, page: &str) -> anyhow::Result<String> {
    let file = format!("book/src/{}", page.trim());
    let text =
        std::fs::read_to_string(tree.join(&file)).with_context(|| format!("cannot read {file}"))?;
    let Effort {
        words,
        lines,
        commands,
    } = Effort::of(tree, &text)?;
    let share = |count: usize, in_a_minute: usize| count as f64 / in_a_minute as f64;
    let minutes = share(words, WORDS) + share(lines, LINES) + share(commands, COMMANDS);
    let rounded = (minutes / ROUND as f64).round() as usize * ROUND;
    Ok(rounded.max(ROUND).to_string())
}

/// What there is to do on a page.
#[derive(Default)]
struct Effort {
    words: usize,
    /// Of code.
    lines: usize,
    commands: usize,
}

impl Effort {
    fn of(tree: &Path, text: &str) -> anyhow::Result<Effort> {
        let mut effort = Effort::default();
        let (mut block, mut heading, mut exercises) = (None, false, false);
        let events = new_cmark_parser(text, &MarkdownOptions::default());
        for event in TextMergeStream::new(events) {
            match event {
                Event::Start(Tag::Heading { level, .. }) if level <= HeadingLevel::H2 => {
                    (heading, exercises) = (true, false);
                }
                Event::End(TagEnd::Heading(_)) => heading = false,
                Event::Start(Tag::CodeBlock(kind)) => {
                    block = Some(match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    });
                }
                Event::End(TagEnd::CodeBlock) => block = None,
                Event::Text(text) if heading && text.trim() == "Exercises" => exercises = true,
                _ if exercises => (),
                Event::Text(text) => match block.as_deref() {
                    Some("console") => {
                        let lines = text.lines().filter(|line| line.contains("$ "));
                        effort.commands += lines.count();
                    }
                    Some(_) => (),
                    None => effort.read(tree, &text)?,
                },
                Event::Code(_) => effort.words += 1,
                _ => (),
            }
        }
        Ok(effort)
    }

    /// A piece of prose, or a directive, which is a paragraph of its own.
    fn read(&mut self, tree: &Path, text: &str) -> anyhow::Result<()> {
        if let Some(listing) = text.strip_prefix("{{#listing ") {
            let shown = Shown::parse(listing.trim_end_matches('}'))?;
            let source = Source::read(tree, &shown.file)?;
            self.lines += source.lines(shown.anchor.as_deref())?.len();
        } else if !text.starts_with("{{#") {
            self.words += text.split_whitespace().count();
        }
        Ok(())
    }
}
