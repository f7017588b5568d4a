//! From the time of each packet to its place on an axis that runs downwards.
//!
//! The axis is to scale where a packet is on its way or waits. Steps that would
//! be too short to see are stretched; times in which nothing is on its way and
//! that would be too long are cut out. The drawing marks both.

/// Units between two packets at least.
const STEP: f64 = 3.0;
/// Units between two labels in the same column at least.
const LABEL: f64 = 12.0;
/// Quiet time that would take more units than this may be cut out.
const QUIET: f64 = 60.0;
/// And with a given scale, quiet time at the end: about a screen.
const SCREEN: f64 = 300.0;
/// Quiet time between packets is cut out if it is so many times as long as all
/// that moves.
const LONG: u128 = 4;
/// Units in place of what is cut out.
const BREAK: f64 = 26.0;
/// A wait of at least so many units is drawn as one.
const WAIT: f64 = 10.0;

/// A packet on the axis.
pub struct Event {
    /// Microseconds since the first.
    pub time: u128,
    /// A packet that is seen again is on its way until the next event.
    pub moving: bool,
    /// The columns in which it has a label.
    pub columns: Vec<usize>,
}

impl Event {
    /// Nothing but a packet, at this time.
    pub fn at(time: u128) -> Event {
        Event {
            time,
            moving: false,
            columns: Vec::new(),
        }
    }
}

/// A stretch of the axis that is not to scale.
pub struct Stretch {
    pub from: f64,
    pub to: f64,
    /// Microseconds that it stands for.
    pub time: u128,
}

pub struct Axis {
    /// The place of each event.
    pub places: Vec<f64>,
    /// The place of the last moment that the axis shows, and its end below that.
    pub foot: f64,
    pub end: f64,
    pub breaks: Vec<Stretch>,
    pub stretched: Vec<Stretch>,
}

/// How many units a microsecond has, so that what is not cut out fills a good
/// part of a page.
pub fn scale(events: &[Event], end: u128) -> f64 {
    let moving = moving(events, end);
    let between = steps(events, end).take(events.len().saturating_sub(1));
    let quiet = between.filter(|(event, time)| !event.moving && *time <= LONG * moving);
    let shown = moving + quiet.map(|(_, time)| time).sum::<u128>();
    let units = (12 * events.len()).clamp(100, 300) as f64;
    units / shown.max(1) as f64
}

/// How long anything is on its way.
fn moving(events: &[Event], end: u128) -> u128 {
    let moving = steps(events, end).filter(|(event, _)| event.moving);
    moving.map(|(_, time)| time).sum()
}

/// Whether such a time between two interfaces is long enough to be seen as a
/// wait.
pub fn is_wait(time: u128, scale: f64) -> bool {
    time as f64 * scale >= WAIT
}

/// Each event with the time until the next, or the end.
fn steps(events: &[Event], end: u128) -> impl Iterator<Item = (&Event, u128)> {
    let next = events.iter().skip(1).map(|event| event.time).chain([end]);
    let steps = events.iter().zip(next);
    steps.map(|(event, next)| (event, next.saturating_sub(event.time)))
}

impl Axis {
    /// Places the events, from `top` down. If not `may_break`, nothing is cut out
    /// between packets.
    pub fn new(events: &[Event], end: u128, scale: f64, may_break: bool, top: f64) -> Axis {
        let mut axis = Axis {
            places: Vec::new(),
            foot: top,
            end: top,
            breaks: Vec::new(),
            stretched: Vec::new(),
        };
        let mut lowest: Vec<Option<f64>> = Vec::new();
        let mut at = top;
        // What is stretched in a row is one stretch.
        let mut row: Option<Stretch> = None;
        let mut came: u128 = 0;
        let long = LONG * moving(events, end);
        for (number, (event, time)) in steps(events, end).enumerate() {
            for &column in &event.columns {
                lowest.resize(lowest.len().max(column + 1), None);
                if let Some(label) = lowest[column] {
                    at = at.max(label + LABEL);
                }
                lowest[column] = Some(at);
            }
            if let Some(row) = &mut row {
                (row.to, row.time) = (at, row.time + came);
            }
            axis.places.push(at);
            let natural = time as f64 * scale;
            let is_end = number + 1 == events.len();
            let too_long = match (is_end, may_break) {
                (true, true) => natural > QUIET,
                (true, false) => natural > SCREEN,
                (false, true) => natural > QUIET && time > long,
                (false, false) => false,
            };
            let broken = !event.moving && too_long;
            if broken || natural > STEP {
                axis.stretched.extend(row.take());
            } else if row.is_none() {
                row = Some(Stretch {
                    from: at,
                    to: at,
                    time: 0,
                });
            }
            came = time;
            if broken {
                axis.breaks.push(Stretch {
                    from: at + 4.0,
                    to: at + 4.0 + BREAK,
                    time,
                });
                at += BREAK + 12.0;
            } else {
                at += natural.max(STEP);
            }
        }
        axis.stretched.extend(row);
        axis.foot = at;
        axis.end = at + 6.0;
        // A little is not worth a word.
        let visible = |row: &Stretch| row.to - row.from > 10.0 + 2.0 * row.time as f64 * scale;
        axis.stretched.retain(visible);
        axis
    }
}
