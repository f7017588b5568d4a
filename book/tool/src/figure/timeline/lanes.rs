//! The interfaces side by side, in the order of the way from left to right, and
//! what is between them.

use std::collections::BTreeSet;

/// Where the lanes begin and end, in units; the times are to the left.
pub const LEFT: f64 = 36.0;
pub const RIGHT: f64 = 339.5;
/// The width of a letter of a label.
const LETTER: f64 = 5.6;

/// Units for a weight where packets wait elsewhere, and units at least for those.
const NARROW: f64 = 12.4;
const WIDE: f64 = 44.0;

/// A lane for each interface.
pub struct Lanes {
    pub lanes: Vec<Lane>,
    /// Where the labels are, at the left and at the right.
    pub margins: [(f64, f64); 2],
}

pub struct Lane {
    pub interface: String,
    pub x: f64,
}

/// What is between two lanes of a host, or beside the outermost.
pub struct Between {
    pub name: &'static str,
    pub from: f64,
    pub to: f64,
}

impl Lane {
    pub fn host(&self) -> &str {
        self.interface.split_once('-').map_or("", |(host, _)| host)
    }

    pub fn name(&self) -> &str {
        let interface = self.interface.as_str();
        interface
            .split_once('-')
            .map_or(interface, |(_, name)| name)
    }

    fn is_tun(&self) -> bool {
        self.name().starts_with("tun")
    }
}

/// Where an interface is on the way: `left` before `internet` before `right`, and
/// in a host its `lo` and its `tun0` at the outside.
fn rank(interface: &str) -> (usize, usize, String) {
    let (host, name) = interface.split_once('-').unwrap_or(("", interface));
    let host = ["left", "internet", "right"]
        .iter()
        .position(|known| *known == host)
        .unwrap_or(3);
    let depth = match name {
        "lo" => 0,
        "right" => 3,
        "left" => 2,
        _ if name.starts_with("tun") => 1,
        _ => 2,
    };
    (
        host,
        if host == 2 { 4 - depth } else { depth },
        name.to_owned(),
    )
}

impl Lanes {
    /// Lanes for these interfaces, in their order; [`spread`](Lanes::spread) places
    /// them.
    pub fn new(interfaces: &BTreeSet<&str>) -> Lanes {
        let mut interfaces: Vec<&str> = interfaces.iter().copied().collect();
        interfaces.sort_by_key(|interface| rank(interface));
        let lanes = interfaces
            .into_iter()
            .map(|interface| Lane {
                interface: interface.to_owned(),
                x: 0.0,
            })
            .collect();
        Lanes {
            lanes,
            margins: [(LEFT, LEFT), (RIGHT, RIGHT)],
        }
    }

    /// Places the lanes, with room at each side for labels of so many letters, and
    /// beside those lanes at which packets wait for a program.
    pub fn spread(&mut self, letters: usize, waits: &BTreeSet<usize>) {
        let labels = (letters as f64 * LETTER + 12.0).clamp(45.0, 80.0);
        let (first, last) = (LEFT + labels, RIGHT - labels);
        // `None` where packets wait.
        let weights: Vec<Option<f64>> = self
            .lanes
            .windows(2)
            .enumerate()
            .map(|(at, pair)| {
                let wait = waits.contains(&at) || waits.contains(&(at + 1));
                let wide = wait && has_program(&pair[0], &pair[1]);
                (!wide).then(|| weight(&pair[0], &pair[1]))
            })
            .collect();
        let all: f64 = weights.iter().flatten().sum();
        let wide = weights.iter().filter(|weight| weight.is_none()).count() as f64;
        // Those who wait get what the others can do without.
        let most = (last - first - all * NARROW) / wide.max(1.0);
        let room = most.max(WIDE);
        let unit = (last - first - room * wide).max(0.0) / all.max(1.0);
        let mut x = first;
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            lane.x = x;
            let weight = weights.get(at).copied();
            x += weight.map_or(0.0, |weight| weight.map_or(room, |weight| weight * unit));
        }
        let end = self.lanes.last().map_or(last, |lane| lane.x);
        self.margins = [(LEFT, first), (end, RIGHT)];
    }

    /// The number of an interface's lane. There is one for each that is shown.
    pub fn of(&self, interface: &str) -> usize {
        let mut lanes = self.lanes.iter();
        let lane = lanes.position(|lane| lane.interface == interface);
        lane.unwrap_or(0)
    }

    /// On which side of a lane the program is, 1 on the right and -1 on the left,
    /// and the lane behind it.
    pub fn to_program(&self, lane: usize) -> (f64, usize) {
        match self.lanes.get(lane..lane + 2) {
            Some([one, other]) if has_program(one, other) => (1.0, lane + 1),
            _ => (-1.0, lane.saturating_sub(1)),
        }
    }

    /// The hosts with the first and the last of their lanes.
    pub fn hosts(&self) -> Vec<&[Lane]> {
        self.lanes
            .chunk_by(|one, two| one.host() == two.host())
            .collect()
    }

    /// Programs and kernels.
    pub fn between(&self) -> Vec<Between> {
        let mut between = Vec::new();
        let outside = |lane: &Lane| {
            if lane.is_tun() || lane.name() == "lo" {
                "kernel"
            } else {
                "program"
            }
        };
        let [(left, first), (last, right)] = self.margins;
        if let [one, .., other] = self.lanes.as_slice() {
            if one.host() != "internet" {
                between.push(Between {
                    name: outside(one),
                    from: left,
                    to: first,
                });
            }
            if other.host() != "internet" {
                between.push(Between {
                    name: outside(other),
                    from: last,
                    to: right,
                });
            }
        }
        for pair in self.lanes.windows(2) {
            if has_program(&pair[0], &pair[1]) {
                between.push(Between {
                    name: "program",
                    from: pair[0].x,
                    to: pair[1].x,
                });
            }
        }
        between
    }
}

/// A program is between a TUN device and the real interface of the same host.
fn has_program(one: &Lane, other: &Lane) -> bool {
    one.host() == other.host()
        && one.is_tun() != other.is_tun()
        && one.name() != "lo"
        && other.name() != "lo"
}

/// How much room is between two lanes.
fn weight(one: &Lane, other: &Lane) -> f64 {
    match one.host() == other.host() {
        true if has_program(one, other) => 3.6,
        true => 2.5,
        false => 2.1,
    }
}
