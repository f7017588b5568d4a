//! What tshark says of a capture.

use std::path::Path;
use std::process::Command;

use super::{FIELDS, OTHERS, Values, flags, plain};

/// tshark's values, packet by packet, and whether it calls the packet
/// malformed, or reads a field in it that we do not. Pieces are not put together: each packet for itself, as ours.
pub fn theirs(file: &Path, tunnel: bool) -> Vec<(Values, bool)> {
    // As the user of the tests: the tree may be one that others cannot read.
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-r"]).arg(file);
    if tunnel {
        tshark.args(["-d", "udp.port==9876,ip"]);
    }
    for option in [
        "ip.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
        "ip.defragment:FALSE",
        "ipv6.defragment:FALSE",
        "tcp.desegment_tcp_streams:FALSE",
        "ip.decode_tos_as_diffserv:TRUE",
    ] {
        tshark.args(["-o", option]);
    }
    tshark.args(["-T", "fields", "-E", "separator=;", "-E", "aggregator=|"]);
    let names: Vec<&str> = FIELDS.iter().map(|column| column.2).chain(OTHERS).collect();
    for name in &names {
        tshark.args(["-e", name]);
    }
    // A quotation can say how long it is (RFC 4884, section 4). We do not read
    // that; no kernel of ours has set it, but damage may.
    tshark.args(["-e", "_ws.malformed", "-e", "icmp.length"]);
    let output = tshark.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines()
        .map(|line| {
            let mut columns = line.split(';');
            let mut values = Values::new();
            for (name, column) in names.iter().zip(&mut columns) {
                if !column.is_empty() {
                    let name = FIELDS
                        .iter()
                        .map(|column| column.2)
                        .chain(OTHERS)
                        .find(|column| column == name);
                    let plain = if name == Some("tcp.flags") {
                        flags
                    } else {
                        plain
                    };
                    values.insert(name.unwrap(), column.split('|').map(plain).collect());
                }
            }
            (values, columns.any(|column| !["", "0"].contains(&column)))
        })
        .collect()
}
