//! The way of one packet as a map of the three hosts, on which the packet moves.
//!
//! Without motion, in print or where a reader wants none, the packet is drawn at
//! all six interfaces at once. CSS moves it, not a script, so the same drawing also
//! works as a picture in the README, which a browser shows as a file of its own.

use std::path::Path;

use anyhow::Context;
use ip_over_udp::packet::LayerKind;
use lab::journey::Change;
use maud::{Markup, PreEscaped, html};

use super::motion::{Motion, Stop};
use super::way::Asked;
use figures::WIDTH;
use figures::part::Part;
use figures::way::{Hop, Way};

const USAGE: &str = r#"{{#travel FILE NUMBER "text" caption="…"}}"#;

/// The longest packet as a bar: it fits into a host.
const BAR: f64 = 88.0;
const HEIGHT_OF_BAR: usize = 14;
/// Where the list of stations begins, and how far its lines are apart.
const LIST: usize = 196;
const LINE: usize = 18;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let Asked { caption, way, .. } = Asked::parse(USAGE, tree, arguments)?;
    let map = Map::of(way)?;
    let figure = html! {
        figure .travel {
            (caption.above(html! {
                strong { "The journey of one packet" } ": " (map.way.what) ", " (map.way.time())
                " µs from end to end, recorded at all six interfaces. Here it moves "
                (map.slower()) " times slower."
            }))
            svg viewBox=(map.view_box(0)) role="img" { (map.content()) }
            label .still { input type="checkbox"; " stand still" }
        }
    };
    Ok(figure.into_string())
}

/// The same as a file, in the colours of the book.
pub(super) fn file(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let map = Map::of(Asked::parse(USAGE, tree, arguments)?.way)?;
    let sheet = "book/theme/book.css";
    let sheet = std::fs::read_to_string(tree.join(sheet))
        .with_context(|| format!("cannot read {sheet}"))?;
    let style = colours(&sheet).context("book.css has no colours where they are looked for")?;
    let drawing = html! {
        svg .travel xmlns="http://www.w3.org/2000/svg" viewBox=(map.view_box(PAPER)) role="img" {
            style { (PreEscaped(style)) (PreEscaped(RULES)) }
            // A page may be dark where the reader's system is light.
            rect .paper x=(-PAPER) y=(-PAPER) width="100%" height="100%" rx="8" {}
            (map.content())
        }
    };
    Ok(drawing.into_string() + "\n")
}

/// The margin of the file.
const PAPER: i32 = 10;

