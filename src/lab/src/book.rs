//! The chapters of the book, found in its folder when the lab runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use crate::programs;
use crate::summary::shown;
use crate::transcript::Transcript;

/// Where the chapters are, and the captures that belong to them.
pub struct Book {
    /// The folder with `ch06-both-ways.md` and so on.
    pub folder: PathBuf,
    /// The folder with `ch06` and so on.
    pub captures: PathBuf,
}

/// A chapter, read and understood.
pub struct Chapter {
    /// `06`
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its file, as messages name it.
    pub shown: String,
    /// What is in the file.
    pub text: String,
    /// The console blocks in it.
    pub transcript: Transcript,
}

impl Book {
    /// The book in this folder, or else the one of the source tree. Its captures
    /// are in the same tree, or in the folder that is given.
    pub fn at(folder: Option<&Path>, captures: Option<&Path>) -> anyhow::Result<Book> {
        let folder = match folder {
            Some(folder) => std::path::absolute(folder)?,
            None => programs::tree()?.join("book/src"),
        };
        let captures = match captures {
            Some(captures) => std::path::absolute(captures)?,
            None => {
                let tree = folder.ancestors().nth(2).unwrap_or(Path::new("/"));
                tree.join("captures")
            }
        };
        Ok(Book { folder, captures })
    }

    /// The numbers and files of all chapters, in order.
    fn files(&self) -> anyhow::Result<Vec<(String, PathBuf)>> {
        let folder = self.folder.display();
        let mut files = Vec::new();
        let entries = fs::read_dir(&self.folder).with_context(|| {
            format!("cannot read the book in {folder}; give its folder with --book DIR")
        })?;
        for entry in entries {
            let path = entry?.path();
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(rest) = file.strip_prefix("ch")
                && file.ends_with(".md")
                && let Some((number, _)) = rest.split_once('-')
                && number.len() == 2
                && number.bytes().all(|byte| byte.is_ascii_digit())
            {
                files.push((number.to_owned(), path.clone()));
            }
        }
        files.sort();
        if let Some(two) = files.windows(2).find(|two| two[0].0 == two[1].0) {
            let (one, other) = (shown(&two[0].1), shown(&two[1].1));
            bail!(
                "two files for one chapter: {} and {}",
                one.display(),
                other.display()
            );
        }
        if files.is_empty() {
            bail!("there is no chapter in {folder}: no file like ch06-both-ways.md");
        }
        Ok(files)
    }

    /// The names of all chapters, in order: `00`, `01` and so on.
    pub fn names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.files()?.into_iter().map(|(name, _)| name).collect())
    }

    /// The name of a chapter, which may also be written `6`; `None` if there is
    /// no such chapter.
    pub fn name(&self, word: &str) -> anyhow::Result<Option<String>> {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let same = |name: &String| name.trim_start_matches('0') == word.trim_start_matches('0');
        let mut names = self.names()?.into_iter();
        Ok(names.find(|name| is_number && same(name)))
    }

    /// Reads a chapter of this name.
    pub fn chapter(&self, name: &str) -> anyhow::Result<Chapter> {
        let found = self.files()?.into_iter().find(|(found, _)| found == name);
        let (name, path) = found.with_context(|| format!("there is no chapter {name}"))?;
        let shown = shown(&path).display().to_string();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
        let transcript = Transcript::parse(&text).map_err(|err| anyhow!("{shown}:{err}"))?;
        Ok(Chapter {
            name,
            path,
            shown,
            text,
            transcript,
        })
    }

    /// The folder with the reference captures of a chapter.
    pub fn reference(&self, chapter: &str) -> PathBuf {
        self.captures.join(format!("ch{chapter}"))
    }
}
