//! `{{#changes ch05 ch06}}`: what changed from one chapter's program to the
//! next, and which modules it uses for the first time.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};
use similar::{ChangeTag, TextDiff};

use crate::anchor::is_marker;
use crate::html::{self, count, sentence};
use crate::source_page::Links;

/// Unchanged lines around a change.
const AROUND: usize = 2;
/// A change of more lines than this is folded away.
const SHORT: usize = 40;

/// The changes as HTML.
pub fn render(tree: &Path, arguments: &str, links: &Links) -> anyhow::Result<String> {
    let [from, to] = arguments.split_whitespace().collect::<Vec<_>>()[..] else {
        bail!("it takes two chapters: {{{{#changes ch05 ch06}}}}");
    };
    let to_chapter = to;
    let (from, to) = (Program::read(tree, from)?, Program::read(tree, to)?);
    let mut html = difference(&from, &to, links);
    if !to.others.is_empty() {
        html += "<p>Beside it, each in a file:</p>\n<ul>\n";
        for file in &to.others {
            let about = about(tree, file)?;
            html += &format!("<li>{}: {}</li>\n", links.to(file, None), sentence(&about));
        }
        html += "</ul>\n";
    }
    let known = Program::all_before(tree, to_chapter)?;
    let new: Vec<_> = to.modules.difference(&known).collect();
    if !new.is_empty() {
        html += "<p>It uses for the first time:</p>\n<ul>\n";
        for module in new {
            let file = module_file(tree, module)?;
            let about = about(tree, &file)?;
            html += &format!("<li>{}: {}</li>\n", links.to(&file, None), sentence(&about));
        }
        html += "</ul>\n";
    }
    Ok(html)
}

struct Program {
    /// As a path from the root of the tree: the file with `main`.
    file: String,
    text: String,
    /// The files beside it, if it is a folder.
    others: Vec<String>,
    /// The modules of the library that it names.
    modules: BTreeSet<String>,
}

impl Program {
    /// Finds a program by its chapter, `ch05`: a file, or a folder with `main.rs`.
    fn read(tree: &Path, chapter: &str) -> anyhow::Result<Program> {
        let prefix = format!("{chapter}_");
        let name = names(tree, "chapters")?
            .into_iter()
            .find(|name| name.starts_with(&prefix))
            .with_context(|| format!("there is no program chapters/{chapter}_*"))?;
        let place = format!("chapters/{name}");
        let mut others = Vec::new();
        let file = match tree.join(&place).is_dir() {
            false => place,
            true => {
                for name in names(tree, &place)? {
                    if !["main.rs", "tests.rs"].contains(&name.as_str()) {
                        others.push(format!("{place}/{name}"));
                    }
                }
                format!("{place}/main.rs")
            }
        };
        let text = read(tree, &file)?;
        let mut modules = modules(&text);
        for other in &others {
            modules.extend(self::modules(&read(tree, other)?));
        }
        let lines = text.lines().filter(|line| !is_marker(line));
        Ok(Program {
            text: lines.map(|line| format!("{line}\n")).collect(),
            file,
            others,
            modules,
        })
    }
}

/// The modules of the library that a file uses.
fn modules(text: &str) -> BTreeSet<String> {
    let uses = text
        .lines()
        .filter_map(|line| line.strip_prefix("use ip_over_udp::"));
    uses.map(|path| path.split([':', ';']).next().unwrap_or("").to_owned())
        .collect()
}

fn read(tree: &Path, file: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(tree.join(file)).with_context(|| format!("cannot read {file}"))
}

/// What is in a folder of the tree, in its order.
fn names(tree: &Path, folder: &str) -> anyhow::Result<BTreeSet<String>> {
    let entries = std::fs::read_dir(tree.join(folder));
    let entries = entries.with_context(|| format!("cannot read {folder}/"))?;
    Ok(entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect())
}

impl Program {
    /// The modules that the programs of all earlier chapters name.
    fn all_before(tree: &Path, chapter: &str) -> anyhow::Result<BTreeSet<String>> {
        let chapters: BTreeSet<String> = names(tree, "chapters")?
            .into_iter()
            .filter_map(|name| Some(name.split_once('_')?.0.to_owned()))
            .filter(|name| name.as_str() < chapter)
            .collect();
        let programs = chapters.iter().map(|name| Program::read(tree, name));
        let programs: Vec<Program> = programs.collect::<anyhow::Result<_>>()?;
        Ok(programs
            .into_iter()
            .flat_map(|program| program.modules)
            .collect())
    }
}

fn difference(from: &Program, to: &Program, links: &Links) -> String {
    let diff = TextDiff::from_lines(&from.text, &to.text);
    let (mut added, mut removed, mut shown) = (0, 0, 0);
    let (mut rows, mut next) = (String::new(), 0);
    for group in diff.grouped_ops(AROUND) {
        let begin = group.first().map_or(0, |op| op.new_range().start);
        rows += &fold(begin - next);
        next = group.last().map_or(0, |op| op.new_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (class, sign) = match change.tag() {
                ChangeTag::Insert => ("added", '+'),
                ChangeTag::Delete => ("removed", '-'),
                ChangeTag::Equal => ("same", ' '),
            };
            added += usize::from(class == "added");
            removed += usize::from(class == "removed");
            shown += 1;
            let line = change.value().trim_end_matches('\n');
            rows += &html::line(class, &format!("{sign} {line}"));
        }
    }
    rows += &fold(to.text.lines().count() - next);
    let open = if shown <= SHORT { " open" } else { "" };
    let (from, to) = (links.to(&from.file, None), links.to(&to.file, None));
    format!(
        "<p>From {from} to {to}:</p>\n<details{open}>\n\
         <summary>{} added, {removed} removed</summary>\n\
         <pre class=\"diff\"><code class=\"nohighlight\">{rows}</code></pre>\n</details>\n",
        count(added, "line")
    )
}

fn fold(lines: usize) -> String {
    match lines {
        0 => String::new(),
        _ => html::line("fold", &format!("  … {} as before", count(lines, "line"))),
    }
}

/// The file of a module of the library.
fn module_file(tree: &Path, module: &str) -> anyhow::Result<String> {
    let files = [format!("src/{module}.rs"), format!("src/{module}/mod.rs")];
    files
        .into_iter()
        .find(|file| tree.join(file).exists())
        .with_context(|| format!("there is no module src/{module}.rs"))
}

/// The first sentence of a file's own description.
fn about(tree: &Path, file: &str) -> anyhow::Result<String> {
    let text = read(tree, file)?;
    let comment = text.lines().map_while(|line| line.strip_prefix("//!"));
    let first: Vec<_> = comment
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let first = first.join(" ");
    if first.is_empty() {
        bail!("{file}:1: the module has no description");
    }
    let sentence = first
        .split_once(". ")
        .map_or(&*first, |(sentence, _)| sentence);
    Ok(sentence.trim_end_matches('.').to_owned())
}
