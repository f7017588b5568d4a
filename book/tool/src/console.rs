//! Transcripts: what is typed and what comes back, told apart for the eye.

use crate::html::{escape, marked_line};

const HOSTS: [&str; 4] = ["left", "internet", "right", "host"];

/// A transcript as HTML.
///
/// `nohighlight` keeps mdBook's highlighter from colouring the output as if it had
/// comments and strings.
pub fn render(transcript: &str) -> String {
    let mut html = String::from("<pre class=\"console\"><code class=\"nohighlight\">");
    let mut goes_on = false;
    for line in transcript.lines() {
        let marked = if let Some((host, command)) = prompt(line) {
            goes_on = command.ends_with('\\');
            let prompt = format!("<span class=\"prompt on-{host}\">{host}$</span>");
            format!("{prompt} {}", typed(command))
        } else if goes_on {
            goes_on = line.ends_with('\\');
            typed(line)
        } else {
            printed(line)
        };
        html += &marked_line("", line, &marked);
    }
    html + "</code></pre>\n"
}

/// The transcript of an exercise, folded: it is what the reader's program has to
/// print, and not what it prints already.
pub fn exercise(name: &str, transcript: &str) -> String {
    let name = escape(name);
    format!(
        "<details class=\"exercise\">\n<summary>The check: \
         <code>cargo lab exercise {name}</code></summary>\n\n{transcript}\n</details>\n"
    )
}

/// A line with a prompt: the host, and what is typed after it.
fn prompt(line: &str) -> Option<(&str, &str)> {
    let (host, command) = line.split_once("$ ")?;
    HOSTS.contains(&host).then_some((host, command))
}

fn typed(command: &str) -> String {
    span("command", command)
}

fn printed(line: &str) -> String {
    match line {
        "" => String::new(),
        "^C" => span("key", line),
        // It stands for lines that differ from run to run.
        "..." => span("any", line),
        _ => span("output", line).replace("[..]", &span("any", "[..]")),
    }
}

fn span(class: &str, text: &str) -> String {
    format!("<span class=\"{class}\">{}</span>", escape(text))
}
