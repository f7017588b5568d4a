//! Figures drawn from captures. Each function takes the root of the tree and
//! what stands after the directive's name, and returns HTML.

use std::path::Path;

/// `{{#packet captures/ch06/left-eth0.pcap 3 "ICMP echo request"}}`: the
/// anatomy of one packet.
pub fn packet(_tree: &Path, _arguments: &str) -> anyhow::Result<String> {
    anyhow::bail!("not drawn yet")
}

/// `{{#packets captures/ch06/left-eth0.pcap 1..8}}`: a list of packets.
pub fn packets(_tree: &Path, _arguments: &str) -> anyhow::Result<String> {
    anyhow::bail!("not drawn yet")
}

/// `{{#journey captures/ch06/all.pcapng 4 "HTTP GET"}}`: the way of one packet
/// through the interfaces.
pub fn journey(_tree: &Path, _arguments: &str) -> anyhow::Result<String> {
    anyhow::bail!("not drawn yet")
}
