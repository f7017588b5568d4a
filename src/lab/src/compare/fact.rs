//! What is compared of a packet: facts, layer by layer.

use std::fmt;

use super::chosen::Chosen;
use ip_over_udp::packet::{FieldName, LayerKind, Value};

/// A packet, ready to be compared.
pub struct Normal {
    /// What must be the same.
    pub layers: Vec<Part>,
    /// What may be another value, and must be that value throughout.
    pub chosen: Vec<Chosen>,
    /// How many bytes were captured.
    pub size: usize,
}

/// What must be the same of one header, or of the data behind it.
#[derive(Hash, PartialEq, Eq)]
pub struct Part {
    /// Which layer it is; `None` for what the capture says of the packet.
    pub layer: Option<LayerKind>,
    /// The same, with where it is: "inner IPv4", "TCP data".
    pub title: String,
    pub facts: Vec<Fact>,
}

/// One thing that must be the same.
#[derive(Hash, PartialEq, Eq)]
pub struct Fact {
    pub about: About,
    pub kind: Kind,
    pub value: Content,
}

/// What a fact is about.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum About {
    LengthOnTheWire,
    LinkType,
    Direction,
    Field(FieldName),
    /// The bytes of a header.
    Header,
    /// Bytes that no header claims.
    Data,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            About::LengthOnTheWire => "length on the wire",
            About::LinkType => "link type",
            About::Direction => "direction",
            About::Field(name) => name.as_str(),
            About::Header => "header",
            About::Data => "", // its layer says it
        })
    }
}

/// What a fact tells. A wrong checksum mostly follows from something else, and
/// so does a length.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum Kind {
    /// What comes next, on which all the rest depends.
    Protocol,
    Field,
    Length,
    Data,
    /// Of a header, all that is in no field.
    Bits,
    Checksum,
}

impl Part {
    pub fn fact(&self, about: About) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.about == about)
    }
}

#[derive(Hash, PartialEq, Eq)]
pub enum Content {
    Value(Value),
    /// What is compared instead of a value.
    Text(String),
    /// With zeros in the place of what is not compared here.
    Bytes(Vec<u8>),
}
