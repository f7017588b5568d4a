//! HTML inside Markdown.

pub use figures::count::count;

/// Text as it stands between two tags, or in an attribute.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A sentence in which code stands between backticks, as in a doc comment.
pub fn sentence(text: &str) -> String {
    let text = text.replace("[`", "`").replace("`]", "`");
    let parts = text.split('`').enumerate();
    let part = |(number, part): (usize, &str)| match number % 2 {
        1 => format!("<code>{}</code>", escape(part)),
        _ => escape(part),
    };
    parts.map(part).collect()
}

/// HTML as a block that Markdown leaves alone. A blank line would end such a
/// block, so each gets a comment, which keeps it blank in a `<pre>`.
pub fn block(class: &str, html: &str) -> String {
    let lines = html.trim().lines().map(|line| match line.trim() {
        "" => "<!-- -->",
        _ => line,
    });
    let html = lines.collect::<Vec<_>>().join("\n");
    format!("<div class=\"{class}\">\n{html}\n</div>\n")
}

/// A line inside `<pre><code>`. Where it is too long for the page, it goes on
/// below, a little to the right of where it begins.
pub fn line(class: &str, text: &str) -> String {
    marked_line(class, text, &escape(text))
}

/// The same for a line of which parts are marked up.
pub fn marked_line(class: &str, text: &str, html: &str) -> String {
    // In a diff, the code begins after the sign.
    let code = text.trim_start_matches([' ', '+', '-']);
    let style = match text.len() - code.len() {
        0 => String::new(),
        indent => format!(" style=\"--indent: {indent}\""),
    };
    let class = ["line", class].join(" ");
    format!("<span class=\"{}\"{style}>{html}</span>\n", class.trim())
}
