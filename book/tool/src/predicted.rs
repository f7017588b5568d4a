//! `{{#predicted 2}}`: the second question of the page's list under "Predict",
//! said again where it is answered, and drawn from that list, so that the two
//! cannot differ.

use anyhow::{Context, bail};

/// The questions of a page, and which of them it has come back to.
#[derive(Debug, Default)]
pub struct Predictions {
    questions: Vec<String>,
    answered: Vec<bool>,
}

impl Predictions {
    /// Those of a page: the numbered list under the heading "Predict".
    pub fn of(content: &str) -> Predictions {
        let mut lines = content.lines();
        let mut questions: Vec<String> = Vec::new();
        let _heading = lines.find(|line| *line == "## Predict");
        for line in lines.take_while(|line| !line.starts_with('#')) {
            match line.split_once(". ") {
                Some((number, question)) if number.parse() == Ok(questions.len() + 1) => {
                    questions.push(question.trim().to_owned());
                }
                _ if line.starts_with(' ') => {
                    if let Some(question) = questions.last_mut() {
                        *question += " ";
                        *question += line.trim();
                    }
                }
                _ => (),
            }
        }
        let answered = vec![false; questions.len()];
        Predictions {
            questions,
            answered,
        }
    }

    /// The question of this number, as a marked paragraph.
    pub fn render(&mut self, number: &str) -> anyhow::Result<String> {
        let count = self.questions.len();
        let place = number
            .parse()
            .ok()
            .filter(|number| (1..=count).contains(number))
            .with_context(|| match count {
                0 => "this page has no numbered list under \"## Predict\"".to_owned(),
                _ => format!("{number:?} is not one of the {count} predictions of this page"),
            })?
            - 1;
        if std::mem::replace(&mut self.answered[place], true) {
            bail!("prediction {number} is answered twice on this page");
        }
        let question = &self.questions[place];
        Ok(format!(
            "<div class=\"predicted\">\n\n[Prediction {number}:](#predict) {question}\n\n</div>\n"
        ))
    }

    /// The numbers of the questions that the page did not come back to.
    pub fn open(&self) -> impl Iterator<Item = usize> {
        let answered = self.answered.iter().enumerate();
        answered.filter_map(|(place, answered)| (!answered).then_some(place + 1))
    }
}
