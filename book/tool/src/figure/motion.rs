//! How the packet of [`travel`](super::travel) moves, as CSS: a stop at each
//! station, and then the whole way again.
//!
//! The rules hold only on a screen whose reader has nothing against motion, and
//! until the box "stand still" is ticked. Otherwise the drawing is still.

/// Seconds at a station, from one to the next, and at the last one.
const STAY: f64 = 1.6;
const MOVE: f64 = 1.0;
const REST: f64 = 3.4;

/// A station of the way.
pub(super) struct Stop {
    /// Where the packet is then.
    pub place: (f64, f64),
    /// Whether it is inside another one there.
    pub wrapped: bool,
    /// How far down the line is that tells of it.
    pub line: usize,
}

pub(super) struct Motion(Vec<Stop>);

impl Motion {
    pub fn through(stops: Vec<Stop>) -> Motion {
        Motion(stops)
    }

    /// Seconds from the first station to the last.
    pub fn travelling(&self) -> f64 {
        self.0.len().saturating_sub(1) as f64 * (STAY + MOVE)
    }

    pub fn style(&self) -> String {
        let seconds = self.travelling() + REST;
        let (mut way, mut wrapping, mut mark) = (String::new(), String::new(), String::new());
        for (number, stop) in self.0.iter().enumerate() {
            let arrives = number as f64 * (STAY + MOVE);
            let leaves = match number + 1 == self.0.len() {
                true => seconds - 0.6,
                false => arrives + STAY,
            };
            let percent = |time: f64| format!("{:.1}%", time / seconds * 100.0);
            let (from, to) = (percent(arrives), percent(leaves));
            let (x, y) = stop.place;
            way += &format!(" {from}, {to} {{ transform: translate({x}px, {y}px); opacity: 1; }}");
            let opacity = u8::from(stop.wrapped);
            wrapping += &format!(" {from}, {to} {{ opacity: {opacity}; }}");
            mark += &format!(" {from} {{ transform: translateY({}px); }}", stop.line);
        }
        if let Some((x, y)) = self.0.last().map(|stop| stop.place) {
            way += &format!(" 100% {{ transform: translate({x}px, {y}px); opacity: 0; }}");
        }
        format!(
            "
.travel :is(.moving, .mark) {{ display: none; }}
@media screen and (prefers-reduced-motion: no-preference) {{
.travel:not(:has(:checked)) :is(.moving, .mark) {{ display: inline; }}
.travel:not(:has(:checked)) .there {{ opacity: 0.25; }}
.travel:not(:has(:checked)) .moving {{ animation: travel-way {seconds:.1}s ease-in-out infinite; }}
.travel:not(:has(:checked)) .wrapping {{ animation: travel-wrapping {seconds:.1}s infinite; }}
.travel:not(:has(:checked)) .mark {{ animation: travel-mark {seconds:.1}s step-end infinite; }}
}}
.travel .mark {{ fill: none; stroke: var(--iip-edge); }}
@keyframes travel-way {{{way} }}
@keyframes travel-wrapping {{{wrapping} }}
@keyframes travel-mark {{{mark} }}
"
        )
    }
}
