//! `{{#doctor}}`: everything that `cargo lab doctor` can find missing, what it
//! looks like, and what to do.

use lab::doctor::NEEDS;
use maud::{Markup, PreEscaped, html};

use crate::html::sentence;

/// A table with a row for each message.
pub fn render() -> String {
    let table = html! {
        table .doctor {
            thead { tr { th { "what, and what for" } th { "the message" } th { "what to do" } } }
            tbody {
                @for need in NEEDS {
                    @let messages = (need.messages)();
                    @for (at, message) in messages.iter().enumerate() {
                        tr {
                            @if at == 0 {
                                th scope="rowgroup" rowspan=(messages.len()) {
                                    strong { (PreEscaped(sentence(need.name))) } ": "
                                    (PreEscaped(sentence(need.purpose)))
                                }
                            }
                            (cells(message))
                        }
                    }
                }
            }
        }
    };
    table.into_string() + "\n"
}

/// The first line of a message says what failed, the others what to do.
fn cells(message: &str) -> Markup {
    let (seen, remedy) = message.split_once('\n').unwrap_or((message, ""));
    // In a narrow column, words that are aligned with spaces are not.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let remedy: Vec<_> = remedy.lines().map(words).collect();
    html! {
        td { code { (seen) } }
        td { pre { code { (remedy.join("\n")) } } }
    }
}
