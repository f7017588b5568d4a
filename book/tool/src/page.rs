//! One page of the book, from its Markdown to the Markdown that mdBook gets:
//! directives replaced, transcripts marked up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mdbook_driver::book::{Book, BookItem};
use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::listing::Shown;
use crate::number::Numbers;
use crate::predicted::Predictions;
use crate::problem::Problem;
use crate::source_page::Links;
use crate::{changes, console, doctor, figure, html, listing, minutes, solution};

/// What the pages of a book took from the tree, and what is wrong with them.
#[derive(Debug, Default)]
pub struct Taken {
    /// All listings.
    pub shown: BTreeSet<Shown>,
    /// The source files that pages link to, and the titles of those pages by
    /// their paths.
    pub sources: BTreeMap<String, BTreeMap<String, String>>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Works through all pages of a book, in place.
pub fn expand(tree: &Path, book: &mut Book) -> Taken {
    let mut taken = Taken::default();
    book.for_each_mut(|item| {
        if let BookItem::Chapter(chapter) = item
            && let Some(path) = &chapter.source_path
        {
            let depth = path.components().count() - 1;
            let mut page = Page {
                tree,
                numbers: Numbers::of_page(&path.display().to_string()),
                file: format!("book/src/{}", path.display()),
                links: Links::from_depth(depth),
                predictions: Predictions::of(&chapter.content),
                taken: &mut taken,
            };
            chapter.content = page.expand(&chapter.content);
            let address = path.with_extension("html").display().to_string();
            for file in page.links.into_files() {
                let pages = taken.sources.entry(file).or_default();
                pages.insert(address.clone(), chapter.name.clone());
            }
        }
    });
    taken
}

struct Page<'a> {
    tree: &'a Path,
    file: String,
    links: Links,
    numbers: Numbers,
    predictions: Predictions,
    taken: &'a mut Taken,
}

/// Finds what replaces a directive with these arguments, in a tree.
type Find = fn(&Path, &str) -> anyhow::Result<String>;

/// A fenced block of code: its first and last line, counted from 0.
struct Block {
    first: usize,
    last: usize,
    info: String,
    text: String,
}

