//! What follows a directive's name: words, quoted texts, and options
//! such as `mark=3` or `only="IPv4, UDP"`.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, bail};

pub(super) struct Arguments {
    /// How the directive is written, for the errors.
    usage: &'static str,
    words: VecDeque<String>,
    texts: VecDeque<String>,
    options: BTreeMap<String, String>,
}

impl Arguments {
    pub fn parse(usage: &'static str, arguments: &str) -> anyhow::Result<Arguments> {
        let mut parsed = Arguments {
            usage,
            words: VecDeque::new(),
            texts: VecDeque::new(),
            options: BTreeMap::new(),
        };
        let mut rest = arguments.trim_start();
        while !rest.is_empty() {
            let end = rest.find([' ', '\t', '\n', '"']).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let (quoted, after) = match after.strip_prefix('"') {
                Some(after) => {
                    let (text, after) = after.split_once('"').with_context(|| {
                        format!("a quotation mark is not closed; write {usage}")
                    })?;
                    (Some(text.to_owned()), after)
                }
                None => (None, after),
            };
            let twice = match (word.split_once('='), quoted) {
                (Some((name, value)), quoted) => {
                    let value = quoted.unwrap_or_else(|| value.to_owned());
                    parsed.options.insert(name.to_owned(), value).is_some()
                }
                (None, Some(text)) if word.is_empty() => {
                    parsed.texts.push_back(text);
                    false
                }
                (None, Some(_)) => bail!("a space is missing after {word}; write {usage}"),
                (None, None) => {
                    parsed.words.push_back(word.to_owned());
                    false
                }
            };
            if twice {
                bail!("an option is given twice; write {usage}");
            }
            rest = after.trim_start();
        }
        Ok(parsed)
    }

    /// The next word, which is `what`.
    pub fn word(&mut self, what: &str) -> anyhow::Result<String> {
        let usage = self.usage;
        let word = self.words.pop_front();
        word.with_context(|| format!("{what} is missing; write {usage}"))
    }

    /// The next word, a number from 1.
    pub fn number(&mut self, what: &str) -> anyhow::Result<usize> {
        number(&self.word(what)?, what)
    }

    /// All words that are left.
    pub fn rest(&mut self) -> String {
        Vec::from(std::mem::take(&mut self.words)).join(" ")
    }

    /// The next quoted text.
    pub fn text(&mut self) -> Option<String> {
        self.texts.pop_front()
    }

    /// The next quoted text, without which this directive makes no sense.
    pub fn needed_text(&mut self, what: &str) -> anyhow::Result<String> {
        let usage = self.usage;
        let text = self.text().filter(|text| !text.trim().is_empty());
        text.with_context(|| format!("{what} is missing; write {usage}"))
    }

    pub fn option(&mut self, name: &str) -> Option<String> {
        self.options.remove(name)
    }

    /// Fails if an argument is left that was not asked for.
    pub fn end(self) -> anyhow::Result<()> {
        let mut left = self.words;
        left.extend(self.texts);
        left.extend(self.options.into_keys().map(|name| format!("{name}=")));
        match left.front() {
            Some(word) => bail!("{word:?} is not understood; write {}", self.usage),
            None => Ok(()),
        }
    }
}

/// A number from 1, which is `what`.
pub(super) fn number(word: &str, what: &str) -> anyhow::Result<usize> {
    match word.parse() {
        Ok(0) | Err(_) => bail!("{what} is a number from 1, not {word:?}"),
        Ok(number) => Ok(number),
    }
}
