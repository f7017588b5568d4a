//! What is wrong with the book, and where.

use std::fmt;

/// One thing that the writer of the book has to mend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as a path from the root of the tree.
    pub file: String,
    /// Its line, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub what: String,
}

impl Problem {
    /// Something wrong in a line of a file.
    pub fn at(file: impl Into<String>, line: usize, what: impl fmt::Display) -> Problem {
        Problem::somewhere(file, Some(line), what)
    }

    /// Something wrong in a file, in a line that may not be known.
    pub fn somewhere(
        file: impl Into<String>,
        line: Option<usize>,
        what: impl fmt::Display,
    ) -> Problem {
        let (file, what) = (file.into(), what.to_string());
        Problem { file, line, what }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// Everything that is wrong, so that it can be mended in one go.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.list())]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// `Ok` if there are none; else all of them, in the order of the files.
    pub fn none(mut problems: Vec<Problem>) -> Result<(), Problems> {
        problems.sort();
        problems.dedup();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Problems(problems)),
        }
    }

    fn list(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(Problem::to_string).collect();
        lines.join("\n")
    }
}
