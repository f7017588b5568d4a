//! The journey of one packet as text for a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use figures::journey::{Change, Journey, carried, microseconds, tcp_payload};
use ip_over_udp::capture::{LinkType, Packet};
use ip_over_udp::packet::dissect;

const HEADING: Style = Style::new().bold();
const OUTER: Style = AnsiColor::Yellow.on_default();
const INNER: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// The journey as text, at most 80 columns wide, with colours.
pub fn render(journey: &Journey) -> String {
    let mut text = String::new();
    let payload = tcp_payload(journey.inner);
    let line = payload.split(|&byte| byte == b'\r').next().unwrap_or(b"");
    let line = String::from_utf8_lossy(line);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{HEADING}The journey of one packet{HEADING:#}: {INNER}{line}{INNER:#}\n\
         {DIM}In brackets the packet inside, before them what carries it.{DIM:#}\n"
    );
    let mut before: Option<&Packet> = None;
    for (packet, change) in journey.hops() {
        let place = packet.interface.replacen('-', " ", 1);
        let time = match before {
            None => "at 0 µs".to_owned(),
            Some(before) => {
                format!("+ {} µs", microseconds(before, packet))
            }
        };
        let style = match change {
            Change::Start | Change::Unchanged => DIM,
            Change::Added { .. } | Change::Removed(_) => OUTER,
            Change::Forwarded(..) | Change::Other => Style::new(),
        };
        let _ = writeln!(
            text,
            "{HEADING}{place:<15}{HEADING:#}{:>5} bytes  {time:>10}   {style}{change}{style:#}",
            packet.length,
        );
        let _ = writeln!(text, "    {}", addresses(packet));
        before = Some(packet);
    }
    text
}

fn addresses(packet: &Packet) -> String {
    let pair = |link, bytes| match dissect(link, bytes).packets[0].addresses {
        Some((from, to)) => format!("{from} > {to}"),
        None => "?".to_owned(),
    };
    let inner = carried(packet).map_or("?".to_owned(), |inner| pair(LinkType::Raw, inner));
    match packet.link {
        LinkType::Raw => format!("{INNER}{inner}{INNER:#}"),
        _ => {
            let outer = pair(packet.link, &packet.data);
            format!("{OUTER}{outer}{OUTER:#} [{INNER}{inner}{INNER:#}]")
        }
    }
}
