//! The dissection under construction: each layer's file adds its header and its
//! words to it.

use std::fmt::{Arguments, Display, Write};
use std::ops::Range;

use super::dissection::{Dissection, Field, Layer, Summary};
use super::names::{FieldName, LayerKind};
use super::value::{Value, Verdict};

/// How many packets below the outermost one are taken apart, to bound the
/// recursion.
const MAX_DEPTH: usize = 8;

/// A dissection in the making.
pub(super) struct Dissector {
    done: Dissection,
    /// Which of the packets is being taken apart. One has at most one inside it.
    depth: usize,
    /// Only the beginning of a packet can be expected here: in an ICMP error,
    /// or in a first fragment. A missing end is normal then and is not reported, and
    /// checksums over the whole cannot be verified.
    pub(super) partial: bool,
}

/// What is behind the header of a transport.
pub(super) struct Payload<'a> {
    pub(super) content: Content,
    pub(super) bytes: &'a [u8],
    /// Where in the captured packet it begins.
    pub(super) at: usize,
}

/// What the bytes behind the header of a transport are.
pub(super) enum Content {
    Data,
    /// A packet in a tunnel.
    Packet,
    /// The beginning of a packet, in an error that it caused.
    Quotation,
}

/// A field; `bytes` counts from the beginning of its header.
pub(super) fn field(name: FieldName, bytes: Range<usize>, value: impl Into<Value>) -> Field {
    let value = value.into();
    Field { name, bytes, value }
}

/// A checksum field with its verdict.
pub(super) fn checksum_field(bytes: Range<usize>, checksum: u16, verdict: Verdict) -> Field {
    field(
        FieldName::Checksum,
        bytes,
        Value::Checksum(checksum, verdict),
    )
}

impl Dissector {
    /// For a packet of this length.
    pub(super) fn new(length: usize) -> Dissector {
        let mut dissector = Dissector {
            done: Dissection::default(),
            depth: 0,
            partial: false,
        };
        dissector.begin(length);
        dissector
    }

    pub(super) fn finish(self) -> Dissection {
        self.done
    }

    fn begin(&mut self, length: usize) {
        self.done.packets.push(Summary {
            length,
            ..Summary::default()
        });
    }

    /// What is said of the packet that is being taken apart.
    pub(super) fn summary(&mut self) -> &mut Summary {
        &mut self.done.packets[self.depth]
    }

    /// Adds to what is said of this packet.
    pub(super) fn push(&mut self, words: Arguments) {
        // Writing to a String cannot fail.
        let _ = self.summary().info.write_fmt(words);
    }

    /// Adds what is wrong with this packet.
    pub(super) fn malformed(&mut self, words: Arguments) {
        self.push(words);
        self.summary().malformed = true;
    }

    /// A header of `length` bytes, which begins at byte `at`.
    pub(super) fn layer(
        &mut self,
        kind: LayerKind,
        at: usize,
        length: usize,
        mut fields: Vec<Field>,
    ) {
        for Field { bytes, .. } in &mut fields {
            *bytes = at + bytes.start..at + bytes.end;
        }
        let bytes = at..at + length;
        self.done.layers.push(Layer {
            kind,
            bytes,
            fields,
        });
    }

    /// The bytes that no header claims, if there are any.
    pub(super) fn data(&mut self, kind: LayerKind, bytes: &[u8], at: usize) {
        if !bytes.is_empty() {
            self.layer(kind, at, bytes.len(), Vec::new());
        }
    }

    /// Bytes of a kind that this library does not take apart.
    pub(super) fn unknown(&mut self, what: impl Display, bytes: &[u8], at: usize) {
        self.push(format_args!("{what}, {} bytes of data", bytes.len()));
        self.data(LayerKind::Data, bytes, at);
    }

    /// A header that ends before it is complete.
    pub(super) fn cut(&mut self, what: impl Display, bytes: &[u8], at: usize) {
        self.push(format_args!("{what}, cut off in its header"));
        self.summary().malformed |= !self.partial;
        self.data(LayerKind::CutOff, bytes, at);
    }

    /// Begins a packet of this length inside the present one. If packets are nested
    /// too deep already, it adds `[...]` to the line and returns false.
    pub(super) fn enter(&mut self, length: usize) -> bool {
        if self.depth == MAX_DEPTH {
            self.push(format_args!(" [...]"));
            return false;
        }
        self.depth += 1;
        self.begin(length);
        true
    }

    /// Goes back to the packet around the present one.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }
}
