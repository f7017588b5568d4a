//! Which conversation a packet belongs to, and what it says there.

use std::collections::HashMap;
use std::net::IpAddr;

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
    says: Vec<usize>,
    sizes: Vec<usize>,
    phase: Vec<usize>,
    arrow: Vec<usize>,
    /// The groups of each conversation.
    members: Vec<Vec<usize>>,
    /// Its two ends, each a host and an address, and a display filter of Wireshark.
    ends: Vec<[String; 5]>,
}

/// What the messages of one conversation share, whoever sends them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    protocol: LayerKind,
    /// The smaller of the two first.
    ends: (End, End),
    identifier: Option<u32>,
}

/// A group, its packet, and what that says.
type Heard<'a> = (usize, &'a Track<'a>, Message);

impl Talks {
    /// The conversations of these groups.
    pub fn of(groups: &[Group], strings: &mut Strings) -> Talks {
        let nothing = || vec![0; groups.len()];
        let mut talks = Talks {
            talk: vec![None; groups.len()],
            strong: nothing(),
            says: nothing(),
            sizes: nothing(),
            phase: nothing(),
            arrow: nothing(),
            members: Vec::new(),
            ends: Vec::new(),
        };
        for (key, heard) in hear(groups) {
            talks.add_one(key, heard, strings);
        }
        talks
    }

    fn add_one(&mut self, key: Key, heard: Vec<Heard>, strings: &mut Strings) {
        let Some(ends) = ends(heard.iter().map(|(.., message)| message)) else {
            return;
        };
        let groups: Vec<usize> = heard.iter().map(|(group, ..)| *group).collect();
        let heard = heard.into_iter();
        let heard = heard.map(|(_, track, message)| (track, message)).collect();
        let conversation = Conversation::of(heard, ends, &[]);
        let mut of_said = groups.iter().copied();
        for phase in conversation.phases() {
            let title = strings.number(Conversation::phase_title(phase));
            for (said, group) in phase.iter().zip(of_said.by_ref()) {
                self.talk[group] = Some(self.members.len());
                self.strong[group] = strings.number(said.message.strong());
                self.says[group] = strings.number(said.message.words());
                self.sizes[group] = strings.number(said.sizes());
                self.phase[group] = title;
                let (from_client, full) = (said.from_client, said.message.is_full());
                self.arrow[group] = 10 * usize::from(from_client) + usize::from(full);
            }
        }
        self.members.push(groups);
        let [client, server] = conversation.hosts;
        let [one, two] = [conversation.client, conversation.server].map(|end| end.to_string());
        self.ends
            .push([client, one, server, two, key.display_filter()]);
    }

    /// Adds the columns to an object.
    pub fn add(&self, object: &mut Object) {
        object.member("talk", &self.talk);
        for (name, column) in [
            ("strong", &self.strong),
            ("says", &self.says),
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

/// The conversations, in the order of their first messages.
fn hear<'a>(groups: &'a [Group]) -> Vec<(Key, Vec<Heard<'a>>)> {
    let mut found: Vec<(Key, Vec<Heard>)> = Vec::new();
    let mut numbers: HashMap<Key, usize> = HashMap::new();
    for (group, track) in groups.iter().map(|group| &group.track).enumerate() {
        let Some(message) = Message::of(track) else {
            continue;
        };
        let (from, to) = message.ends;
        let key = Key {
            protocol: message.protocol,
            ends: (from.min(to), from.max(to)),
            identifier: message.identifier,
        };
        let number = *numbers.entry(key).or_insert_with(|| {
            found.push((key, Vec::new()));
            found.len() - 1
        });
        found[number].1.push((group, track, message));
    }
    found
}

impl Key {
    /// The filter of Wireshark that finds all of it, in whatever carries it.
    fn display_filter(&self) -> String {
        let end = |end: End| {
            let address = match end.address {
                IpAddr::V4(address) => format!("ip.addr == {address}"),
                IpAddr::V6(address) => format!("ipv6.addr == {address}"),
            };
            let port = match (self.protocol, end.port) {
                (LayerKind::Tcp, Some(port)) => format!(" && tcp.port == {port}"),
                (_, Some(port)) => format!(" && udp.port == {port}"),
                (_, None) => String::new(),
            };
            address + &port
        };
        let about = match (self.protocol, self.identifier) {
            (LayerKind::Icmp, Some(number)) => format!(" && icmp.ident == {number}"),
            (LayerKind::Icmpv6, Some(number)) => {
                format!(" && icmpv6.echo.identifier == {number}")
            }
            (LayerKind::Icmp, None) => " && icmp".to_owned(),
            (LayerKind::Icmpv6, None) => " && icmpv6".to_owned(),
            _ => String::new(),
        };
        format!("{} && {}{about}", end(self.ends.0), end(self.ends.1))
    }
}
