//! A packet taken apart: what it says, packet by packet, and its bytes, layer by
//! layer.

use std::fmt::{self, Write};
use std::net::IpAddr;
use std::ops::Range;

use super::message::Message;
use super::names::{FieldName, LayerKind};
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
    /// The protocol that speaks in `info`. `None` if that is none of ours, or
    /// nothing that can be read.
    pub protocol: Option<LayerKind>,
    /// The message, if the protocol is ICMP.
    pub message: Option<Message>,
    /// What the protocol says: the ports of UDP, for example.
    pub info: String,
    /// A header is cut off, or says what cannot be.
    pub malformed: bool,
    /// Where it ends, if not where its header says.
    pub ending: Option<Ending>,
    /// Its length in bytes.
    pub length: usize,
}

/// A piece of a packet that was too long for some link on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where it belongs, in bytes from the beginning of what IP carries.
    pub offset: usize,
    /// Its length in bytes, without headers.
    pub length: usize,
    /// Others belong behind it.
    pub more: bool,
}

/// Where a packet ends, if not where its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// There are so many bytes more.
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
    /// Which bytes of the packet it is.
    pub bytes: Range<usize>,
    /// Its fields, in their order. Those smaller than a byte share one.
    pub fields: Vec<Field>,
}

/// One field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: FieldName,
    /// Which bytes of the packet it is in.
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
    /// What it says, without its addresses and its length. `known` is a protocol
    /// whose name stands beside this already: it is left out at the beginning.
    pub fn info(&self, known: Option<LayerKind>) -> String {
        let mut info = String::new();
        // Writing to a String cannot fail.
        let _ = match self.protocol {
            Some(protocol) if Some(protocol) == known && !self.has_preface() => {
                info.write_str(&self.info)
            }
            _ => self.write_info(&mut info),
        };
        let _ = self.write_ending(&mut info);
        info
    }

    /// Whether something is said before the protocol's name.
    pub fn has_preface(&self) -> bool {
        self.wrong_header || self.fragment.is_some()
    }

    /// Writes what comes before the protocol's name.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_preface(&self, f: &mut impl Write) -> fmt::Result {
        if self.wrong_header {
            f.write_str("with a wrong header checksum, ")?;
        }
        match self.fragment {
            Some(fragment) => write!(f, "{fragment}, of "),
            None => Ok(()),
        }
    }

    fn write_info(&self, f: &mut impl Write) -> fmt::Result {
        self.write_preface(f)?;
        if let Some(protocol) = self.protocol {
            let space = if self.info.is_empty() { "" } else { " " };
            write!(f, "{protocol}{space}")?;
        }
        f.write_str(&self.info)
    }

    fn write_ending(&self, f: &mut impl Write) -> fmt::Result {
        match self.ending {
            Some(Ending::Behind(bytes)) => write!(f, ", and {bytes} bytes behind it"),
            Some(Ending::CutOff { there, claimed }) => {
                write!(f, ", cut off: {there} bytes of {claimed}")
            }
            None => Ok(()),
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
        match self.length {
            0 => write!(f, "fragment, no bytes at {}", self.offset)?,
            length => {
                let last = self.offset + length - 1;
                write!(f, "fragment, bytes {} to {last}", self.offset)?;
            }
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
    packet.write_info(f)?;
    if !inside.is_empty() {
        f.write_str(" [")?;
        write_line(inside, f)?;
        f.write_str("]")?;
    }
    packet.write_ending(f)?;
    write!(f, " ({} bytes)", packet.length)
}
