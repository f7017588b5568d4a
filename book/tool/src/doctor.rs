//! `{{#doctor}}`: everything that `cargo lab doctor` can find missing, what it
//! looks like, and what to do.

use ip_over_udp::lab::doctor::NEEDS;

use crate::html::escape;

/// The table as HTML.
pub fn render() -> String {
    let mut rows = String::new();
    for need in NEEDS {
        for message in (need.messages)() {
            // The first line of a message says what failed, the others what to do.
            let (seen, remedy) = message.split_once('\n').unwrap_or((&message, ""));
            let remedy: Vec<_> = remedy.lines().map(|line| escape(line.trim())).collect();
            rows += &format!(
                "<tr><td>{}</td><td><code>{}</code></td><td><code>{}</code></td></tr>\n",
                escape(&format!("{}: {}", need.name, need.purpose)),
                escape(seen),
                remedy.join("</code><br><code>")
            );
        }
    }
    format!(
        "<table class=\"doctor\">\n<thead>\n<tr><th>What it is about</th><th>What you see</th>\
         <th>What to do</th></tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )
}
