//! The drawing of a conversation: two lanes, and an arrow for each segment.

use maud::{Markup, html};

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
        for phase in self.phases() {
            drawn.push(html! {
                rect .phase x="0.5" y=(y + 3) width=(WIDTH - 1) height=(PHASE - 6) rx="4" {}
                text .bold x="8" y=(y + 17) { (Conversation::phase_title(phase)) }
            });
            y += PHASE;
            for said in phase {
                drawn.push(arrow(said, y));
                y += ROW;
            }
        }
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (y + 4) } role="img" {
                title { (title) }
                desc { (self.story()) }
                @for (x, who, host, end, class) in [
                    (2, "client", &self.hosts[0], self.client, ""),
                    (WIDTH - 2, "server", &self.hosts[1], self.server, "end"),
                ] {
                    text .name.(class) x=(x) y="14" { (who) @if !host.is_empty() { ", " (host) } }
                    text .small.(class) x=(x) y="29" { (end) }
                }
                text .quiet.end x=(CLIENT - 8) y=(TOP - 1) { "ms" }
                @for x in [CLIENT, SERVER] { path .lane d={ "M" (x) " " (TOP - 8) "V" (y + 2) } {} }
                @for element in drawn { (element) }
            }
        }
    }
}

/// One segment: above the arrow what it says, below how long it is.
fn arrow(said: &Said, y: usize) -> Markup {
    let (from, to, text, class, back) = match said.from_client {
        true => (CLIENT, SERVER, CLIENT + 9, "", "-7"),
        false => (SERVER, CLIENT, SERVER - 9, "end", "7"),
    };
    let line = y + 17;
    html! {
        g .row.tcp.mark[said.marked] {
            text .quiet.end x=(CLIENT - 8) y=(line + 4) { (format!("{:.2}", said.time as f64 / 1000.0)) }
            path .line.full[said.message.is_full()] d={ "M" (from) " " (line) "H" (if said.from_client { to - 5 } else { to + 5 }) } {}
            path .head d={ "M" (to) " " (line) "l" (back) " -4v8z" } {}
            text .said.(class) x=(text) y=(line - 6) {
                tspan .bold { (said.message.strong()) } " " (said.message.words())
            }
            text .quiet.(class) x=(text) y=(line + 14) { (said.sizes()) }
        }
    }
}
