//! Which conversation a packet belongs to, and what it says there.

use std::collections::HashMap;

use ip_over_udp::packet::LayerKind;

use super::flow::Group;
use super::json::Object;
use super::strings::Strings;
use crate::conversation::message::{End, Message};
use crate::conversation::{Conversation, ends};
use crate::track::Track;

/// The conversations of a capture, in columns.
pub struct Talks {
    /// For each group, its conversation; `None` if it is in none.
    talk: Vec<Option<usize>>,
    /// What it says: numbers of texts, and how its arrow looks.
    strong: Vec<usize>,
    words: Vec<usize>,
    sizes: Vec<usize>,
    phase: Vec<usize>,
    arrow: Vec<usize>,
    /// The groups of each conversation.
    members: Vec<Vec<usize>>,
    /// Its two ends, each a host and an address.
    ends: Vec<[String; 4]>,
}

/// What the messages of one conversation share, whoever sends them.
type Key = (LayerKind, End, End, Option<u32>);

impl Talks {
    pub fn of(groups: &[Group], strings: &mut Strings) -> Talks {
        let mut found: Vec<Vec<(usize, &Track, Message)>> = Vec::new();
        let mut numbers: HashMap<Key, usize> = HashMap::new();
        for (group, track) in groups.iter().map(|group| &group.track).enumerate() {
            let Some(message) = Message::of(track) else {
                continue;
            };
            let (from, to) = message.ends;
            let key = (
                message.protocol,
                from.min(to),
                from.max(to),
                message.identifier,
            );
            let number = *numbers.entry(key).or_insert_with(|| {
                found.push(Vec::new());
                found.len() - 1
            });
            found[number].push((group, track, message));
        }
        let nothing = || vec![0; groups.len()];
        let mut talks = Talks {
            talk: vec![None; groups.len()],
            strong: nothing(),
            words: nothing(),
            sizes: nothing(),
            phase: nothing(),
            arrow: nothing(),
            members: Vec::new(),
            ends: Vec::new(),
        };
        for (number, found) in found.into_iter().enumerate() {
            let Some(ends) = ends(found.iter().map(|(_, _, message)| message)) else {
                continue;
            };
            let members: Vec<usize> = found.iter().map(|(group, ..)| *group).collect();
            let found = found.into_iter();
            let conversation = Conversation::of(
                found.map(|(_, track, message)| (track, message)).collect(),
                ends,
                &[],
            );
            talks.members.push(members.clone());
            let mut members = members.into_iter();
            for phase in conversation.phases() {
                let title = strings.number(Conversation::phase_title(phase));
                for (said, group) in phase.iter().zip(members.by_ref()) {
                    talks.talk[group] = Some(number);
                    talks.strong[group] = strings.number(said.message.strong());
                    talks.words[group] = strings.number(said.message.words());
                    talks.sizes[group] = strings.number(said.sizes());
                    talks.phase[group] = title;
                    talks.arrow[group] = match (said.from_client, said.message.is_full()) {
                        (true, true) => 11,
                        (true, false) => 10,
                        (false, true) => 1,
                        (false, false) => 0,
                    };
                }
            }
            let [client, server] = conversation.hosts;
            let (one, two) = (
                conversation.client.to_string(),
                conversation.server.to_string(),
            );
            talks.ends.push([client, one, server, two]);
        }
        talks
    }

    /// Adds the columns to an object.
    pub fn add(&self, object: &mut Object) {
        object.member("talk", &self.talk);
        for (name, column) in [
            ("strong", &self.strong),
            ("says", &self.words),
            ("sizes", &self.sizes),
            ("phase", &self.phase),
            ("arrow", &self.arrow),
        ] {
            object.member(name, column);
        }
        object.member("talks", &self.members);
        let ends: Vec<&[String]> = self.ends.iter().map(|ends| ends.as_slice()).collect();
        object.member("ends", &ends);
    }
}
