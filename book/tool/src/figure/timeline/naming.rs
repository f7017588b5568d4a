//! Names for the packets of a timeline. Pings of two programs, or to two hosts,
//! have their own numbers each, so their names say which of them it is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ip_over_udp::packet::{FieldName, Layer, Message, Value};

use figures::track::{Kind, Track};

/// Requests that one program sends to one host, and the replies to them.
#[derive(PartialEq, Eq)]
struct Flow {
    from: IpAddr,
    to: IpAddr,
    identifier: u32,
}

/// A request, or a reply to it.
struct Echo {
    flow: Flow,
    is_request: bool,
    number: u32,
}

/// The name of each packet: `ping 1`, and `ping to .3` for one of another flow.
pub fn names(tracks: &[Track]) -> Vec<String> {
    let echoes: Vec<Option<Echo>> = tracks.iter().map(Echo::of).collect();
    let mut flows: Vec<&Flow> = Vec::new();
    for echo in echoes.iter().flatten() {
        if !flows.contains(&&echo.flow) {
            flows.push(&echo.flow);
        }
    }
    let of = |flow: &Flow| {
        let all = echoes.iter().flatten();
        all.filter(|echo| echo.flow == *flow).count()
    };
    // The largest has the plain names; of two that are as large, the first.
    flows.sort_by_key(|flow| std::cmp::Reverse(of(flow)));
    let names = tracks.iter().zip(&echoes);
    names
        .map(|(track, echo)| match echo {
            Some(echo) => echo.name(&flows, &echoes),
            None => track.label(),
        })
        .collect()
}

impl Echo {
    fn of(track: &Track) -> Option<Echo> {
        if track.kind == Kind::Fragment {
            return None;
        }
        let dissection = track.dissection();
        let packet = &dissection.packets[0];
        let is_request = match packet.message? {
            Message::EchoRequest => true,
            Message::EchoReply => false,
            _ => return None,
        };
        let (source, destination) = packet.addresses?;
        let (from, to) = match is_request {
            true => (source, destination),
            false => (destination, source),
        };
        let field = |name| {
            let value = dissection.layers.iter().find_map(|l: &Layer| l.value(name));
            value.and_then(Value::number)
        };
        Some(Echo {
            flow: Flow {
                from,
                to,
                identifier: field(FieldName::Identifier)?,
            },
            is_request,
            number: field(FieldName::SequenceNumber)?,
        })
    }

    fn name(&self, flows: &[&Flow], all: &[Option<Echo>]) -> String {
        let (noun, preposition) = match self.is_request {
            true => ("ping", "to"),
            false => ("reply", "from"),
        };
        let number = self.number;
        let place = flows.iter().position(|flow| **flow == self.flow);
        let place = place.unwrap_or(0);
        if place == 0 {
            return format!("{noun} {number}");
        }
        let host = tail(self.flow.to);
        if flows[..place].iter().any(|flow| tail(flow.to) == host) {
            let letter = char::from(b'a' + u8::try_from(place).unwrap_or(25).min(25));
            return format!("{noun} {number}{letter}");
        }
        let same = all.iter().flatten().filter(|echo| echo.flow == self.flow);
        let numbers: BTreeSet<u32> = same.map(|echo| echo.number).collect();
        match numbers.len() {
            1 => format!("{noun} {preposition} {host}"),
            _ => format!("{noun} {number} {preposition} {host}"),
        }
    }
}

/// The last part of an address: `.3`.
fn tail(address: IpAddr) -> String {
    let address = address.to_string();
    let at = address.rfind(['.', ':']).unwrap_or(0);
    address[at..].to_owned()
}
