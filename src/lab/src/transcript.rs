//! The `console` blocks of a chapter: commands with the output that the book
//! prints below them, as one reads them in a terminal.
//!
//! ```text
//! left$ ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 &
//! tun0: 192.168.0.1/24, mtu 1500, up
//! left$ fg
//! ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876
//! ^C
//! packets: 1 (84 bytes) out, 1 (84 bytes) in, 0 dropped
//! ```
//!
//! A line of a prompt and a command begins a step; what follows it is the
//! output that is expected. The word `console` after the fence can be followed
//! by `ipv6`, `uncaptured`, `exercise=06-1` and `ignore="reason"`.

use std::fmt;
use std::ops::Range;

use crate::hosts::NAMES;
use crate::matching::{ANY_LINES, ANY_TEXT};

/// The reader's own machine, as prompts name it.
pub const MACHINE: &str = "host";

/// A chapter as its file has it.
#[derive(Debug, PartialEq)]
pub struct Transcript {
    /// From the first block to the last.
    pub blocks: Vec<Block>,
}

/// A block, and what it is for.
#[derive(Debug, PartialEq)]
pub struct Block {
    /// The line of its opening fence, from 1.
    pub line: usize,
    /// The headings that it is under, except those of the block before.
    pub headings: Vec<Heading>,
    /// What is done with it.
    pub kind: Kind,
    /// The lab of the whole chapter has IPv6.
    pub ipv6: bool,
    /// What it sends is not in the captures: measurements, of thousands of packets.
    pub uncaptured: bool,
    /// The commands; none in a block that is ignored.
    pub steps: Vec<Step>,
}

/// A heading of a section, at whatever depth.
#[derive(Debug, PartialEq)]
pub struct Heading {
    /// The number of `#` in front of it: 2 or more.
    pub level: usize,
    /// Its words.
    pub text: String,
}

impl Heading {
    fn parse(line: &str) -> Option<Heading> {
        let text = line.trim_start_matches('#');
        let level = line.len() - text.len();
        let text = text.strip_prefix(' ').filter(|_| level >= 2)?;
        Some(Heading {
            level,
            text: text.trim().to_owned(),
        })
    }
}

/// What is done with a block.
#[derive(Debug, PartialEq)]
pub enum Kind {
    /// It is played with the chapter.
    Play,
    /// It is an exercise of this name, and is not played with the chapter.
    Exercise(String),
    /// It cannot be played, for this reason.
    Ignore(String),
}

/// A command, and what it is expected to print.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// One of [`NAMES`], or [`MACHINE`].
    pub host: String,
    /// Without ` &` at its end. Several lines, where it goes on after `\`.
    pub command: String,
    /// Whether there was ` &` at its end.
    pub background: bool,
    /// The line of the prompt, from 1.
    pub line: usize,
    /// The lines of the expected output in the file, from 0.
    pub output: Range<usize>,
    /// What is expected, up to Ctrl-C if there is one.
    pub before: Vec<String>,
    /// Ctrl-C, and what is expected after it.
    pub after: Option<Vec<String>>,
}

/// A line that cannot be understood.
#[derive(Debug, PartialEq)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

fn mistake<T>(line: usize, what: impl Into<String>) -> Result<T, Mistake> {
    let what = what.into();
    Err(Mistake { line, what })
}

