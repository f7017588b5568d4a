//! `{{#doctor}}`: everything that `cargo lab doctor` can find missing, what it
//! looks like, and what to do.

use lab::doctor::NEEDS;

use crate::html::{escape, sentence};

/// The list as HTML: what it is about, and for each message what to do.
pub fn render() -> String {
    let mut list = String::from("<div class=\"doctor\">\n");
    for need in NEEDS {
        let about = sentence(need.purpose);
        let name = sentence(need.name);
        list += &format!("<p class=\"what\"><strong>{name}</strong>: {about}</p>\n");
        for message in (need.messages)() {
            // The first line of a message says what failed, the others what to do.
            let (seen, remedy) = message.split_once('\n').unwrap_or((&message, ""));
            let remedy: Vec<_> = remedy.lines().map(|line| escape(line.trim())).collect();
            list += &format!(
                "<p class=\"seen\"><code>{}</code></p>\n<pre><code>{}</code></pre>\n",
                escape(seen),
                remedy.join("\n")
            );
        }
    }
    list + "</div>\n"
}
