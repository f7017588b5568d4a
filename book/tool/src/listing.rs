//! `{{#listing src/checksum.rs checksum}}`: code from the tree, with a caption that
//! says where it is.

use std::path::Path;

use anyhow::{Context, bail};

use crate::anchor::Source;
use crate::html::{self, escape};
use crate::source_page::Links;

/// What a listing shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The file, as a path from the root of the tree.
    pub file: String,
    /// The part of it, or `None` for all.
    pub anchor: Option<String>,
}

impl Shown {
    /// Reads the directive's arguments.
    pub fn parse(arguments: &str) -> anyhow::Result<Shown> {
        let mut words = arguments.split_whitespace().map(str::to_owned);
        let (Some(file), anchor, None) = (words.next(), words.next(), words.next()) else {
            bail!(
                "it takes a file, and an anchor in that file: {{{{#listing src/checksum.rs checksum}}}}"
            );
        };
        if Path::new(&file).is_absolute() || file.split('/').any(|part| part == "..") {
            bail!("{file} is not a path from the root of this tree");
        }
        Ok(Shown { file, anchor })
    }
}

/// The listing as HTML: a figure with a caption and a block of code.
pub fn render(tree: &Path, shown: &Shown, links: &Links) -> anyhow::Result<String> {
    let file = &shown.file;
    let source = Source::read(tree, file)?;
    let lines = source
        .lines(shown.anchor.as_deref())
        .with_context(|| file.clone())?;
    let first = lines.first().map_or(1, |&(number, _)| number);
    let place = match &shown.anchor {
        Some(_) => items(&source, &lines),
        None => Vec::new(),
    };
    let mut caption = links.to(file, Some(first));
    for item in place {
        caption += &format!(", <code>{}</code>", escape(&item));
    }
    let mut code = dedent(&lines);
    while code.last().is_some_and(|line| line.trim().is_empty()) {
        code.pop();
    }
    let code: String = code.into_iter().map(|line| html::line("", line)).collect();
    Ok(format!(
        "<figure class=\"listing\">\n<figcaption>{caption}</figcaption>\n\n\
         <pre><code class=\"language-{language}\">{code}</code></pre>\n\n</figure>\n",
        language = language(file)
    ))
}

/// The name by which the highlighter knows a file's language.
pub fn language(file: &str) -> &'static str {
    match Path::new(file).extension().and_then(|end| end.to_str()) {
        Some("py") => "python",
        Some("c") => "c",
        _ => "rust",
    }
}

/// The functions and types that a listing shows; or the one it is a part of.
fn items(source: &Source, lines: &[(usize, &str)]) -> Vec<String> {
    let Some(margin) = margin(lines) else {
        return Vec::new();
    };
    let at_margin = lines.iter().filter(|(_, line)| indent(line) == margin);
    let mut found: Vec<_> = at_margin.filter_map(|(_, line)| item(line)).collect();
    if found.is_empty() {
        let first = lines[0].0;
        let all = source.lines(None).unwrap_or_default();
        let above = all.iter().rev().filter(|(number, _)| *number < first);
        let mut outer = above.filter(|(_, line)| !line.trim().is_empty() && indent(line) < margin);
        found.extend(outer.find_map(|(_, line)| item(line)));
    }
    // Of more than three names, the caption has the first three.
    found.truncate(3);
    found
}

/// What a line defines: `fn checksum`, `struct Args`, `impl Device`.
fn item(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().peekable();
    let qualifiers = ["const", "async", "unsafe", "extern"];
    while let Some(word) = words.next() {
        match word {
            "fn" | "struct" | "enum" | "trait" | "mod" | "type" | "static" => {
                let name = name_in(words.next()?);
                return Some(format!("{word} {name}"));
            }
            "impl" => return Some(line.trim().trim_end_matches('{').trim().to_owned()),
            "const" if words.peek() != Some(&"fn") => {
                let name = name_in(words.next()?);
                return Some(format!("{word} {name}"));
            }
            _ if word.starts_with("pub") || qualifiers.contains(&word) => (),
            _ if word.starts_with("impl<") => {
                return Some(line.trim().trim_end_matches('{').trim().to_owned());
            }
            _ => return None,
        }
    }
    None
}

fn name_in(word: &str) -> &str {
    let end = word.find(|c: char| !c.is_alphanumeric() && c != '_');
    &word[..end.unwrap_or(word.len())]
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// How far all lines are indented. A line without indentation in the middle of
/// indented code is part of a string, and does not count.
fn margin(lines: &[(usize, &str)]) -> Option<usize> {
    let full = lines.iter().filter(|(_, line)| !line.trim().is_empty());
    let mut indents = full.map(|(_, line)| indent(line));
    let first = indents.next()?;
    Some(indents.filter(|&indent| indent > 0).fold(first, usize::min))
}

fn dedent<'a>(lines: &[(usize, &'a str)]) -> Vec<&'a str> {
    let margin = margin(lines).unwrap_or(0);
    let cut = |&(_, line): &(usize, &'a str)| &line[margin.min(indent(line))..];
    lines.iter().map(cut).collect()
}