impl Transcript {
    /// Finds the blocks in the text of a chapter, and the steps in them.
    ///
    /// # Errors
    /// A block is malformed, or there is nothing to play.
    pub fn parse(text: &str) -> Result<Transcript, Mistake> {
        let lines: Vec<&str> = text.lines().collect();
        let mut blocks: Vec<Block> = Vec::new();
        let mut headings = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            let opening = at;
            at += 1;
            let Some((fence, info)) = fence(lines[opening]) else {
                if let Some(heading) = Heading::parse(lines[opening]) {
                    // What has nothing to play under it is not above this one.
                    headings.retain(|above: &Heading| above.level < heading.level);
                    headings.push(heading);
                }
                continue;
            };
            let closes = |line: &&str| {
                let line = line.trim();
                line.len() >= fence.len() && line.bytes().all(|byte| byte == fence.as_bytes()[0])
            };
            let length = lines[at..].iter().position(closes);
            let body = at..length.map_or(lines.len(), |length| at + length);
            at = body.end + 1;
            if !info.starts_with("console") {
                continue;
            }
            if !lines[opening].starts_with("```") {
                return mistake(
                    opening + 1,
                    "a console block begins with ``` in the first column",
                );
            }
            if length.is_none() {
                return mistake(opening + 1, "this console block is not closed");
            }
            let Words {
                kind,
                ipv6,
                uncaptured,
            } = words(info, opening + 1)?;
            if ipv6 && !blocks.is_empty() {
                return mistake(
                    opening + 1,
                    "ipv6 is for the whole chapter; write it at the first block",
                );
            }
            let steps = match kind {
                Kind::Ignore(_) => Vec::new(),
                _ => steps(&lines, body, opening + 1)?,
            };
            blocks.push(Block {
                line: opening + 1,
                headings: std::mem::take(&mut headings),
                kind,
                ipv6,
                uncaptured,
                steps,
            });
        }
        if !blocks.iter().any(|block| block.kind == Kind::Play) {
            return mistake(
                lines.len().max(1),
                "this chapter has no console block to play",
            );
        }
        Ok(Transcript { blocks })
    }

    /// Whether the lab must have IPv6.
    pub fn ipv6(&self) -> bool {
        self.blocks.iter().any(|block| block.ipv6)
    }

    /// The blocks that are played with the chapter.
    pub fn played(&self) -> impl Iterator<Item = &Block> {
        let blocks = self.blocks.iter();
        blocks.filter(|block| block.kind == Kind::Play)
    }

    /// Whether a step, of an exercise too, is on the reader's own machine.
    pub fn uses_machine(&self) -> bool {
        let mut steps = self.blocks.iter().flat_map(|block| &block.steps);
        steps.any(|step| step.host == MACHINE)
    }
}

impl Step {
    /// The command as the file has it, with its prompt.
    pub fn typed(&self) -> String {
        let and = if self.background { " &" } else { "" };
        format!("{}$ {}{and}", self.host, self.command)
    }

    /// The output as the file has it, or would have it, line by line.
    pub fn printed(before: &[String], after: Option<&[String]>) -> Vec<String> {
        let mut lines = before.to_vec();
        if let Some(after) = after {
            lines.push("^C".to_owned());
            lines.extend_from_slice(after);
        }
        lines
    }
}

/// Puts new output in the place of that of some steps: each range of lines,
/// counted from 0 and in ascending order, becomes these lines. Every other byte
/// stays.
pub fn rewrite(text: &str, changes: &[(Range<usize>, Vec<String>)]) -> String {
    let mut lines = text.split_inclusive('\n').enumerate().peekable();
    let mut rewritten = String::new();
    for (range, new) in changes {
        while let Some((_, line)) = lines.next_if(|(at, _)| *at < range.start) {
            rewritten += line;
        }
        while lines.next_if(|(at, _)| *at < range.end).is_some() {}
        for line in new {
            rewritten += line;
            rewritten += "\n";
        }
    }
    rewritten.extend(lines.map(|(_, line)| line));
    rewritten
}

/// The fence and the info string of a line that opens a code block.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let mark = line.chars().next().filter(|mark| "`~".contains(*mark))?;
    let info = line.trim_start_matches(mark);
    let fence = &line[..line.len() - info.len()];
    // With a backtick in it, it is a piece of code in a line of text.
    let opens = fence.len() >= 3 && !info.contains('`');
    opens.then(|| (fence, info.trim()))
}

/// What the words after the fence say.
struct Words {
    kind: Kind,
    ipv6: bool,
    uncaptured: bool,
}

fn words(info: &str, line: usize) -> Result<Words, Mistake> {
    let (mut kind, mut ipv6, mut uncaptured) = (Kind::Play, false, false);
    let mut rest = info.strip_prefix("console").unwrap_or(info);
    loop {
        let words = rest.trim_start();
        if words.is_empty() {
            return Ok(Words {
                kind,
                ipv6,
                uncaptured,
            });
        }
        if words.len() == rest.len() {
            return mistake(
                line,
                format!("spaces are missing between the words of: {info}"),
            );
        }
        if let Some(reason) = words.strip_prefix("ignore=\"") {
            let Some((reason, after)) = reason
                .split_once('"')
                .filter(|(reason, _)| !reason.trim().is_empty())
            else {
                return mistake(line, "ignore needs a reason: ignore=\"reason\"");
            };
            (kind, rest) = (Kind::Ignore(reason.to_owned()), after);
            continue;
        }
        let (word, after) = words.split_at(words.find(' ').unwrap_or(words.len()));
        rest = after;
        match (word, word.strip_prefix("exercise=")) {
            ("ipv6", _) => ipv6 = true,
            ("uncaptured", _) => uncaptured = true,
            (_, Some(name)) if is_exercise(name) => kind = Kind::Exercise(name.to_owned()),
            (_, Some(_)) => return mistake(line, format!("{word}: write it like exercise=06-1")),
            _ => {
                return mistake(
                    line,
                    format!(
                        "unknown word {word:?} after console; \
                         the words are ipv6, uncaptured, exercise=06-1, ignore=\"reason\""
                    ),
                );
            }
        }
    }
}

