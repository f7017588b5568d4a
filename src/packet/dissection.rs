//! A packet taken apart: what it says, packet by packet, and its bytes, layer by
//! layer.

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use super::names::{FieldName, LayerKind, Message};
use super::value::Value;

/// A packet taken apart. Shown, it is the packet in one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dissection {
    /// The packet, and what is in it: each is carried, or quoted, by the one
    /// before. There is always a first.
    pub packets: Vec<Summary>,
    /// The headers from the outermost to the innermost, and what they carry.
    pub layers: Vec<Layer>,
}

/// What one packet says, without those inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Source and destination, if it is an IP packet.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// The checksum of its IPv4 header is wrong.
    pub wrong_header: bool,
    /// Which piece of a packet it is, if it is a piece.
    pub fragment: Option<Fragment>,
    /// The protocol that `info` describes. `None` if this library does not know it,
    /// or its header cannot be read.
    pub protocol: Option<LayerKind>,
    /// The message, if the protocol is ICMP.
    pub message: Option<Message>,
    /// What the protocol says: the ports of UDP, for example.
    pub info: String,
    /// A header is cut off, or has an impossible value.
    pub malformed: bool,
    /// How its length differs from the one in its header, if it does.
    pub ending: Option<Ending>,
    /// Its length in bytes, as captured.
    pub length: usize,
}

/// A piece of a packet that was too long for some link on its way (RFC 791,
/// section 3.2; RFC 8200, section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where it belongs, in bytes from the beginning of what IP carries.
    pub offset: usize,
    /// Bytes behind the IP header, as captured.
    pub length: usize,
    /// Others belong behind it.
    pub more: bool,
}

/// How a packet's length differs from the one in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// This many bytes follow the end that the header gives.
    Behind(usize),
    /// There are fewer than the header says.
    CutOff {
        /// Bytes that are there.
        there: usize,
        /// Bytes that the header claims.
        claimed: usize,
    },
}

/// One header of a packet, or the data behind the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is.
    pub kind: LayerKind,
    /// Its range of bytes in the packet.
    pub bytes: Range<usize>,
    /// Its fields, in their order. Fields that share a byte have the same range.
    pub fields: Vec<Field>,
}

/// One field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: FieldName,
    /// Its range of bytes in the packet.
    pub bytes: Range<usize>,
    /// What is in it.
    pub value: Value,
}

impl Layer {
    /// The field of this name.
    pub fn field(&self, name: FieldName) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What is in the field of this name.
    pub fn value(&self, name: FieldName) -> Option<&Value> {
        self.field(name).map(|field| &field.value)
    }

    /// The number in the field of this name.
    pub fn number(&self, name: FieldName) -> Option<u32> {
        self.value(name)?.number()
    }
}

impl Summary {
    /// What it says, without its addresses and its length. The caller passes as
    /// `known` the protocol whose name it prints itself, so that it is not said
    /// twice.
    pub fn info(&self, known: Option<LayerKind>) -> String {
        let mut info = self.preface();
        match self.protocol {
            Some(protocol) if Some(protocol) == known && info.is_empty() => (),
            Some(protocol) if self.info.is_empty() => info += protocol.as_str(),
            Some(protocol) => info += &format!("{protocol} "),
            None => (),
        }
        info + &self.info
    }

    /// What comes before the protocol's name, if anything does.
    pub fn preface(&self) -> String {
        let wrong = match self.wrong_header {
            true => "with a wrong header checksum, ",
            false => "",
        };
        let fragment = self.fragment.map(|fragment| format!("{fragment}, of "));
        wrong.to_owned() + &fragment.unwrap_or_default()
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Ending::Behind(bytes) => write!(f, ", and {bytes} bytes behind it"),
            Ending::CutOff { there, claimed } => {
                write!(f, ", cut off: {there} bytes of {claimed}")
            }
        }
    }
}

impl Fragment {
    /// The piece at this offset, or `None` if it is a whole packet.
    pub(super) fn of(offset: usize, length: usize, more: bool) -> Option<Fragment> {
        let fragment = Fragment {
            offset,
            length,
            more,
        };
        (offset > 0 || more).then_some(fragment)
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let first = self.offset;
        match self.length {
            0 => write!(f, "fragment, no bytes at {first}")?,
            length => write!(f, "fragment, bytes {first} to {}", first + length - 1)?,
        }
        f.write_str(if self.more { "" } else { ", the last" })
    }
}

impl fmt::Display for Dissection {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write_line(&self.packets, f)
    }
}

/// The first of these packets in one line, with the others in brackets.
fn write_line(packets: &[Summary], f: &mut fmt::Formatter) -> fmt::Result {
    let Some((packet, inside)) = packets.split_first() else {
        return Ok(());
    };
    if let Some((source, destination)) = packet.addresses {
        write!(f, "{source} > {destination} ")?;
    }
    f.write_str(&packet.info(None))?;
    if !inside.is_empty() {
        f.write_str(" [")?;
        write_line(inside, f)?;
        f.write_str("]")?;
    }
    if let Some(ending) = packet.ending {
        write!(f, "{ending}")?;
    }
    write!(f, " ({} bytes)", packet.length)
}
