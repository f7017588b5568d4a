//! Packets of a capture, and whether they are the ones that the text means.

use std::path::{Component, Path};

use anyhow::{Context, bail};
use ip_over_udp::capture::{self, Packet};

use figures::http::http;

/// A capture of the tree.
pub struct Capture {
    /// Its path in the tree, with slashes.
    pub name: String,
    /// In the order of the file; never none.
    pub packets: Vec<Packet>,
}

impl Capture {
    /// Reads it.
    ///
    /// # Errors
    /// The name leads out of the tree, the file cannot be read, or it has no packets.
    pub fn open(tree: &Path, name: &str) -> anyhow::Result<Capture> {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            bail!(
                "{name} is not a path from the root of the tree, such as captures/ch06/all.pcapng"
            );
        }
        let packets = capture::read(&tree.join(name)).map_err(|err| {
            // A page must not depend on where the tree is, so only the path in it is told.
            let message = err.to_string();
            let place = tree.join(name).display().to_string();
            anyhow::anyhow!("{}", message.replace(&place, name))
        })?;
        if packets.is_empty() {
            bail!("{name} has no packets");
        }
        Ok(Capture {
            name: name.to_owned(),
            packets,
        })
    }

    /// The packet of this number, from 1.
    pub(super) fn packet(&self, number: usize) -> anyhow::Result<&Packet> {
        let (name, count) = (&self.name, self.packets.len());
        let packet = self.packets.get(number.wrapping_sub(1));
        let packet = packet.with_context(|| {
            format!("{name} has no packet {number}: its last is packet {count}")
        })?;
        let (there, length) = (packet.data.len(), packet.length);
        if there as u64 != u64::from(length) {
            bail!("packet {number} of {name} is cut: {there} of its {length} bytes are there");
        }
        Ok(packet)
    }

    /// The packet of this number, of which `text` must be true.
    pub(super) fn packet_that_says(&self, number: usize, text: &str) -> anyhow::Result<&Packet> {
        let packet = self.packet(number)?;
        if !says(packet, text) {
            let name = &self.name;
            let others = numbers(self.packets.iter(), text);
            bail!(
                "packet {number} of {name} does not contain {text:?}; it is:\n    {}\n{others}",
                packet.info()
            );
        }
        Ok(packet)
    }
}

/// Whether a packet is what `text` says: its description contains it, or its
/// first line of HTTP.
pub(super) fn says(packet: &Packet, text: &str) -> bool {
    packet.info().contains(text) || http(packet).is_some_and(|line| line.contains(text))
}

/// Which of the packets are what the text says, in words.
pub(super) fn numbers<'a>(packets: impl Iterator<Item = &'a Packet>, text: &str) -> String {
    let that_say = packets.zip(1..).filter(|(packet, _)| says(packet, text));
    let numbers: Vec<String> = that_say.map(|(_, number)| number.to_string()).collect();
    match numbers.is_empty() {
        true => format!("no packet of the capture contains {text:?}"),
        false => format!("the packets that contain {text:?}: {}", numbers.join(", ")),
    }
}
