//! What `--pmtu` does to the outer packet.

use support::{Lab, PING, apply, test_in_lab};

use super::{V4, ends};

/// For one that fits the cable, and for one that does not: whether DF is set, and the lengths
/// of the outer packets.
#[apply(test_in_lab)]
#[needs(PING)]
fn df_of_the_outer_packet() {
    for (mode, fits, too_long) in [
        ("want", (true, vec![1500]), (false, vec![1500, 48])),
        ("dont", (false, vec![1500]), (false, vec![1500, 48])),
        ("do", (true, vec![1500]), (true, vec![])),
        ("probe", (true, vec![1500]), (true, vec![])),
        ("own", (true, vec![1500]), (true, vec![])),
    ] {
        for (length, (df, lengths)) in [(1472, fits), (1500, too_long)] {
            let lab = Lab::up();
            let options = format!("--mtu 1500 --pmtu {mode}");
            let [_left, _right] = ends(&lab, V4, &options, "");
            let ping = format!("ping -c 1 -W 0.5 -s {} 192.168.0.2", length - 28);
            lab.run("left", &ping);
            lab.settle();
            let file = lab.folder().join("left-eth0.pcap");
            let packets = match file.exists() {
                true => ip_over_udp::capture::read(&file).unwrap(),
                false => Vec::new(),
            };
            let from_left = packets.iter().map(|packet| &packet.data[14..]);
            let from_left: Vec<_> = from_left
                .filter(|ip| ip[12..16] == [198, 51, 100, 2])
                .map(|ip| {
                    (
                        ip[6] & 0x40 != 0,
                        usize::from(ip[2]) << 8 | usize::from(ip[3]),
                    )
                })
                .collect();
            let expected: Vec<_> = lengths.iter().map(|&length| (df, length)).collect();
            assert_eq!(from_left, expected, "{mode}, {length} bytes inside");
        }
    }
}
