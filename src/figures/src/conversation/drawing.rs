//! The drawing of a conversation: two lanes, and an arrow for each message.
//!
//! In the explorer a script draws any conversation of a capture, from [`slots`]:
//! the same pieces, with `data-slot` where the words of one belong.

use maud::{Markup, Render, html};

use super::{Conversation, Said};
use crate::WIDTH;

/// The lanes; the times are to the left.
const CLIENT: usize = 50;
const SERVER: usize = 330;
const TOP: usize = 42;
const PHASE: usize = 26;
const ROW: usize = 40;

impl Conversation {
    /// The drawing.
    pub fn drawing(&self, title: &str) -> Markup {
        let mut y = TOP;
        let mut drawn = Vec::new();
        for said_in_phase in self.phases() {
            drawn.push(phase(y, Conversation::phase_title(said_in_phase)));
            y += PHASE;
            for said in said_in_phase {
                let words = Words {
                    time: format!("{:.2}", said.time as f64 / 1000.0),
                    strong: said.message.strong(),
                    words: said.message.words(),
                    sizes: said.sizes(),
                };
                drawn.push(arrow(y, Look::of(said), &words));
                y += ROW;
            }
        }
        let ends = [
            (&self.hosts[0], self.client.to_string()),
            (&self.hosts[1], self.server.to_string()),
        ];
        let [client, server] = ends.map(|(host, end)| match host.is_empty() {
            true => (String::new(), end),
            false => (format!(", {host}"), end),
        });
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (y + 4) } role="img" {
                title { (title) }
                desc { (self.story()) }
                (head([client, server], y + 2))
                @for element in drawn { (element) }
            }
        }
    }
}

/// The pieces, for a script. It fills `data-slot`, moves a piece down by a
/// `transform`, and finds heights in `data-height`. An arrow is a link to its packet.
pub fn slots() -> Markup {
    let slot = |name: &'static str| html! { tspan data-slot=(name) {} };
    let words = Words {
        time: slot("time"),
        strong: slot("strong"),
        words: slot("words"),
        sizes: slot("sizes"),
    };
    let head = head(
        [
            (slot("client-host"), slot("client")),
            (slot("server-host"), slot("server")),
        ],
        TOP,
    );
    html! {
        template #conversation data-height=(TOP) {
            svg data-wide=(WIDTH) role="img" { title data-slot="title" {} (head) }
        }
        template #phase data-height=(PHASE) { svg { g { (phase(0, slot("phase"))) } } }
        @for from_client in [true, false] {
            @for is_full in [true, false] {
                @let look = Look { from_client, is_full, marked: false };
                template id={ "arrow-" (u8::from(from_client)) (u8::from(is_full)) } data-height=(ROW) {
                    svg { a { (arrow(0, look, &words)) } }
                }
            }
        }
    }
}

/// The two ends, each with its host and its address, and the lanes.
fn head(ends: [(impl Render, impl Render); 2], bottom: usize) -> Markup {
    let [client, server] = ends;
    html! {
        text .name x="2" y="14" { "client" (client.0) }
        text .small x="2" y="29" { (client.1) }
        text .name.end x=(WIDTH - 2) y="14" { "server" (server.0) }
        text .small.end x=(WIDTH - 2) y="29" { (server.1) }
        text .quiet.end x=(CLIENT - 8) y=(TOP - 1) { "ms" }
        @for x in [CLIENT, SERVER] { path .lane d={ "M" (x) " " (TOP - 8) "V" (bottom) } {} }
    }
}

fn phase(y: usize, title: impl Render) -> Markup {
    html! {
        rect .phase x="0.5" y=(y + 3) width=(WIDTH - 1) height=(PHASE - 6) rx="4" {}
        text .bold x="8" y=(y + 17) { (title) }
    }
}

/// How an arrow looks.
#[derive(Clone, Copy)]
struct Look {
    from_client: bool,
    is_full: bool,
    marked: bool,
}

impl Look {
    fn of(said: &Said) -> Look {
        Look {
            from_client: said.from_client,
            is_full: said.message.is_full(),
            marked: said.marked,
        }
    }
}

/// What stands at an arrow.
struct Words<T> {
    time: T,
    strong: T,
    words: T,
    sizes: T,
}

/// One message: above the arrow what it says, below how long it is.
fn arrow(y: usize, look: Look, said: &Words<impl Render>) -> Markup {
    let (from, to, text, class, back) = match look.from_client {
        true => (CLIENT, SERVER, CLIENT + 9, "", "-7"),
        false => (SERVER, CLIENT, SERVER - 9, "end", "7"),
    };
    let line = y + 17;
    html! {
        g .row.tcp.mark[look.marked] {
            text .quiet.end x=(CLIENT - 8) y=(line + 4) { (said.time) }
            path .line.full[look.is_full] d={ "M" (from) " " (line) "H" (if look.from_client { to - 5 } else { to + 5 }) } {}
            path .head d={ "M" (to) " " (line) "l" (back) " -4v8z" } {}
            text .said.(class) x=(text) y=(line - 6) {
                tspan .bold { (said.strong) } " " (said.words)
            }
            text .quiet.(class) x=(text) y=(line + 14) { (said.sizes) }
        }
    }
}
