//! The page of a chapter that was just played.

use std::path::{Path, PathBuf};

use ip_over_udp::capture::{self, Packet};
use support::{CHROMIUM, PING, TC, TSHARK, apply, lab, run, temporary, test_in_lab};

use crate::browser::Page;

/// A packet's cell in a list, by list and row from 1.
fn cell(list: usize, row: usize) -> String {
    format!("#rows .pair:nth-child({row}) .side:nth-child({list})")
}

/// Plays chapter 6, and returns the folder with its captures and its page.
fn played() -> PathBuf {
    let base = temporary("view");
    let done = run(lab().arg("--out").arg(&base).arg("06"));
    done.code(0).says("in a browser: ");
    base.join("06")
}

fn packets(folder: &Path, interface: &str) -> Vec<Packet> {
    capture::read(&folder.join(format!("{interface}.pcap"))).unwrap()
}

#[apply(test_in_lab)]
#[needs(PING, TC, TSHARK, CHROMIUM)]
fn a_packet_and_what_carries_it() {
    let folder = played();
    let (tun0, eth0) = (packets(&folder, "left-tun0"), packets(&folder, "left-eth0"));
    let page = Page::open(&folder.join("view.html"));

    // By mouse.
    page.click(&cell(1, 4));
    assert_eq!(page.chosen(), "Packet 4 of left tun0");
    assert_eq!(page.bytes(), tun0[3].data);
    let lit = "[...document.querySelectorAll('#rows .group [data-slot=no]')].map(no => no.textContent).join()";
    assert_eq!(page.text(lit), "4,4");
    assert!(eth0[3].data.ends_with(&tun0[3].data));

    // A packet that went in two fragments: all three light up.
    let big = tun0
        .iter()
        .position(|packet| packet.data.len() == 1490)
        .unwrap()
        + 1;
    page.go_to_packet(
        &format!("left-tun0-{big}"),
        &format!("Packet {big} of left tun0"),
    );
    assert_eq!(
        page.number("document.querySelectorAll('#rows .group').length"),
        3
    );
    assert_eq!(page.bytes(), tun0[big - 1].data);
    page.has_no_problems();

    by_keyboard(&page, &folder, &tun0, &eth0);
    journey_and_conversation(&page, &folder);
    filters(&page);
    page.has_no_problems();
}

fn by_keyboard(page: &Page, folder: &Path, tun0: &[Packet], eth0: &[Packet]) {
    page.go("about:blank");
    page.go(&format!("file://{}", folder.join("view.html").display()));
    page.until("document.querySelector('#packet h2') !== null");
    for _ in 0..40 {
        page.press("Tab");
        if page.text("document.activeElement.id") == "view" {
            break;
        }
    }
    assert_eq!(page.text("document.activeElement.id"), "view");
    for _ in 0..3 {
        page.press("ArrowDown");
    }
    assert_eq!(page.chosen(), "Packet 4 of left tun0");
    assert_eq!(page.bytes(), tun0[3].data);
    page.press("ArrowRight");
    assert_eq!(page.chosen(), "Packet 4 of left eth0");
    assert_eq!(page.bytes(), eth0[3].data);
    // Of the list, only what can be seen is in the page: it follows.
    page.press("End");
    assert_eq!(page.chosen(), format!("Packet {} of left eth0", eth0.len()));
    assert_eq!(page.bytes(), eth0[eth0.len() - 1].data);
    let seen = "(() => { const cell = document.querySelector('[aria-selected=true]').getBoundingClientRect();
        const view = document.querySelector('#view').getBoundingClientRect();
        return cell.top >= view.top && cell.bottom <= view.bottom; })()";
    page.until(seen);
    let active = "document.querySelector('#view').getAttribute('aria-activedescendant')";
    let marked = "document.querySelector('[aria-selected=true]').id";
    assert_eq!(page.text(active), page.text(marked));
    page.press("Home");
    page.press("ArrowLeft");
    assert_eq!(page.chosen(), "Packet 1 of left tun0");
    page.press("/");
    assert_eq!(page.text("document.activeElement.id"), "filter");
}

/// The times in the drawing are those of the capture, and each rung leads to its packet.
fn journey_and_conversation(page: &Page, folder: &Path) {
    let all = capture::read(&folder.join("all.pcapng")).unwrap();
    let request = packets(folder, "left-tun0");
    let number = request
        .iter()
        .position(|packet| packet.info().contains(" SYN,"))
        .unwrap()
        + 1;
    page.go_to_packet(
        &format!("left-tun0-{number}"),
        &format!("Packet {number} of left tun0"),
    );
    let inner = &request[number - 1].data;
    let micros = |packet: &Packet| packet.time.as_micros();
    let hops: Vec<&Packet> = all
        .iter()
        .filter(|packet| packet.data.ends_with(inner))
        .collect();
    assert_eq!(hops.len(), 6);
    let start = micros(&all[0]);
    let steps: Vec<String> = hops
        .windows(2)
        .map(|pair| ((micros(pair[1]) - start) - (micros(pair[0]) - start)).to_string())
        .collect();
    let shown = "[...document.querySelectorAll('#packet .journey [data-step]')].map(step => step.textContent).join()";
    assert_eq!(page.text(shown), steps.join(","));
    let last = "document.querySelector('#packet .journey [data-hop=\"5\"]').getAttribute('href')";
    assert!(
        page.text(last).starts_with("#right-tun0-"),
        "{}",
        page.text(last)
    );

    let arrows = "document.querySelectorAll('#packet .conversation .row').length";
    assert_eq!(page.number(arrows), 10);
    let marked = "document.querySelector('#packet .conversation .mark').textContent";
    assert!(page.text(marked).contains("SYN"), "{}", page.text(marked));
    // The last arrow leads to the last packet of the connection.
    page.run("[...document.querySelectorAll('#packet .conversation a')].at(-1).dispatchEvent(new MouseEvent('click', { bubbles: true }))");
    page.until(&format!(
        "document.querySelector('#packet h2').textContent === 'Packet {} of left tun0'",
        number + 9
    ));
}

fn filters(page: &Page) {
    let ask = |filter: &str| {
        page.run(&format!(
            "(() => {{ const input = document.querySelector('#filter'); input.value = {filter:?};
            input.dispatchEvent(new Event('input')); }})()"
        ));
        page.text("document.querySelector('#count').textContent")
    };
    assert_eq!(ask(""), "99 packets");
    assert!(ask("syn !ack").starts_with("2 of "), "{}", ask("syn !ack"));
    assert_eq!(
        page.text("document.querySelector('#error').textContent"),
        ""
    );
    // Words that every object of JavaScript knows are no words of a filter.
    for word in ["constructor", "__proto__", "[", "!!", "\\"] {
        ask(word);
        let error = page.text("document.querySelector('#error').textContent");
        assert!(error.contains("is not understood"), "{word}: {error}");
    }
    // An address that is none leaves the packet as it is.
    let chosen = page.chosen();
    for hash in ["%", "left-tun0-0", "left-tun0-99999", "__proto__-1"] {
        page.run(&format!("location.hash = '{hash}'"));
    }
    page.run("new Promise(done => setTimeout(done))");
    assert_eq!(page.chosen(), chosen);
    ask("icmp hello");
    let error = page.text("document.querySelector('#error').textContent");
    assert!(
        error.starts_with("hello is not understood: write an address"),
        "{error}"
    );
    assert_eq!(
        page.text("document.querySelector('#filter').getAttribute('aria-invalid')"),
        "true"
    );
    assert_eq!(ask("lost"), "13 of 99 packets");
    assert!(ask("differs").starts_with("0 of "));
    ask("");
}
