//! `book.toml`: no setting that mdBook does not know.

use std::path::Path;

use mdbook_driver::config::HtmlConfig;
use serde::Deserialize;

use crate::problem::Problem;

const FILE: &str = "book/book.toml";

/// The tables in which mdBook ignores unknown keys.
#[derive(Deserialize)]
struct Settings {
    #[serde(default, rename = "output")]
    _output: Output,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    #[serde(default, rename = "html")]
    _html: HtmlConfig,
}

/// What is wrong with the settings.
pub fn problems(tree: &Path) -> Vec<Problem> {
    let text = match std::fs::read_to_string(tree.join(FILE)) {
        Ok(text) => text,
        Err(err) => {
            return vec![Problem::somewhere(
                FILE,
                None,
                format!("cannot read it: {err}"),
            )];
        }
    };
    let html = toml::from_str::<Settings>(&text).err();
    let all = toml::from_str::<mdbook_driver::config::Config>(&text).err();
    let errors = [html, all].into_iter().flatten();
    let problem = |err: toml::de::Error| {
        let line = err
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1);
        Problem::somewhere(FILE, line, err.message())
    };
    errors.map(problem).collect()
}
