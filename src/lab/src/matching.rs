//! What a program printed against what the book says it prints.
//!
//! In the book, `[..]` stands for any text within a line, and a line `...` for
//! any lines: the syntax of the crate `snapbox`, which does the matching.

use std::fmt::Write;

use snapbox::Data;
use snapbox::filter::NormalizeToExpected;

/// Stands for any text within a line.
pub const ANY_TEXT: &str = "[..]";

/// Stands for any lines, none included.
pub const ANY_LINES: &str = "...";

/// How many lines of a difference are shown of each side.
const SHOWN: usize = 12;

/// What was printed, with the lines and wildcards of the book in the place of
/// what they stand for.
fn normalise(expected: &[String], got: &[String]) -> Vec<String> {
    let text = |lines: &[String]| {
        lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let expected = Data::text(text(expected));
    let normalised = NormalizeToExpected::new()
        .redact()
        .normalize(Data::text(text(got)), &expected);
    let normalised = normalised.to_string();
    normalised.lines().map(str::to_owned).collect()
}

/// Whether all that was printed is as expected.
pub fn matches(expected: &[String], got: &[String]) -> bool {
    normalise(expected, got) == expected
}

/// How much of what is expected has come, from the first line on.
pub enum Prefix {
    /// All of it, in this number of lines.
    Came(usize),
    /// Not yet: this line of what is expected, counted from 0, is missing.
    Waits(usize),
    /// Another line came in the place of this one.
    Never(usize),
}

/// Whether what was printed so far begins as expected.
pub fn prefix(expected: &[String], got: &[String]) -> Prefix {
    let normalised = normalise(expected, got);
    let same = common(expected, &normalised);
    if same == expected.len() {
        let beyond = normalised.len() - expected.len();
        return Prefix::Came(got.len() - beyond);
    }
    match expected[same] == ANY_LINES || same == normalised.len() {
        // Of `...` it is the line behind it that is missing.
        true if expected[same] == ANY_LINES => Prefix::Waits(same + 1),
        true => Prefix::Waits(same),
        false => Prefix::Never(same),
    }
}

/// What was printed, as the book should print it: the wildcards that still
/// match are kept, in the lines before and behind those that changed.
pub fn bless(expected: &[String], got: &[String]) -> Vec<String> {
    let normalised = normalise(expected, got);
    let mut front = common(expected, &normalised);
    if front == expected.len() && normalised.len() == front {
        return normalised;
    }
    // With nothing behind it that matches, `...` would take all the rest.
    while front > 0 && expected[front - 1] == ANY_LINES {
        front -= 1;
    }
    let from = match prefix(&expected[..front], got) {
        Prefix::Came(lines) => lines,
        _ => return got.to_vec(),
    };
    let reversed = |lines: &[String]| lines.iter().rev().cloned().collect::<Vec<_>>();
    let (theirs, ours) = (reversed(&expected[front..]), reversed(&got[from..]));
    let mut back = common(&theirs, &normalise(&theirs, &ours));
    while back > 0 && theirs[back - 1] == ANY_LINES {
        back -= 1;
    }
    let until = match prefix(&theirs[..back], &ours) {
        Prefix::Came(lines) => got.len() - lines,
        _ => got.len(),
    };
    let kept = [
        &expected[..front],
        &got[from..until],
        &expected[expected.len() - back..],
    ]
    .concat();
    // `...` ends before the first line that fits what is behind it, which from
    // behind was the last.
    match matches(&kept, got) {
        true => kept,
        false => [&expected[..front], &got[from..]].concat(),
    }
}

/// The difference in words, and the line of what is expected, counted from 0,
/// at which it begins.
pub fn difference(expected: &[String], got: &[String]) -> (usize, String) {
    let got = normalise(expected, got);
    let front = common(expected, &got);
    let behind = expected[front..]
        .iter()
        .rev()
        .zip(got[front..].iter().rev());
    let back = behind.take_while(|(one, other)| one == other).count();
    let mut words = String::new();
    for line in &expected[front.saturating_sub(2)..front] {
        let _ = writeln!(words, "{}", format!("             {line}").trim_end());
    }
    for (name, lines) in [
        ("expected:", &expected[front..expected.len() - back]),
        ("got:     ", &got[front..got.len() - back]),
    ] {
        for line in lines.iter().take(SHOWN) {
            let _ = writeln!(words, "  {name}  {}", cut(line));
        }
        match lines.len() {
            0 => words += &format!("  {name}  (nothing)\n"),
            many if many > SHOWN => {
                words += &format!("  {name}  ... and {} more lines\n", many - SHOWN);
            }
            _ => (),
        }
    }
    (front, words)
}

/// A line that fits on a screen.
pub fn cut(line: &str) -> String {
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{} ... ({} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}

fn common(one: &[String], other: &[String]) -> usize {
    let both = one.iter().zip(other);
    both.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests;
