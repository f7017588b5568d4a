//! Packets that wait in the same place, side by side, each as a bar.

use lab::journey::microseconds;
use maud::{Markup, html};

use super::Timeline;
use super::drawing::{cross, unit};
use super::way::{End, Way};

/// A packet that waits, as a bar beside its lane.
pub struct Wait {
    pub way: usize,
    /// The point of the way after which it waits.
    pub point: usize,
    pub lane: usize,
    pub x: f64,
    pub from: f64,
    pub to: f64,
    /// No program is seen to end it.
    pub open: bool,
    width: f64,
    slot: usize,
}

/// From a bar to the one beside it, and between them.
const SLOT: f64 = 13.0;
const GAP: f64 = 2.5;
/// Between a lane and the first bar, and beside the last one.
const BESIDE: f64 = 3.5;
const FREE: f64 = 18.0;
/// Between two that wait in the same slot, one after the other.
const BETWEEN: f64 = 8.0;
/// A bar of this width has room for a line of text, a letter of which has this width.
const LINE: f64 = 9.0;
const LETTER: f64 = 4.9;

impl Timeline<'_> {
    /// All that wait, each in a slot where no other waits at the same time.
    pub fn waiting(&self) -> Vec<Wait> {
        let mut waits: Vec<Wait> = Vec::new();
        let mut add = |way, point, interface: &str, from, to, open| {
            let lane = self.lanes.of(interface);
            let together = |wait: &&Wait| {
                wait.lane == lane && wait.from < to + BETWEEN && from < wait.to + BETWEEN
            };
            let taken: Vec<usize> = waits
                .iter()
                .filter(together)
                .map(|wait| wait.slot)
                .collect();
            let slot = (0..).find(|slot| !taken.contains(slot)).unwrap_or(0);
            waits.push(Wait {
                way,
                point,
                lane,
                x: 0.0,
                from,
                to,
                open,
                width: 0.0,
                slot,
            });
        };
        for (number, way) in self.ways.iter().enumerate() {
            for (at, from, to) in way.waits(self.scale) {
                let (y, end) = (self.place(from.number), self.place(to.number));
                add(number, at, &from.packet.interface, y, end, false);
            }
            if way.end.is_open() {
                let last = way.track.last();
                let at = way.track.points.len() - 1;
                let y = self.place(last.number);
                add(number, at, &last.packet.interface, y, self.axis.end, true);
            }
        }
        let slots = |lane| {
            let here = waits.iter().filter(move |wait| wait.lane == lane);
            here.map(|wait| wait.slot + 1).max().unwrap_or(0)
        };
        let places: Vec<(f64, f64)> = waits
            .iter()
            .map(|wait| {
                let (side, other) = self.lanes.to_program(wait.lane);
                let x = self.lanes.lanes[wait.lane].x;
                let together = slots(wait.lane) + slots(other);
                let room = (self.lanes.lanes[other].x - x).abs() - FREE;
                let step = (room / together as f64).min(SLOT);
                let away = BESIDE + step * (wait.slot as f64 + 0.5);
                (x + away * side, step - GAP)
            })
            .collect();
        for (wait, (x, width)) in waits.iter_mut().zip(places) {
            (wait.x, wait.width) = (x, width);
        }
        waits
    }

    /// A bar, with the packet's name in it and how long it waits. Below one that is
    /// not seen again is a cross; one that goes on has no lower end.
    pub fn bar(&self, wait: &Wait) -> Markup {
        let way = &self.ways[wait.way];
        let class = way.track.kind.class();
        let (left, right) = (wait.x - wait.width / 2.0, wait.x + wait.width / 2.0);
        let to = match way.end {
            End::Waits if wait.open => wait.to - 6.0,
            _ => wait.to,
        };
        let middle = (wait.from + to) / 2.0;
        html! {
            @if wait.open && way.end == End::GoesOn {
                path .wait.open.(class) d={ "M" (unit(left)) " " (unit(to)) "V" (unit(wait.from)) "H" (unit(right)) "V" (unit(to)) } {}
            } @else {
                rect .wait.(class) x=(unit(left)) y=(unit(wait.from)) width=(unit(wait.width)) height=(unit(to - wait.from)) rx="2" {}
            }
            @if wait.open && way.end == End::Waits { (cross(wait.x, wait.to)) }
            @if let Some(text) = self.inside(wait) {
                text .waits.middle x="0" y="3.4" transform={ "translate(" (unit(wait.x)) " " (unit(middle)) ") rotate(-90)" } { (text) }
            }
        }
    }

    /// As much as there is room for in a bar.
    fn inside(&self, wait: &Wait) -> Option<String> {
        let way = &self.ways[wait.way];
        let name = &way.label;
        let end = match (wait.open, way.end) {
            (false, _) => self.how_long(way, wait),
            (true, End::GoesOn) => "still waiting".to_owned(),
            (true, _) => "not seen again".to_owned(),
        };
        let fits = |text: &String| {
            let length = text.chars().count() as f64 * LETTER;
            wait.width >= LINE && length + 4.0 <= wait.to - wait.from
        };
        [format!("{name}, {end}"), name.clone()]
            .into_iter()
            .find(fits)
    }

    /// How long a packet waits, unless its bar says so.
    pub fn beside(&self, way: &Way, wait: &Wait) -> Option<String> {
        let time = self.how_long(way, wait);
        let inside = self.inside(wait);
        inside
            .is_none_or(|text| !text.ends_with(&time))
            .then_some(time)
    }

    fn how_long(&self, way: &Way, wait: &Wait) -> String {
        let points = &way.track.points[wait.point..wait.point + 2];
        let time = microseconds(points[0].packet, points[1].packet);
        format!("{} ms", self.milliseconds(time))
    }
}
