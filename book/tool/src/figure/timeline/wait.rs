//! Packets that wait in the same place, side by side.

use super::Timeline;
use super::way::End;

/// A packet that waits, as a line beside its lane.
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
    slot: usize,
}

/// Between two packets that wait in the same place.
const SLOT: f64 = 5.0;
/// Room for those that wait.
const SLOTS: f64 = 22.0;

impl Timeline<'_> {
    /// All that wait, each in a slot where no other waits at the same time.
    pub fn waiting(&self) -> Vec<Wait> {
        let mut waits: Vec<Wait> = Vec::new();
        let mut add = |way, point, interface: &str, from, to, open| {
            let lane = self.lanes.of(interface);
            let together = |wait: &&Wait| wait.lane == lane && wait.from < to && from < wait.to;
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
                slot,
            });
        };
        for (number, way) in self.ways.iter().enumerate() {
            for (at, from, to) in way.waits(self.scale) {
                let (y, end) = (self.place(from.number), self.place(to.number));
                add(number, at, &from.packet.interface, y, end, false);
            }
            if matches!(way.end, End::GoesOn | End::Waits) {
                let last = way.track.last();
                let at = way.track.points.len() - 1;
                let y = self.place(last.number);
                add(number, at, &last.packet.interface, y, self.axis.end, true);
            }
        }
        let slots = |lane| {
            let here = waits.iter().filter(move |wait| wait.lane == lane);
            here.map(|wait| wait.slot + 1).max().unwrap_or(1)
        };
        let xs: Vec<f64> = waits
            .iter()
            .map(|wait| {
                let step = (SLOTS / slots(wait.lane) as f64).min(SLOT);
                let away = 2.5 + step * wait.slot as f64;
                self.lanes.lanes[wait.lane].x + away * self.lanes.to_program(wait.lane)
            })
            .collect();
        for (wait, x) in waits.iter_mut().zip(xs) {
            wait.x = x;
        }
        waits
    }
}
