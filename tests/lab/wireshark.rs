//! What Wireshark's programs make of the tunnel: the dissector
//! `captures/ip_over_udp.lua` in `tshark`, and what `dumpcap` captures beside us.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etherparse::PacketBuilder;
use ip_over_udp::capture::{self, LinkType, Packet, Pcap};
use lab::programs;
use support::{DUMPCAP, Lab, PING, Program, TSHARK, apply, test_in_lab, test_without_lab};

use crate::ends::{V4, tunnel};

/// Runs tshark with the dissector on a capture, and returns its lines.
///
/// Fails if Lua has anything to say: what goes wrong while a script is loaded
/// is on standard error, and what goes wrong in a packet is in its details.
#[track_caller]
fn tshark(capture: &Path, arguments: &[&str]) -> Vec<String> {
    // The user of the labs cannot read the tree, which may be in a home.
    let folder = support::temporary("tshark");
    let tree = programs::tree().unwrap();
    let script = folder.join("ip_over_udp.lua");
    std::fs::copy(tree.join("captures/ip_over_udp.lua"), &script).unwrap();
    std::fs::copy(capture, folder.join("capture")).unwrap();
    let run = |arguments: &[&str]| {
        let mut tshark = support::as_user("tshark");
        tshark.arg("-X");
        tshark.arg(format!("lua_script:{}", script.display()));
        tshark.arg("-r").arg(folder.join("capture")).args(arguments);
        let output = tshark.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let about_lua = said.to_lowercase().contains("lua");
        assert!(
            output.status.success() && !about_lua,
            "tshark says:\n{said}"
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let details = run(&["-V"]);
    let wrong = details.lines().find(|line| line.contains("Lua Error"));
    assert_eq!(wrong, None, "in the details of a packet");
    let lines = run(arguments).lines().map(str::to_owned).collect();
    std::fs::remove_dir_all(folder).unwrap();
    lines
}

fn reference(name: &str) -> PathBuf {
    let captures = programs::tree().unwrap().join("captures");
    captures.join("ch06").join(name)
}

#[apply(test_without_lab)]
#[needs(TSHARK)]
fn shows_the_page() {
    let fields = "-T fields -e frame.interface_name -e ip.src -e tcp.flags -e http.request.uri";
    let mut fields: Vec<&str> = fields.split(' ').collect();
    // The first time that Wireshark sees a segment counts, on left's tun0; at
    // all other interfaces it would be a retransmission, without a page.
    fields.extend(["-o", "tcp.analyze_sequence_numbers:FALSE"]);
    let lines = tshark(&reference("all.pcapng"), &fields);
    let wanted = |line: &str| {
        let count = lines.iter().filter(|other| *other == line).count();
        assert_eq!(count, 1, "{line:?} in:\n{}", lines.join("\n"));
    };
    wanted("left-tun0\t192.168.0.1\t0x0002\t");
    wanted("left-tun0\t192.168.0.1\t0x0018\t/");
    for interface in ["left-eth0", "internet-left", "internet-right", "right-eth0"] {
        // The outer source, then the inner one.
        wanted(&format!("{interface}\t198.51.100.2,192.168.0.1\t0x0002\t"));
        wanted(&format!("{interface}\t203.0.113.2,192.168.0.2\t0x0012\t"));
        wanted(&format!("{interface}\t198.51.100.2,192.168.0.1\t0x0018\t/"));
    }

    // A line of its own in the details, between the outer and the inner packet.
    let details = tshark(&reference("left-eth0.pcap"), &["-V", "-c", "1"]);
    let outline: Vec<&str> = details
        .iter()
        .filter(|line| !line.starts_with([' ', '0']) && !line.is_empty())
        .map(|line| line.split(", Src").next().unwrap())
        .collect();
    let outline = &outline[1..]; // without "Frame 1: …"
    let expected = [
        "Ethernet II",
        "Internet Protocol Version 4",
        "User Datagram Protocol",
        "IP over UDP, inner packet",
        "Internet Protocol Version 4",
        "Internet Control Message Protocol",
    ];
    assert_eq!(outline, expected);
}

#[apply(test_in_lab)]
#[needs(TSHARK)]
fn leaves_garbage_alone() {
    let mut lab = Lab::up();
    let server = lab.start_on("right", "ch04");
    // Empty, of version 7, of version 0, of version 15.
    let texts = "\"\" zzz \u{5} \u{1f600}";
    lab.run("left", &format!("ch04 --peer 203.0.113.2:9876 {texts}"))
        .code(0);
    server.stop().code(0).says("datagrams: 4 ");
    lab.end().code(130);

    let capture = lab.folder().join("left-eth0.pcap");
    let fields = "-T fields -e udp.length -e data.data -e frame.protocols";
    let fields: Vec<&str> = fields.split(' ').collect();
    let lines = tshark(&capture, &fields);
    let start = "eth:ethertype:ip:udp";
    let expected = [
        format!("8\t\t{start}"),
        format!("11\t7a7a7a\t{start}:data"),
        format!("9\t05\t{start}:data"),
        format!("12\tf09f9880\t{start}:data"),
    ];
    // Each of them there, and back again.
    let expected: Vec<&String> = expected.iter().flat_map(|line| [line, line]).collect();
    assert_eq!(lines.iter().collect::<Vec<_>>(), expected);
}

#[apply(test_in_lab)]
#[needs(PING, TSHARK)]
fn shows_fragments() {
    let mut lab = Lab::up();
    let [left, right] = tunnel(&lab, &V4, &V4);
    lab.run("left", "ping -c 1 -s 1472 192.168.0.2").code(0);
    // This one is in fragments of its own already when it enters the tunnel.
    lab.run("left", "ping -c 1 -s 2000 192.168.0.2").code(0);
    left.stop().code(0);
    right.stop().code(0);
    lab.end().code(130);

    let capture = lab.folder().join("left-eth0.pcap");
    let fields = "-Y icmp -T fields -e icmp.type -e ip.reassembled.length -e frame.number";
    let fields: Vec<&str> = fields.split(' ').collect();
    // Each packet is complete in its last frame: the second of two, put
    // together outside, and the third of three, put together inside.
    let expected = ["8\t1508\t2", "0\t1508\t4", "8\t2008\t7", "0\t2008\t10"];
    assert_eq!(tshark(&capture, &fields), expected);
}

/// Wraps what is inside the tunnel into a datagram.
fn outer(inner: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv4([198, 51, 100, 2], [203, 0, 113, 2], 64);
    let mut packet = Vec::new();
    let builder = builder.udp(9876, 9876);
    builder.write(&mut packet, inner).unwrap();
    packet
}

#[apply(test_without_lab)]
#[needs(TSHARK)]
fn any_payload() {
    let page = capture::read(&reference("left-tun0.pcap")).unwrap();
    let page = page
        .iter()
        .find(|packet| packet.data.windows(5).any(|text| text == b"GET /"));
    let page = &page.unwrap().data;
    let v6 = PacketBuilder::ipv6([0xfd; 16], [0xfe; 16], 64);
    let mut inner_v6 = Vec::new();
    let v6 = v6.icmpv6_echo_request(7, 1);
    v6.write(&mut inner_v6, b"ping").unwrap();

    // What was on the wire, how much of it was captured, and whether the
    // dissector claims it.
    let mut cases: Vec<(Vec<u8>, usize, bool)> = Vec::new();
    let mut whole = |inner: &[u8], claimed| {
        let packet = outer(inner);
        cases.push((packet.clone(), packet.len(), claimed));
    };
    whole(&[], false);
    for byte in 0..=255 {
        let version = byte >> 4;
        whole(&[byte], false);
        // Inside, everything else is noise.
        whole(&[byte; 100], version == 4 || version == 6);
    }
    whole(&inner_v6, true);
    // These begin like a packet, and are too short for its header.
    whole(b"Hello", false);
    whole(&[0x45; 19], false);
    whole(&[0x45; 20], true);
    whole(&[0x60; 39], false);
    whole(&[0x60; 40], true);
    let mut nested = page.clone();
    for _ in 0..8 {
        nested = outer(&nested);
    }
    whole(&nested, true);
    let packet = outer(page);
    for captured in 1..packet.len() {
        // Outside, there are 28 bytes of headers.
        cases.push((packet.clone(), captured, captured > 28));
    }

    let folder = support::temporary("payloads");
    let mut file = Pcap::create(&folder, "any", LinkType::Raw).unwrap();
    for (second, (packet, captured, _)) in cases.iter().enumerate() {
        let time = Duration::from_secs(second as u64);
        let length = packet.len() as u32;
        file.write(time, length, &packet[..*captured]).unwrap();
    }
    let fields = ["-T", "fields", "-e", "frame.protocols"];
    let lines = tshark(file.path(), &fields);
    assert_eq!(lines.len(), cases.len());
    for (line, (packet, captured, claimed)) in lines.iter().zip(&cases) {
        let packet = &packet[..*captured];
        assert_eq!(
            line.contains("ip_over_udp"),
            *claimed,
            "{line}: {packet:x?}"
        );
    }
    let all = lines.join("\n");
    assert!(all.contains("udp:ip_over_udp:ipv6:icmpv6"), "{all}");
    let again = "ip:udp:ip_over_udp:".repeat(9);
    assert!(all.contains(&format!("{again}ip:tcp:http")), "{all}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Another program, on the same traffic: what it captures is what the lab and
/// `--capture` have, to the byte and to the nanosecond. It writes nanoseconds
/// without being asked (Wireshark 4.0).
#[apply(test_in_lab)]
#[needs(PING, DUMPCAP)]
fn same_as_dumpcap() {
    let mut lab = Lab::up();
    let own = support::temporary("capture");
    let theirs = own.join("dumpcap.pcapng");
    let left = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        own.display()
    );
    let left = lab.start_on("left", &left);
    let right = "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876";
    let right = lab.start_on("right", right);
    let serve = lab.start_on("right", "serve --listen 192.168.0.2:80");
    // No packet has been sent yet, and it prints this when it listens.
    let dumpcap = format!("dumpcap -i eth0 -i tun0 -w {}", theirs.display());
    let dumpcap = Program::start(&mut lab.on("left", &dumpcap)).until("File: ");

    for size in [0, 1, 56, 1000, 1472, 4000] {
        let ping = format!("ping -c 2 -i 0.3 -s {size} 192.168.0.2");
        lab.run("left", &ping).code(0).says("2 received");
    }
    lab.run("left", "fetch http://192.168.0.2/bytes/200000")
        .code(0);
    lab.settle();
    dumpcap.stop().code(0);
    let said = left.stop();
    said.code(0);
    assert!(!said.output.contains("missed"), "{}", said.output);
    right.stop().code(0);
    serve.stop();
    lab.end().code(130);

    let theirs = capture::read(&theirs).unwrap();
    for interface in ["eth0", "tun0"] {
        let of_theirs: Vec<Packet> = theirs
            .iter()
            .filter(|packet| packet.interface == interface)
            .cloned()
            .collect();
        assert!(of_theirs.len() > 150, "only {} packets", of_theirs.len());
        let lab_file = lab.folder().join(format!("left-{interface}.pcap"));
        for file in [lab_file, own.join(format!("{interface}.pcap"))] {
            same_packets(&of_theirs, &file);
        }
    }
    std::fs::remove_dir_all(own).unwrap();
}

fn same_packets(theirs: &[Packet], file: &Path) {
    let ours = capture::read(file).unwrap();
    let comparable = |packets: &[Packet]| {
        let mut all: Vec<_> = packets
            .iter()
            .map(|packet| (packet.time, packet.length, packet.link, packet.data.clone()))
            .collect();
        // The kernel hands a packet to one listener after the other. Two that
        // cross at that moment could reach them in different order.
        all.sort();
        all
    };
    let (theirs, ours) = (comparable(theirs), comparable(&ours));
    let file = file.display();
    assert_eq!(theirs.len(), ours.len(), "number of packets in {file}");
    for (number, (one, other)) in theirs.iter().zip(&ours).enumerate() {
        let nanoseconds = (one.0.as_nanos(), other.0.as_nanos());
        assert_eq!(
            nanoseconds.0, nanoseconds.1,
            "time of packet {number} in {file}"
        );
        assert!(
            one == other,
            "packet {number} in {file}:\n{one:?}\n{other:?}"
        );
    }
    // A clock of microseconds would agree only if both had cut the rest off.
    let fine = theirs
        .iter()
        .any(|frame| frame.0.subsec_nanos() % 1000 != 0);
    assert!(fine, "dumpcap captured microseconds");
}
