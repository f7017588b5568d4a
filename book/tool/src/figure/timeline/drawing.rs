//! The drawing: hosts and lanes, the axis with what is not to scale on it, and
//! the way of each packet.

use ip_over_udp::capture::{Direction, Packet};
use ip_over_udp::packet::LinkType;
use maud::{Markup, html};

use super::lanes::{LEFT, Lanes, RIGHT};
use super::wait::Wait;
use super::way::End;
use super::{Timeline, Way};
use figures::track::Kind;

/// Units of the drawing. 340 of them are about the width of a phone.
const WIDTH: f64 = 340.0;
/// Where the first packet is; above are the names.
pub(super) const TOP: f64 = 64.0;
/// Columns of labels: one at each side, and one beside each lane.
pub(super) const MARGINS: usize = 2;
/// What a way has outside the outermost lanes.
const OUTSIDE: f64 = 7.0;

/// The column of labels beside a lane, if it is the first or the last.
pub(super) fn margin(lane: usize, lanes: &Lanes) -> Option<usize> {
    match lane {
        0 => Some(0),
        _ if lane + 1 == lanes.lanes.len() => Some(1),
        _ => None,
    }
}

/// Which lines of a way are drawn how.
#[derive(Default)]
struct Lines {
    way: String,
    carrier: String,
}