fn is_exercise(name: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    name.split_once('-')
        .is_some_and(|(chapter, k)| number(chapter) && number(k))
}

fn steps(lines: &[&str], body: Range<usize>, opening: usize) -> Result<Vec<Step>, Mistake> {
    let mut steps: Vec<Step> = Vec::new();
    let mut at = body.start;
    while at < body.end {
        let (line, number) = (lines[at].trim_end(), at + 1);
        at += 1;
        if let Some((host, command)) = prompt(line) {
            let mut command = command.to_owned();
            while command.ends_with('\\') {
                if at == body.end {
                    return mistake(at, "the command ends in \\, but the block has no next line");
                }
                command += "\n";
                command += lines[at].trim_end();
                at += 1;
            }
            steps.push(step(host, &command, number, at)?);
            continue;
        }
        let Some(step) = steps.last_mut() else {
            return mistake(
                number,
                format!("a block must begin with a prompt, not with: {line}"),
            );
        };
        step.output.end = at;
        match (line, &mut step.after) {
            ("^C", _) if step.background => {
                return mistake(
                    number,
                    "^C under a command with &: only a command in the foreground can get it; use fg",
                );
            }
            ("^C", Some(_)) => return mistake(number, "a second ^C for one command"),
            ("^C", none) => *none = Some(Vec::new()),
            (_, Some(after)) => after.push(line.to_owned()),
            (_, None) => step.before.push(line.to_owned()),
        }
    }
    if steps.is_empty() {
        return mistake(opening, "this console block is empty");
    }
    steps.iter().try_for_each(expectation)?;
    Ok(steps)
}

/// The host and the command of a line that begins with a prompt.
fn prompt(line: &str) -> Option<(&str, &str)> {
    let (host, command) = line.split_once('$')?;
    let is_name = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && host.bytes().next()?.is_ascii_alphabetic();
    (is_name && (command.is_empty() || command.starts_with(' '))).then(|| (host, command.trim()))
}

fn step(host: &str, command: &str, line: usize, output: usize) -> Result<Step, Mistake> {
    if !NAMES.contains(&host) && host != MACHINE {
        return mistake(
            line,
            format!("there is no host {host}; the hosts are left, internet, right, and host"),
        );
    }
    let background = match command {
        "&" => Some(""),
        _ => command.strip_suffix(" &"),
    };
    let background = background.filter(|command| !command.ends_with(['&', '\\']));
    let text = background.unwrap_or(command).trim();
    if text.is_empty() {
        return mistake(line, "a prompt without a command");
    }
    Ok(Step {
        host: host.to_owned(),
        command: text.to_owned(),
        background: background.is_some(),
        line,
        output: output..output,
        before: Vec::new(),
        after: None,
    })
}

/// Sees to it that what is expected says something.
fn expectation(step: &Step) -> Result<(), Mistake> {
    let (before, after) = (&step.before, step.after.as_deref().unwrap_or(&[]));
    let anything = |line: &String| line == ANY_LINES || line.replace(ANY_TEXT, "").trim() == "";
    let mut all = before.iter().chain(after).peekable();
    if all.peek().is_some() && all.all(anything) {
        // An empty line says little, and yet it is no wildcard.
        let wild = before.iter().chain(after).any(|line| !line.is_empty());
        if wild {
            return mistake(
                step.output.start + 1,
                format!(
                    "the output of this command is written only as wildcards: {}",
                    step.command
                ),
            );
        }
    }
    for part in [before.as_slice(), after] {
        if part.windows(2).any(|two| two == [ANY_LINES, ANY_LINES]) {
            return mistake(
                step.output.start + 1,
                "two lines of ... in a row; one is enough",
            );
        }
    }
    if step.background && before.last().is_some_and(|line| line == ANY_LINES) {
        return mistake(
            step.output.end,
            "leave out ... at the end under &: what the program prints later is shown by fg",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