/// What a page of the book gives a drawing, for a file that is in none.
const RULES: &str = "
svg { font: 12px 'Open Sans', 'Segoe UI', sans-serif; fill: var(--fg); }
.paper { fill: var(--paper); }
.host { fill: var(--panel); stroke: var(--frame); }
.name { font-weight: 700; font-size: 13px; }
.mono { font-family: 'Source Code Pro', Consolas, 'DejaVu Sans Mono', monospace; }
.small { font-size: 10.5px; }
.quiet { fill: var(--quiet); font-size: 11px; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
.way { fill: none; stroke: var(--quiet); stroke-width: 1.5; }
.layer { fill: var(--fill); stroke: var(--edge); stroke-dasharray: var(--dash); }
.tunnel { fill: none; stroke: var(--iip-edge); stroke-width: 5; stroke-dasharray: 2 3; }
";

/// The colours of the book, light and dark.
fn colours(sheet: &str) -> Option<String> {
    let list = |of: &str| Some(sheet.split_once(of)?.1.split_once('}')?.0);
    let (light, dark) = (list(":root {")?, list(".coal, .navy, .ayu {")?);
    let layers = sheet.lines().filter(|line| line.contains("--fill: var("));
    let layers: Vec<&str> = layers.collect();
    Some(format!(
        "\n:root {{{light}    --fg: #1f2328; --paper: #ffffff;\n}}\n\
         @media (prefers-color-scheme: dark) {{ :root {{{dark}    --fg: #f0f6fc; --paper: #0d1117;\n}} }}\n{}",
        layers.join("\n")
    ))
}

/// The way, and where on the map each of its stations is.
struct Map {
    way: Way,
    /// The right end of the packet at each station, and its top.
    places: Vec<(f64, f64)>,
    /// Units for a byte.
    scale: f64,
}

impl Map {
    fn of(way: Way) -> anyhow::Result<Map> {
        let place = |hop: &Hop| {
            let place = match (hop.host.as_str(), hop.interface.as_str()) {
                ("left", "tun0") => (94.0, 52.0),
                ("left", "eth0") => (94.0, 142.0),
                ("internet", "left") => (214.0, 118.0),
                ("internet", "right") => (214.0, 154.0),
                ("right", "eth0") => (334.0, 142.0),
                ("right", "tun0") => (334.0, 52.0),
                (host, interface) => anyhow::bail!("the map has no {interface} of {host}"),
            };
            Ok(place)
        };
        let places = way.hops.iter().map(place).collect::<anyhow::Result<_>>()?;
        let scale = BAR / way.widest().map_or(1, |hop| hop.length) as f64;
        Ok(Map { way, places, scale })
    }

    fn motion(&self) -> Motion {
        let stops = self.way.hops.iter().zip(&self.places);
        let stops = stops.enumerate().map(|(line, (hop, place))| Stop {
            place: *place,
            wrapped: is_wrapped(hop),
            line: line * LINE,
        });
        Motion::through(stops.collect())
    }

    /// How many times as long as the real journey the moving one takes.
    fn slower(&self) -> String {
        let times = self.motion().travelling() * 1e6 / self.way.time().max(1) as f64;
        // Of such a number one digit says enough.
        let unit = 10f64.powf(times.log10().floor());
        let rounded = ((times / unit).round() * unit) as u64;
        let digits = rounded.to_string();
        let groups: Vec<&str> = (0..digits.len())
            .rev()
            .step_by(3)
            .map(|end| &digits[end.saturating_sub(2)..=end])
            .collect();
        groups.into_iter().rev().collect::<Vec<_>>().join(",")
    }

    fn legend(&self) -> usize {
        LIST + self.way.hops.len() * LINE + 12
    }

    /// With a margin of so many units.
    fn view_box(&self, margin: i32) -> String {
        let (width, height) = (WIDTH as i32, self.legend() as i32 + 34);
        let (wider, higher) = (width + 2 * margin, height + 2 * margin);
        format!("{0} {0} {wider} {higher}", -margin)
    }

    fn content(&self) -> Markup {
        let parts: &[Part] = self.way.widest().map_or(&[], |hop| &hop.parts);
        html! {
            title { "The journey of one packet: " (self.way.what) }
            desc { (self.way.story(true)) }
            style { (PreEscaped(self.motion().style())) }
            (HOSTS)
            @for (hop, place) in self.way.hops.iter().zip(&self.places) {
                g .there transform={ "translate(" (place.0) " " (place.1) ")" } {
                    (self.bar(&hop.parts, true)) (self.bar(&hop.parts, false))
                }
            }
            g .moving {
                g .wrapping { (self.bar(parts, true)) }
                (self.bar(parts, false))
            }
            rect .mark x="0.5" y=(LIST) width=(WIDTH - 1) height=(LINE) rx="4" {}
            @for (line, hop) in self.way.hops.iter().enumerate() {
                (station(LIST + line * LINE + 13, hop))
            }
            @for (number, part) in parts.iter().enumerate() {
                @let (x, y) = (8 + number % 3 * 112, self.legend() + number / 3 * 18);
                rect .layer .(part.role.class()) x=(x) y=(y) width="14" height="11" {}
                text .small x=(x + 20) y=(y + 10) { (part.label) " " (part.bytes.len()) }
            }
        }
    }

    /// The packet as a bar that ends at 0: what wraps it, or what is inside.
    fn bar(&self, parts: &[Part], wrapping: bool) -> Markup {
        let end = parts.last().map_or(0, |part| part.bytes.end);
        let inner = inside(parts);
        let parts = match wrapping {
            true => &parts[..inner],
            false => &parts[inner..],
        };
        html! {
            @for part in parts {
                @let x = -((end - part.bytes.start) as f64) * self.scale;
                @let width = part.bytes.len() as f64 * self.scale;
                rect .layer .(part.role.class()) x=(format!("{x:.1}")) y="0" width=(format!("{width:.1}")) height=(HEIGHT_OF_BAR) {}
            }
        }
    }
}

/// How many of the parts wrap the packet that travels.
fn inside(parts: &[Part]) -> usize {
    let udp = parts.iter().position(|part| part.kind == LayerKind::Udp);
    match parts.first() {
        Some(first) if first.kind == LayerKind::Ethernet => udp.map_or(0, |udp| udp + 1),
        _ => 0,
    }
}

fn is_wrapped(hop: &Hop) -> bool {
    inside(&hop.parts) > 0
}

/// One line of the list: where, how long, what was done, and the time it took.
fn station(y: usize, hop: &Hop) -> Markup {
    let change = match hop.change {
        Change::Added { ethernet, ip, udp } => format!("added {} bytes", ethernet + ip.1 + udp),
        Change::Removed(bytes) => format!("removed {bytes} bytes"),
        change => change.to_string().replace("forwarded: ", ""),
    };
    html! {
        text .mono.small x="8" y=(y) { (hop.host) " " (hop.interface) }
        text .small.end x="158" y=(y) { (hop.length) " bytes" }
        text .small x="168" y=(y) { (change) }
        text .small.end x=(WIDTH - 8) y=(y) { @if hop.change != Change::Start { "+ " } (hop.time) " µs" }
    }
}

/// The three hosts, the cables, and the tunnel between the two ends.
const HOSTS: PreEscaped<&str> = PreEscaped(concat!(
    r#"<path class="tunnel" d="M101 59H239"/><text class="small middle" x="170" y="48">the tunnel</text>"#,
    r#"<path class="way" d="M101 149L120 132"/><path class="way" d="M220 168L239 149"/>"#,
    r#"<rect class="host" x="0.5" y="8.5" width="100" height="170" rx="6"/><text class="name" x="8" y="27">left</text>"#,
    r#"<rect class="host" x="120.5" y="78.5" width="99" height="100" rx="6"/><text class="name" x="128" y="97">internet</text>"#,
    r#"<rect class="host" x="239.5" y="8.5" width="100" height="170" rx="6"/><text class="name" x="247" y="27">right</text>"#,
    r#"<text class="small mono" x="8" y="47">tun0</text><text class="small mono" x="8" y="137">eth0</text>"#,
    r#"<text class="small mono" x="128" y="113">left</text><text class="small mono" x="128" y="149">right</text>"#,
    r#"<text class="small mono" x="247" y="47">tun0</text><text class="small mono" x="247" y="137">eth0</text>"#,
    r#"<path class="way" d="M20 72v50m-4 -5l4 5l4 -5"/><text class="quiet" x="30" y="101">our program</text>"#,
    r#"<path class="way" d="M259 122v-50m-4 5l4 -5l4 5"/><text class="quiet" x="269" y="101">our program</text>"#,
));
