//! Texts, each once.

use std::collections::HashMap;

/// The texts of a page: most come again and again, so the packets only have their
/// numbers.
#[derive(Default)]
pub struct Strings {
    numbers: HashMap<String, usize>,
    texts: Vec<String>,
}

impl Strings {
    /// The number of a text.
    pub fn number(&mut self, text: impl Into<String>) -> usize {
        let text = text.into();
        if let Some(&number) = self.numbers.get(&text) {
            return number;
        }
        let number = self.texts.len();
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// The texts, by their numbers.
    pub fn texts(self) -> Vec<String> {
        self.texts
    }
}
