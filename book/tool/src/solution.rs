//! `{{#solution 06-1}}`: how an exercise can be solved, folded away.
//!
//! The patch is in `chapters/solutions/`, where a test applies it, and plays the
//! exercise with it.

use std::path::Path;

use anyhow::{Context, bail};

use crate::anchor::is_marker;
use crate::html;
use crate::source_page::Links;

/// The patch as HTML, and the command that applies it.
pub fn render(tree: &Path, name: &str, links: &Links) -> anyhow::Result<String> {
    let parts: Vec<_> = name.split('-').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() != 2 || !parts.iter().all(number) {
        bail!("it takes an exercise: {{{{#solution 06-1}}}}");
    }
    let file = format!("chapters/solutions/{name}.patch");
    let patch =
        std::fs::read_to_string(tree.join(&file)).with_context(|| format!("cannot read {file}"))?;
    let mut html = format!(
        "<details>\n<summary>Solution</summary>\n\
         <p>To have it in your tree: <code>git apply {file}</code></p>\n"
    );
    for part in patch.split("diff --git ").skip(1) {
        html += &of_file(part, links).with_context(|| file.clone())?;
    }
    Ok(html + "</details>\n")
}

/// What the patch does to one file.
fn of_file(part: &str, links: &Links) -> anyhow::Result<String> {
    let Some((head, hunks)) = part.split_once("\n@@ ") else {
        bail!("a file without a change");
    };
    let name = head
        .lines()
        .find_map(|line| line.strip_prefix("+++ b/"))
        .context("no line +++ b/...")?;
    let mut rows = String::new();
    for line in format!("@@ {hunks}").lines() {
        // The comments that mark anchors are for the book only.
        if line.get(1..).is_some_and(is_marker) {
            continue;
        }
        let (class, text) = match line.split_at_checked(1) {
            Some(("+", text)) => ("added", format!("+ {text}")),
            Some(("-", text)) => ("removed", format!("- {text}")),
            Some(("@", _)) => {
                let place = line.split("@@").nth(2).unwrap_or("").trim();
                ("fold", format!("  … {place}"))
            }
            Some((_, text)) => ("same", format!("  {text}")),
            None => continue,
        };
        rows += &html::line(class, text.trim_end());
    }
    // A file that is new has no page to link to.
    let name = match head.contains("\nnew file mode") {
        true => format!("<code>{}</code>, a new file", html::escape(name)),
        false => links.to(name, None),
    };
    Ok(format!(
        "<p>{name}</p>\n<pre class=\"diff\"><code class=\"nohighlight\">{rows}</code></pre>\n"
    ))
}