impl Page<'_> {
    fn expand(&mut self, content: &str) -> String {
        let lines: Vec<&str> = content.lines().collect();
        let mut blocks = blocks(content).into_iter().peekable();
        let mut out = String::with_capacity(content.len());
        let mut number = 0;
        while number < lines.len() {
            let line = lines[number];
            if let Some(block) = blocks.next_if(|block| block.first == number) {
                let lines = &lines[block.first..=block.last];
                out += &self.block(&block, lines);
                number = block.last + 1;
                continue;
            }
            let line = &self.values(number + 1, line);
            match self.directive(number + 1, line) {
                Some(replaced) => out += &replaced,
                None => out = out + line + "\n",
            }
            number += 1;
        }
        let open: Vec<usize> = self.predictions.open().collect();
        for number in open {
            self.problem(
                1,
                format!(
                    "prediction {number} has no answer on this page: write {{{{#predicted {number}}}}} where it is"
                ),
            );
        }
        out
    }

    fn problem(&mut self, line: usize, what: impl std::fmt::Display) {
        let problem = Problem::at(self.file.clone(), line, what);
        self.taken.problems.push(problem);
    }

    fn block(&mut self, block: &Block, lines: &[&str]) -> String {
        for (number, line) in (block.first + 1..).zip(lines) {
            if line.contains("{{#") {
                self.problem(
                    number,
                    "a directive inside a block of code is not replaced: move it out of the block",
                );
            }
        }
        let closing = lines[lines.len() - 1].trim_start_matches([' ', '>']);
        if lines.len() == 1 || !closing.starts_with("```") && !closing.starts_with("~~~") {
            self.problem(block.first + 1, "this block of code is never closed");
        }
        let language = block.info.split([' ', '\t', ',']).next().unwrap_or("");
        match language {
            "rust" | "rs" | "Rust" => self.problem(
                block.first + 1,
                "Rust code is not pasted; include it with {{#listing FILE ANCHOR}}",
            ),
            "console" => {
                let prefix = prefix(lines[0]);
                let transcript = console::render(&block.text);
                let exercise = block.info.split_whitespace().rev();
                let mut exercise = exercise.filter_map(|word| word.strip_prefix("exercise="));
                return match exercise.next() {
                    Some(name) => prefixed(&prefix, &console::exercise(name, &transcript)),
                    None => prefixed(&prefix, &transcript),
                };
            }
            _ => (),
        }
        lines.join("\n") + "\n"
    }

    /// A line with its values filled in. `{{#value}}` and `{{#minutes}}` are the
    /// directives that can be in the middle of a sentence.
    fn values(&mut self, number: usize, line: &str) -> String {
        let line = self.inline(number, line, "value", figure::value);
        self.inline(number, &line, "minutes", minutes::of_page)
    }

    fn inline(&mut self, number: usize, line: &str, name: &str, find: Find) -> String {
        let mut out = String::new();
        let mut rest = line;
        let begin = format!("{{{{#{name} ");
        while let Some((before, after)) = rest.split_once(&begin)
            && let Some((arguments, after)) = after.split_once("}}")
        {
            out += before;
            match find(self.tree, arguments) {
                Ok(value) => out += &value,
                Err(err) => self.problem(number, format!("{{{{#{name}}}}}: {err:#}")),
            }
            rest = after;
        }
        out + rest
    }

    /// What replaces a line, if it is a directive.
    fn directive(&mut self, number: usize, line: &str) -> Option<String> {
        let start = line.find("{{#")?;
        let alone = line[..start].trim_matches([' ', '>']).is_empty();
        let Some(directive) = line[start..]
            .trim_end()
            .strip_suffix("}}")
            .filter(|_| alone)
        else {
            self.problem(
                number,
                "a directive must be alone on its line, from {{# to }}",
            );
            return None;
        };
        let directive = &directive["{{#".len()..];
        let (name, arguments) = directive
            .split_once(char::is_whitespace)
            .unwrap_or((directive, ""));
        match self.replace(name, arguments.trim()) {
            Ok(text) => {
                let text = self.numbers.add(&text);
                Some(prefixed(&line[..start], &format!("\n{text}\n")))
            }
            Err(err) => {
                self.problem(number, format!("{{{{#{name}}}}}: {err:#}"));
                None
            }
        }
    }

    fn replace(&mut self, name: &str, arguments: &str) -> anyhow::Result<String> {
        let tree = self.tree;
        Ok(match name {
            "listing" => {
                let shown = Shown::parse(arguments)?;
                let text = listing::render(tree, &shown, &self.links);
                // Also if it failed, or its anchor would be told as unused too.
                self.taken.shown.insert(shown);
                text?
            }
            "changes" => html::block("changes", &changes::render(tree, arguments, &self.links)?),
            "solution" => html::block("solution", &solution::render(tree, arguments, &self.links)?),
            "predicted" => self.predictions.render(arguments)?,
            "doctor" => html::block("table-wrapper", &doctor::render()),
            "packet" => html::block("drawn", &figure::packet(tree, arguments)?),
            "header" => html::block("drawn", &figure::header(tree, arguments)?),
            "packets" => html::block("drawn", &figure::packets(tree, arguments)?),
            "journey" => html::block("drawn", &figure::journey(tree, arguments)?),
            "travel" => html::block("drawn", &figure::travel(tree, arguments)?),
            "timeline" => html::block("drawn", &figure::timeline(tree, arguments)?),
            "conversation" => html::block("drawn", &figure::conversation(tree, arguments)?),
            "sizes" => html::block("drawn", &figure::sizes(tree, arguments)?),
            "checksum" => html::block("drawn", &figure::checksum(tree, arguments)?),
            "difference" => html::block("drawn", &figure::difference(tree, arguments)?),
            "fragments" => html::block("drawn", &figure::fragments(tree, arguments)?),
            "hops" => html::block("drawn", &figure::hops(tree, arguments)?),
            "pcap" => html::block("drawn", &figure::pcap(tree, arguments)?),
            "diagram" => html::block("drawn", &figure::diagram(tree, arguments)?),
            "include" | "rustdoc_include" | "playground" => {
                anyhow::bail!(
                    "use {{{{#listing FILE ANCHOR}}}} instead, which reports an anchor that is missing"
                )
            }
            _ => anyhow::bail!(
                "there is no such directive; the directives are listing, changes, solution, predicted, doctor, packet, header, packets, journey, travel, timeline, conversation, checksum, difference, fragments, hops, sizes, pcap, diagram, value and minutes"
            ),
        })
    }
}

/// The fenced blocks of a page, in order.
fn blocks(content: &str) -> Vec<Block> {
    let line_of = |offset: usize| content[..offset].matches('\n').count();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    // mdBook's own parser, so that a block here is a block in the finished page.
    let events = new_cmark_parser(content, &MarkdownOptions::default()).into_offset_iter();
    for (event, range) in events {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let end = range.start + content[range.clone()].trim_end().len();
                open = Some(Block {
                    first: line_of(range.start),
                    last: line_of(end),
                    info: info.to_string(),
                    text: String::new(),
                });
            }
            Event::Text(text) => {
                if let Some(block) = &mut open {
                    block.text += &text;
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => (),
        }
    }
    blocks
}

/// What precedes each line of a block that is inside a list or a quotation.
fn prefix(line: &str) -> String {
    let end = line.find(['`', '~']).unwrap_or(0);
    let keep = |c| if c == '>' { '>' } else { ' ' };
    line[..end].chars().map(keep).collect()
}

fn prefixed(prefix: &str, text: &str) -> String {
    text.lines()
        .map(|line| format!("{}\n", format!("{prefix}{line}").trim_end()))
        .collect()
}
