//! Anchors: named parts of a source file, between two comments.
//!
//! ```text
//! // ANCHOR: checksum
//! pub fn checksum(bytes: &[u8]) -> u16 { ... }
//! // ANCHOR_END: checksum
//! ```

use std::path::Path;

use anyhow::{Context, bail};

/// A source file with its anchors.
#[derive(Debug)]
pub struct Source {
    lines: Vec<String>,
    /// In the order in which they begin.
    pub anchors: Vec<Anchor>,
}

/// A part of a file. Line numbers count from 1.
#[derive(Debug)]
pub struct Anchor {
    /// What a page calls it.
    pub name: String,
    /// The line of the comment that begins it.
    pub begin: usize,
    /// The line of the comment that ends it.
    pub end: usize,
}

impl Source {
    /// Reads a file of the tree.
    pub fn read(tree: &Path, file: &str) -> anyhow::Result<Source> {
        let text = std::fs::read_to_string(tree.join(file))
            .with_context(|| format!("cannot read {file}"))?;
        Source::parse(&text).map_err(|(line, what)| anyhow::anyhow!("{file}:{line}: {what}"))
    }

    /// Finds the anchors in a file's text. The error names the line.
    pub fn parse(text: &str) -> Result<Source, (usize, String)> {
        let mut anchors: Vec<Anchor> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(name) = marker(line, "ANCHOR:") {
                if anchors.iter().any(|anchor| anchor.name == name) {
                    return Err((
                        number,
                        format!("the anchor {name} begins twice: it is above already"),
                    ));
                }
                let name = name.to_owned();
                let (begin, end) = (number, 0);
                anchors.push(Anchor { name, begin, end });
            } else if let Some(name) = marker(line, "ANCHOR_END:") {
                let open = |anchor: &&mut Anchor| anchor.name == name && anchor.end == 0;
                match anchors.iter_mut().find(open) {
                    Some(anchor) => anchor.end = number,
                    None => {
                        return Err((
                            number,
                            format!("the anchor {name} ends here, but does not begin above"),
                        ));
                    }
                }
            }
        }
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.end == 0) {
            let what = format!("the anchor {} has no ANCHOR_END", anchor.name);
            return Err((anchor.begin, what));
        }
        let lines = text.lines().map(str::to_owned).collect();
        Ok(Source { lines, anchors })
    }

    /// The lines of an anchor, or of the file without one, each with its number
    /// and without the comments that mark anchors.
    pub fn lines(&self, anchor: Option<&str>) -> anyhow::Result<Vec<(usize, &str)>> {
        let (begin, end) = match anchor {
            None => (0, self.lines.len() + 1),
            Some(name) => {
                let found = self.anchors.iter().find(|anchor| anchor.name == name);
                let anchor = found.with_context(|| self.no_anchor(name))?;
                (anchor.begin, anchor.end)
            }
        };
        let numbered = (1..).zip(self.lines.iter().map(String::as_str));
        let lines: Vec<_> = numbered
            .filter(|&(number, line)| number > begin && number < end && !is_marker(line))
            .collect();
        if lines.iter().all(|(_, line)| line.trim().is_empty()) {
            bail!("there are no lines in it to show");
        }
        Ok(lines)
    }

    fn no_anchor(&self, name: &str) -> String {
        let names: Vec<_> = self.anchors.iter().map(|a| a.name.as_str()).collect();
        match names.is_empty() {
            true => format!("it has no anchor {name}, and no other anchor"),
            false => format!(
                "it has no anchor {name}; its anchors are {}",
                names.join(", ")
            ),
        }
    }
}

/// Whether a line is there for the book only.
pub fn is_marker(line: &str) -> bool {
    marker(line, "ANCHOR:").is_some() || marker(line, "ANCHOR_END:").is_some()
}

fn marker<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let comment = line.trim_start().strip_prefix("//")?.trim_start();
    Some(comment.strip_prefix(word)?.trim())
}
