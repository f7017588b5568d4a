//! What the page shows, and what the commands print that it gives for tshark: the
//! same packets.

use std::process::Command;

use lab::programs;
use support::{CHROMIUM, TSHARK, apply, program, run, temporary, test_without_lab};

use crate::browser::Page;

const FILTERS: [&str; 19] = [
    "",
    "icmp",
    "tcp",
    "udp",
    "ip",
    "ipv6",
    "arp",
    "9876",
    ":80",
    "192.168.0.2",
    "198.51.100.2 !tcp",
    "syn",
    "syn !ack",
    "fin",
    "df",
    "fragment",
    "echo-request",
    "destination-unreachable",
    "\"GET\"",
];

/// How many interfaces the page can show.
const SELECTABLE: &str = "document.querySelectorAll('#choice select')[0].options.length";

/// The numbers of the frames that a command of the page prints.
fn frames(command: &str) -> Vec<u64> {
    let command = format!("{command} -o ip.defragment:FALSE -T fields -e frame.number");
    let output = Command::new("sh")
        .current_dir(programs::tree().unwrap())
        .args(["-c", &command])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// The reference captures of a chapter, as `cargo lab view` shows a folder.
fn open(chapter: &str) -> Page {
    let page = temporary("view").join("page.html");
    let mut view = support::as_user(program("view"));
    view.current_dir(programs::tree().unwrap());
    run(view
        .arg(format!("captures/ch{chapter}"))
        .arg("--page")
        .arg(&page))
    .code(0);
    Page::open(&page)
}

#[apply(test_without_lab)]
#[needs(CHROMIUM, TSHARK)]
fn a_filter_finds_what_tshark_finds() {
    let mut differ = Vec::new();
    // IPv6, datagrams, a tunnel with fragments, and what is no packet.
    for chapter in ["01", "04", "06", "08", "09", "10"] {
        let page = open(chapter);
        let interfaces = page.number(SELECTABLE);
        for interface in 0..interfaces {
            page.run(&format!(
                "(() => {{ const select = document.querySelector('#choice select'); select.value = '{interface}';
                select.dispatchEvent(new Event('change')); }})()"
            ));
            // The other interfaces have the same packets again.
            let filters = if interface < 2 {
                &FILTERS[..]
            } else {
                &FILTERS[..1]
            };
            for filter in filters {
                page.run(&format!(
                    "(() => {{ const input = document.querySelector('#filter'); input.value = {filter:?};
                    input.dispatchEvent(new Event('input'));
                    document.querySelector('#view').style.height = '40000px';
                    document.querySelector('#view').style.maxHeight = 'none';
                    dispatchEvent(new Event('resize')); }})()"
                ));
                let error = page.text("document.querySelector('#error').textContent");
                assert_eq!(error, "", "{filter}");
                let shown = page.text(
                    "[...document.querySelectorAll('#rows .pair > .side:first-child [data-slot=no]')]
                    .map(no => no.textContent).filter(Boolean).join()",
                );
                let command = page.text("document.querySelector('#tshark-0').textContent");
                // A text like "hello" begins like IPv6: for tshark it is a malformed packet, here bytes.
                let command = match (chapter, *filter) {
                    ("04" | "08" | "09", "ipv6") => {
                        command.replace("(ipv6)", "(ipv6 && !_ws.malformed)")
                    }
                    _ => command,
                };
                let theirs: Vec<String> = frames(&command).iter().map(u64::to_string).collect();
                if shown != theirs.join(",") {
                    differ.push(format!(
                        "chapter {chapter}, {filter}: {command}\n  page:   {shown}\n  tshark: {}",
                        theirs.join(",")
                    ));
                }
            }
        }
        page.has_no_problems();
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// The command of a packet prints its bytes, that of its journey all its packets, and
/// that of its conversation all that the conversation has.
#[apply(test_without_lab)]
#[needs(CHROMIUM, TSHARK)]
fn the_commands_of_a_packet() {
    let page = open("06");
    for number in [3, 13] {
        page.go_to_packet(
            &format!("left-tun0-{number}"),
            &format!("Packet {number} of left tun0"),
        );
        let command = |slot: &str| {
            page.text(&format!(
                "document.querySelector('#packet [data-slot={slot}]').textContent"
            ))
        };
        let one = command("tshark");
        assert_eq!(frames(&one.replace(" -V -x", "")), [number]);
        let group = "(() => { const data = JSON.parse(document.querySelector('#data').textContent);
            const place = data.places.indexOf('left-tun0');
            let nth = 0; const packet = data.at.findIndex(at => at === place && ++nth === NUMBER);
            return data.group.flatMap((group, each) => group === data.group[packet] ? [each + 1] : []).join(); })()"
            .replace("NUMBER", &number.to_string());
        let ours = page.text(&group);
        let theirs: Vec<String> = frames(&command("tshark-way"))
            .iter()
            .map(u64::to_string)
            .collect();
        assert_eq!(ours, theirs.join(","));
        let talk = frames(&command("tshark-talk"));
        for frame in theirs {
            // Of later fragments, tshark without reassembly knows no ports.
            let known = talk.contains(&frame.parse().unwrap());
            assert!(
                known || number == 13,
                "{frame} is not in {}",
                command("tshark-talk")
            );
        }
    }
    page.has_no_problems();
}
