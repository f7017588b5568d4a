//! `{{#doctor}}`: everything that `cargo lab doctor` can find missing, what it
//! looks like, and what to do.

use ip_over_udp::lab::doctor::NEEDS;

use crate::html::{escape, sentence};

/// The table as HTML.
pub fn render() -> String {
    let mut rows = String::new();
    for need in NEEDS {
        let messages = (need.messages)();
        let about = sentence(&format!("{}: {}", need.name, need.purpose));
        let mut first = format!("<td rowspan=\"{}\">{about}</td>", messages.len());
        for message in messages {
            // The first line of a message says what failed, the others what to do.
            let (seen, remedy) = message.split_once('\n').unwrap_or((&message, ""));
            let remedy: Vec<_> = remedy.lines().map(|line| escape(line.trim())).collect();
            rows += &format!(
                "<tr>{first}<td><code>{}</code></td><td><code>{}</code></td></tr>\n",
                escape(seen),
                remedy.join("</code><br><code>")
            );
            first.clear();
        }
    }
    format!(
        "<table class=\"doctor\">\n<thead>\n<tr><th>What it is about</th><th>What you see</th>\
         <th>What to do</th></tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )
}
