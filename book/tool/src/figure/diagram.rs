//! A drawing by hand, put into the page so that it takes the theme's colours.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use maud::{PreEscaped, html};

use super::arguments::Arguments;

const USAGE: &str = r#"{{#diagram NAME "text alternative" "caption"}}"#;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let name = arguments.word("the name of the diagram")?;
    let text = arguments.needed_text("the text alternative")?;
    let caption = arguments.needed_text("the caption")?;
    arguments.end()?;

    let file = format!("book/src/images/{name}.svg");
    let drawing = fs::read_to_string(tree.join(&file))
        .map_err(|err| anyhow::anyhow!("there is no diagram {name}: cannot read {file}: {err}"))?;
    let inside = drawing
        .trim()
        .strip_prefix("<svg ")
        .with_context(|| format!("{file} does not begin with <svg "))?;
    if !inside.contains("viewBox=") {
        bail!("{file} has no viewBox, without which it cannot be scaled");
    }
    // An empty line would end the block of HTML, and the rest would be Markdown.
    let lines: Vec<&str> = inside
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let figure = html! {
        figure class={ "diagram " (name) } {
            figcaption { (PreEscaped(crate::html::sentence(&caption))) }
            (PreEscaped("<svg role=\"img\" aria-label=\"")) (text) (PreEscaped("\" "))
            (PreEscaped(lines.join("\n")))
        }
    };
    Ok(figure.into_string())
}