impl Timeline<'_> {
    pub(super) fn drawing(&self, title: &str) -> Markup {
        let height = self.axis.end + 8.0;
        let waits = self.waiting();
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (unit(height)) } role="img" {
                title { (title) }
                desc { (self.story()) }
                (self.background(height))
                (self.axis())
                @for (number, way) in self.ways.iter().enumerate() { (self.way(number, way, &waits)) }
                @for wait in &waits { (self.bar(wait)) }
                @for (number, way) in self.ways.iter().enumerate() { (self.texts(number, way, &waits)) }
                @for cut in &self.axis.breaks {
                    text .quiet.middle.clear x=(unit((LEFT + RIGHT) / 2.0)) y=(unit((cut.from + cut.to) / 2.0 + 4.0)) { "nothing for " (self.milliseconds(cut.time)) " ms" }
                }
            }
        }
    }

    /// Hosts, programs, and a line for each interface.
    fn background(&self, height: f64) -> Markup {
        let lanes = &self.lanes;
        let [(left, _), (_, right)] = lanes.margins;
        let hosts = lanes.hosts();
        let last = hosts.len().saturating_sub(1);
        let bottom = height - 1.0;
        html! {
            @for (at, host) in hosts.iter().enumerate() {
                @let from = if at == 0 { left } else { host[0].x - 13.0 };
                @let to = if at == last { right } else { host[host.len() - 1].x + 13.0 };
                rect .host x=(unit(from)) y="0.5" width=(unit(to - from)) height=(unit(bottom)) rx="6" {}
                text .name.middle x=(unit((from + to) / 2.0)) y="15" { (host[0].host()) }
            }
            @for between in lanes.between() {
                @let middle = (between.from + between.to) / 2.0;
                @if between.name == "program" {
                    rect .program x=(unit(between.from)) y="36" width=(unit(between.to - between.from)) height=(unit(bottom - 36.0)) {}
                }
                text .quiet.middle x=(unit(middle)) y="48" { (between.name) }
            }
            @for lane in &lanes.lanes {
                text .small.middle x=(unit(lane.x)) y="32" { (lane.name()) }
                path .lane d={ "M" (unit(lane.x)) " 37V" (unit(bottom - 1.0)) } {}
            }
        }
    }

    /// Times at the left, and what is not to scale.
    fn axis(&self) -> Markup {
        let [(left, _), (_, right)] = self.lanes.margins;
        let mut ticks: Vec<(f64, String)> = Vec::new();
        let packets = self.axis.places.iter().zip(&self.times);
        let end = (&self.axis.foot, &self.end);
        for (&place, &time) in packets.chain([end]) {
            let text = self.milliseconds(time);
            if ticks
                .last()
                .is_none_or(|(last, before)| place - last >= 12.0 && *before != text)
            {
                ticks.push((place, text));
            }
        }
        html! {
            text .quiet.end x=(unit(left - 4.0)) y="48" { "ms" }
            @for stretch in &self.axis.stretched {
                rect .stretched x=(unit(left)) y=(unit(stretch.from - 4.0)) width=(unit(right - left)) height=(unit(stretch.to - stretch.from + 8.0)) {}
            }
            @for (place, text) in &ticks {
                path .grid d={ "M" (unit(left - 3.0)) " " (unit(*place)) "H" (unit(right)) } {}
                text .quiet.end x=(unit(left - 4.0)) y=(unit(place + 3.5)) { (text) }
            }
            @for cut in &self.axis.breaks {
                path .cut d={ "M" (unit(left - 6.0)) " " (unit(cut.from + 4.0)) (zigzag(right - left + 6.0)) "v" (unit(cut.to - cut.from - 8.0)) (zigzag(left - right - 6.0)) "z" } {}
            }
        }
    }

    fn lane(&self, packet: &Packet) -> usize {
        self.lanes.of(&packet.interface)
    }

    fn x(&self, packet: &Packet) -> f64 {
        self.lanes.lanes[self.lane(packet)].x
    }

    /// One packet through all places.
    fn way(&self, number: usize, way: &Way, waits: &[Wait]) -> Markup {
        let class = way.track.kind.class();
        let lines = self.lines(number, way, waits);
        let last = way.track.last();
        let (x, y) = (self.x(last.packet), self.place(last.number));
        let side = self.heading(way);
        html! {
            @if !lines.carrier.is_empty() {
                path .carrier d=(lines.carrier) {}
                path .carrier.inner d=(lines.carrier) {}
            }
            path .line.(class).strong[way.marked] d=(lines.way) {}
            @match way.end {
                End::Lost => (cross(x + 9.0 * side, y)),
                End::Arrived => {
                    @let tip = if margin(self.lane(last.packet), &self.lanes).is_some() { x + OUTSIDE * side } else { x };
                    path .head.(class) d={ "M" (unit(tip - 4.5 * side)) " " (unit(y - 3.2)) "L" (unit(tip)) " " (unit(y)) "L" (unit(tip - 4.5 * side)) " " (unit(y + 3.2)) "z" } {}
                }
                _ => {}
            }
            @for point in &way.track.points {
                circle .point.(class).mark[self.marked.contains(&point.number)] cx=(unit(self.x(point.packet))) cy=(unit(self.place(point.number))) r=(if self.marked.contains(&point.number) { "3.4" } else { "1.7" }) {
                    title { "packet " (point.number) ", " (point.packet.interface) ": " (way.label) }
                }
            }
        }
    }

    /// To which side the packet goes at the end: 1 to the right, -1 to the left.
    fn heading(&self, way: &Way) -> f64 {
        let last = way.track.last().packet;
        let xs: Vec<f64> = way
            .track
            .points
            .iter()
            .map(|point| self.x(point.packet))
            .collect();
        let before = xs.iter().rev().find(|&&x| x != self.x(last));
        match before {
            Some(before) => (self.x(last) - before).signum(),
            // Out of a kernel to the inside, or into it.
            None => {
                let left = self.lane(last) < self.lanes.lanes.len().div_ceil(2);
                let out = last.direction == Some(Direction::Out);
                if left == out { 1.0 } else { -1.0 }
            }
        }
    }

    fn lines(&self, number: usize, way: &Way, waits: &[Wait]) -> Lines {
        let mut lines = Lines::default();
        let points = &way.track.points;
        let first = way.track.first();
        let (x, y) = (self.x(first.packet), self.place(first.number));
        let starts = margin(self.lane(first.packet), &self.lanes);
        let outside = match (starts, first.packet.direction) {
            (Some(0), Some(Direction::Out)) => x - OUTSIDE,
            (Some(_), Some(Direction::Out)) => x + OUTSIDE,
            _ => x,
        };
        lines.way = format!("M{} {}H{}", unit(outside), unit(y), unit(x));
        for (at, point) in points.iter().enumerate() {
            let (x, y) = (self.x(point.packet), self.place(point.number));
            if at > 0 {
                lines.way += &format!("L{} {}", unit(x), unit(y));
            }
            let mut mine = waits
                .iter()
                .filter(|wait| wait.way == number && wait.point == at);
            if let Some(wait) = mine.next() {
                lines.way += &format!("L{} {}", unit(wait.x), unit(y));
                if at + 1 < points.len() {
                    lines.way += &format!("M{} {}", unit(wait.x), unit(wait.to - 3.0));
                }
            }
        }
        let last = way.track.last();
        let (x, side) = (self.x(last.packet), self.heading(way));
        match way.end {
            End::Arrived if margin(self.lane(last.packet), &self.lanes).is_some() => {
                lines.way += &format!("H{}", unit(x + (OUTSIDE - 3.0) * side));
            }
            End::Lost => lines.way += &format!("H{}", unit(x + 9.0 * side)),
            _ => (),
        }
        let outer = points
            .iter()
            .filter(|point| point.packet.link == LinkType::Ethernet);
        if way.track.kind == Kind::Inner && outer.clone().count() > 1 {
            for (at, point) in outer.enumerate() {
                let letter = if at == 0 { 'M' } else { 'L' };
                lines.carrier += &format!(
                    "{letter}{} {}",
                    unit(self.x(point.packet)),
                    unit(self.place(point.number))
                );
            }
        }
        lines
    }

    /// What is written beside the line.
    fn texts(&self, number: usize, way: &Way, waits: &[Wait]) -> Markup {
        let points = &way.track.points;
        let ends = if points.len() > 1 && way.end == End::Arrived {
            vec![points[0], points[points.len() - 1]]
        } else {
            vec![points[0]]
        };
        html! {
            @for (at, point) in ends.iter().enumerate() {
                @let (x, y) = (self.x(point.packet), self.place(point.number));
                @match margin(self.lane(point.packet), &self.lanes) {
                    Some(0) => text .small.end.bold[way.marked] x=(unit(x - OUTSIDE - 2.0)) y=(unit(y + 3.5)) { (way.label) },
                    Some(_) => text .small.bold[way.marked] x=(unit(x + OUTSIDE + 2.0)) y=(unit(y + 3.5)) { (way.label) },
                    None if at > 0 || way.track.kind == Kind::Fragment => {}
                    None if self.heading(way) < 0.0 => text .small.bold[way.marked] x=(unit(x + 4.0)) y=(unit(y + 11.0)) { (way.label) },
                    None => text .small.end.bold[way.marked] x=(unit(x - 4.0)) y=(unit(y + 11.0)) { (way.label) },
                }
            }
            @for wait in waits.iter().filter(|wait| wait.way == number && !wait.open) {
                @let (from, to) = (&points[wait.point], &points[wait.point + 1]);
                @let (x, next) = (self.x(from.packet), self.x(to.packet));
                @if let Some(time) = self.beside(way, wait) {
                    @if next > x { text .waits.end x=(unit(next - 3.0)) y=(unit(wait.to - 5.0)) { (time) } }
                    @else { text .waits x=(unit(next + 3.0)) y=(unit(wait.to - 5.0)) { (time) } }
                }
            }
        }
    }
}

pub(super) fn cross(x: f64, y: f64) -> Markup {
    html! { path .cross d={ "M" (unit(x - 4.0)) " " (unit(y - 4.0)) "l8 8m0 -8l-8 8" } {} }
}

/// A line of teeth, of this width.
fn zigzag(width: f64) -> String {
    let teeth = (width.abs() / 8.0).floor().max(1.0);
    let step = width / teeth / 2.0;
    let tooth = |_| format!("l{} -3l{} 3", unit(step), unit(step));
    (0..teeth as usize).map(tooth).collect()
}

/// A number as SVG has it: a tenth of a unit cannot be seen.
pub(super) fn unit(number: f64) -> String {
    let number = format!("{number:.1}");
    number
        .strip_suffix(".0")
        .map_or(number.clone(), str::to_owned)
}
