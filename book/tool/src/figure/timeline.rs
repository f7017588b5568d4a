//! Packets on a time axis that runs downwards: a lane for each interface, and a
//! line for each packet through all places where it was captured.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::bail;
use ip_over_udp::capture::Packet;
use lab::journey::microseconds;
use maud::html;

use super::arguments::{self, Arguments};
use super::caption::Caption;
use super::capture::Capture;
use super::range::{self, Range};
use axis::{Axis, Event};
use lanes::Lanes;
use way::{End, Way};

mod axis;
mod drawing;
mod lanes;
mod naming;
mod wait;
mod way;
mod words;

const USAGE: &str =
    r#"{{#timeline FILE FIRST..LAST "text" mark=NUMBER scale=MILLISECONDS caption="…"}}"#;

/// Interfaces that are shown even if no packet of the range was there.
const ALWAYS: [&str; 6] = [
    "left-tun0",
    "left-eth0",
    "internet-left",
    "internet-right",
    "right-eth0",
    "right-tun0",
];

/// Longer drawings fit no page.
const HIGHEST: f64 = 3000.0;

struct Timeline<'a> {
    lanes: Lanes,
    ways: Vec<Way<'a>>,
    axis: Axis,
    /// Units for a microsecond.
    scale: f64,
    /// The first packet, and its number.
    start: &'a Packet,
    first: usize,
    /// Microseconds from the first packet to each.
    times: Vec<u128>,
    /// And to where the axis ends.
    end: u128,
    marked: Vec<usize>,
}

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut arguments = Arguments::parse(USAGE, arguments)?;
    let capture = Capture::open(tree, &arguments.word("the capture")?)?;
    let range = range::word(&mut arguments)?;
    let text = arguments.needed_text("the text that one of the packets must contain")?;
    let (mark, scale) = (arguments.option("mark"), arguments.option("scale"));
    let caption = Caption::of(&mut arguments);
    arguments.end()?;

    let name = &capture.name;
    let range = Range::find(&capture, &range, Some(&text), mark.as_deref())?;
    if range
        .packets
        .iter()
        .any(|packet| packet.interface.is_empty())
    {
        bail!(
            "{name} does not say at which interface a packet was: a timeline is drawn from a capture of several, as captures/ch06/all.pcapng"
        );
    }
    let scale = scale
        .map(|scale| arguments::number(&scale, "the scale, milliseconds for 100 units,"))
        .transpose()?;
    let timeline = Timeline::new(&capture, &range, scale)?;
    let what = range::title(range.first, range.last);
    let figure = html! {
        figure .timeline {
            (caption.above(html! {
                strong { (what) } " of " code { (name) }
                ", each as a line from interface to interface. Time runs downwards."
            }))
            (timeline.drawing(&format!("{what} of {name}, from interface to interface; time runs downwards")))
            (timeline.legend())
        }
    };
    Ok(figure.into_string())
}

impl<'a> Timeline<'a> {
    fn new(
        capture: &'a Capture,
        range: &Range<'a>,
        scale: Option<usize>,
    ) -> anyhow::Result<Timeline<'a>> {
        let shown = |name: &str| range.packets.iter().any(|packet| packet.interface == name);
        let interfaces = capture
            .packets
            .iter()
            .map(|packet| packet.interface.as_str());
        let interfaces: BTreeSet<&str> = interfaces
            .filter(|name| ALWAYS.contains(name) || shown(name))
            .collect();
        let has_tun = |host: &str| {
            let tun = format!("{host}-tun");
            interfaces.iter().any(|name| name.starts_with(&tun))
        };
        let after = &capture.packets[range.last..];
        let ways = way::ways(range.numbered(), has_tun, after, &range.marked);
        let mut lanes = Lanes::new(&interfaces);

        let start = range.packets[0];
        let times: Vec<u128> = (range.packets.iter())
            .map(|packet| microseconds(start, packet))
            .collect();
        let last = times.iter().copied().max().unwrap_or(0);
        // While a packet waits, it matters how long nothing else happens.
        let open = ways.iter().any(|way| way.end != End::Arrived);
        let next = after.first().filter(|_| open);
        let end = next.map_or(last, |packet| microseconds(start, packet).max(last));

        let mut events: Vec<Event> = times.iter().copied().map(Event::at).collect();
        let index = |number: usize| number - range.first;
        for way in &ways {
            let (first, last) = (way.track.first(), way.track.last());
            for event in &mut events[index(first.number)..index(last.number)] {
                event.moving = true;
            }
            let (from, to) = (
                lanes.of(&first.packet.interface),
                lanes.of(&last.packet.interface),
            );
            let column = drawing::margin(from, &lanes).unwrap_or(drawing::MARGINS + from);
            events[index(first.number)].columns.push(column);
            events[index(last.number)]
                .columns
                .extend(drawing::margin(to, &lanes));
        }
        let units = match scale {
            Some(milliseconds) => 0.1 / milliseconds as f64,
            None => axis::scale(&events, end),
        };
        let mut waits = BTreeSet::new();
        for way in &ways {
            for (_, from, to) in way.waits(units) {
                let lane = lanes.of(&from.packet.interface);
                waits.insert(lane);
                events[index(to.number)]
                    .columns
                    .push(drawing::MARGINS + lane);
            }
            if way.end.is_open() {
                waits.insert(lanes.of(&way.track.last().packet.interface));
            }
        }
        let longest = ways.iter().map(|way| way.label.chars().count()).max();
        lanes.spread(longest.unwrap_or(0), &waits);
        let axis = Axis::new(&events, end, units, scale.is_none(), drawing::TOP);
        let (height, first, last) = (axis.end, range.first, range.last);
        if height > HIGHEST {
            bail!(
                "packets {first} to {last} need {height:.0} units of height, and {HIGHEST} are the most: \
                 show fewer, or give more milliseconds as the scale"
            );
        }
        Ok(Timeline {
            lanes,
            ways,
            axis,
            scale: units,
            start,
            first,
            times,
            end,
            marked: range.marked.clone(),
        })
    }

    /// Where on the axis a packet is.
    fn place(&self, number: usize) -> f64 {
        self.axis.places[number - self.first]
    }
}
