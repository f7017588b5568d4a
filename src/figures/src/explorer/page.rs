//! The whole page: one file, which loads nothing and runs nothing but its own
//! script.
//!
//! What is in a packet may be anybody's text. All of it is escaped, by maud in
//! markup and here in JSON; and if some were not, the page's content security
//! policy names the one script and the one style sheet that count, by their hashes.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::body::Body;
use super::map::map;
use super::{Explorer, data, hashes, plain};
use crate::{anatomy, conversation, count};

/// By this, in its first lines, a file is known to be such a page.
pub const MADE_BY: &str = "cargo lab view";

pub const SCRIPT: &str = include_str!("explorer.js");
/// The book's look, and what the explorer adds.
pub const STYLES: [&str; 2] = [
    include_str!("../../../../book/theme/book.css"),
    include_str!("explorer.css"),
];

pub fn page(explorer: &Explorer) -> String {
    let body = Body::of(explorer);
    let connect = match explorer.live {
        true => "'self'",
        false => "'none'",
    };
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}' '{}'; connect-src {connect}; \
         base-uri 'none'; form-action 'none'",
        hashes::SCRIPT,
        hashes::STYLES[0],
        hashes::STYLES[1],
    );
    let book = explorer.book.as_ref();
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(MADE_BY);
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (explorer.title) }
                @for style in STYLES { style { (PreEscaped(style)) } }
            }
            body .explorer data-book=[book.map(|_| "")] data-live=[explorer.live.then_some("")] {
                main { (markup(&body, explorer)) }
                (templates())
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// What is in the page.
fn markup(body: &Body, explorer: &Explorer) -> Markup {
    let beside_it = explorer.beside.iter();
    let differs = beside_it
        .flat_map(|beside| &beside.differences)
        .next()
        .is_some();
    // While a lab runs, interfaces can come.
    let interfaces = body.interfaces.len();
    let sides: &[&str] = match interfaces {
        1 if !explorer.live => &["Interface"],
        _ => &["Left list", "Right list"],
    };
    html! {
        header {
            @if let Some(book) = &explorer.book {
                p .back { a href=(book.chapter.0) { (book.chapter.1) } }
            }
            h1 { (explorer.title) }
            @if explorer.live { p #live role="status" { "A lab is running. New packets appear as they pass." } }
            @for note in &explorer.notes { p .note { (note) } }
            @if body.is_short {
                p .note { "This capture is large: of each packet, the page has the headers and the first "
                    (data::SHORT) " bytes of data." }
            }
            (beside(explorer))
        }
        @if explorer.packets.is_empty() {
            p { "There are no packets in this capture." }
        } @else {
            figure .map { (map(&body.counts)) }
        }
        form #choice hidden {
            @for side in sides {
                label { (side) " " select {} }
            }
            label .wide { "Filter " input #filter type="search" autocomplete="off" spellcheck="false"
                placeholder="icmp 192.168.0.2" aria-describedby="error count"; }
            output #count {}
            @if differs {
                button #next type="button" { "Next difference" }
            }
            p #error role="alert" {}
        }
        section #lists hidden aria-label="Two lists" {
            div .head aria-hidden="true" {
                @for _ in 0..2 {
                    div .side {
                        @for (class, title) in COLUMNS { span class=(class) { (title) } }
                    }
                }
            }
            div #view tabindex="0" role="grid" aria-label="Packets, line by line: arrow keys choose one" { div #rows role="rowgroup" {} }
            p .keys { kbd { "↑" } " " kbd { "↓" } " next packet, " kbd { "←" } " " kbd { "→" } " other list, "
                kbd { "/" } " filter"
                @if differs { ", " kbd { "n" } " next difference" }
            }
            @for side in 0..2 { pre .tshark { code id={ "tshark-" (side) } {} } }
        }
        section #packet hidden aria-label="The chosen packet" {}
        (plain::lists(explorer.packets, &body.interfaces))
        @for layer in body.shapes.layers() { (layer) }
        @for (number, ladder) in body.ladders.iter().enumerate() {
            template id={ "ladder-" (number) } { (PreEscaped(ladder)) }
        }
        script #data type="application/json" { (PreEscaped(&body.data)) }
        @for (number, chunk) in body.chunks.iter().enumerate() {
            script id={ "chunk-" (number) } type="application/json" { (PreEscaped(chunk)) }
        }
    }
}

/// In a sentence, what differs from the reference.
fn beside(explorer: &Explorer) -> Markup {
    let Some(beside) = &explorer.beside else {
        return html! {};
    };
    let found = beside.differences.len() + beside.elsewhere.len();
    html! {
        p .note {
            @match found {
                0 => "Every packet is as in the reference captures.",
                _ => { (count::count(found, "difference")) " from the reference captures." }
            }
        }
        @for words in &beside.elsewhere { p .note { (words) } }
    }
}

/// The columns of a list, as Wireshark calls them.
const COLUMNS: [(&str, &str); 7] = [
    ("no", "No."),
    ("time", "Time"),
    ("from", "Source"),
    ("to", "Destination"),
    ("kind", "Protocol"),
    ("size", "Length"),
    ("info", "Info"),
];

/// What is the same for every capture.
fn templates() -> Markup {
    let cells = html! {
        @for (class, _) in COLUMNS {
            span class=(class) {
                @match class {
                    // Coloured as narrow as the words are.
                    "from" | "to" | "kind" => span data-slot=(class) {},
                    _ => span .words data-slot=(class) {},
                }
            }
        }
    };
    html! {
        template #pair {
            div .pair role="row" { @for _ in 0..2 { div .side role="gridcell" { (cells) } } }
        }
        template #chosen {
            h2 data-slot="title" {}
            p .line data-slot="info" {}
            p .lost data-if="fate" { span data-slot="fate" {} }
            p .differs data-if="differs" { "Not as in the reference: " span data-slot="differs" {} }
            figure .packet {
                (anatomy::layers(html! {}))
                (anatomy::dump(anatomy::bytes(0..0, html! {}, html! {})))
                p .note data-if="cut" { span data-slot="cut" {} }
                div .tables {}
            }
            div .story {
                figure .journey {
                    figcaption { strong { "Its journey" } ": the packet at every interface, with the bytes that are added and removed. " span data-slot="way" {} }
                }
                figure .conversation {
                    figcaption { strong { "Its conversation" } ". " span data-slot="messages" {} }
                }
            }
            div .same {
                p { "The same in a terminal: this packet, its journey, its conversation." }
                @for slot in ["tshark", "tshark-way", "tshark-talk"] {
                    pre .tshark data-if=(slot) { code data-slot=(slot) {} }
                }
            }
        }
        (conversation::drawing::slots())
    }
}
