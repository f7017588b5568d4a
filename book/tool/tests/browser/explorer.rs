//! From the number of a packet to the packet, with all others of its chapter.

use anyhow::{Context, ensure};
use headless_chrome::Tab;
use headless_chrome::protocol::cdp::Emulation::{SetEmulatedMedia, SetScriptExecutionDisabled};
use ip_over_udp::capture;
use lab::programs;

use crate::book::{Book, KINDS};
use crate::tab::{Console, resize, text, until, value};

const LOADED: &str = "document.readyState == 'complete'";

/// The reader clicks a number, and sees the bytes of this packet, in the colours of
/// the book.
pub fn from_a_row(book: &Book) -> anyhow::Result<()> {
    let tab = book.read("index.html")?;
    value(&tab, "localStorage.setItem('mdbook-theme', 'coal')")?;
    let console = Console::of(&tab)?;
    for width in [1280, 360] {
        resize(&tab, width)?;
        for (page, number, interface, ordinal) in [
            ("ch06-both-ways.html", 2, "left-eth0", 2),
            // In the file of all packets.
            (KINDS, 7, "right-tun0", 2),
        ] {
            book.go(&tab, page)?;
            until(&tab, LOADED)?;
            follow(&tab, number)?;
            let place = format!("#{interface}-{ordinal}");
            until(&tab, &format!("{LOADED} && location.hash == '{place}'"))?;
            shows(&tab, interface, ordinal)
                .with_context(|| format!("packet {number} of {page} at {width} pixels"))?;
            let theme = text(&tab, "document.documentElement.className")?;
            ensure!(theme.contains("coal"), "the theme is {theme:?}");
        }
    }
    let said = console.take()?;
    ensure!(said.is_empty(), "{said}");
    // The other tests share this browser.
    value(&tab, "localStorage.removeItem('mdbook-theme')")?;
    Ok(())
}

/// Clicks the number of a packet in the first list of a page.
fn follow(tab: &Tab, number: usize) -> anyhow::Result<()> {
    let link = format!(
        "[...document.querySelector('figure.packets').querySelectorAll('.no a')]
            .find(link => link.innerText == '{number}')"
    );
    value(tab, &format!("{link}.click()"))?;
    Ok(())
}

/// The packet of this number at an interface of chapter 6 is chosen, in sight, and
/// shown with its bytes.
fn shows(tab: &Tab, interface: &str, number: usize) -> anyhow::Result<()> {
    let title = format!("Packet {number} of {}", interface.replacen('-', " ", 1));
    until(
        tab,
        &format!("document.querySelector('#packet h2')?.innerText == '{title}'"),
    )?;
    let chosen = "document.querySelector('#view [aria-selected=true]')";
    let marked = text(tab, &format!("{chosen}.querySelector('.no').innerText"))?;
    ensure!(marked == number.to_string(), "No. {marked} is marked");
    let inside = format!(
        "(() => {{
            const row = {chosen}.getBoundingClientRect();
            const view = document.querySelector('#view').getBoundingClientRect();
            return row.top >= view.top && row.bottom <= view.bottom;
        }})()"
    );
    ensure!(
        value(tab, &inside)?.as_bool() == Some(true),
        "it is out of sight"
    );
    let hex = text(
        tab,
        "[...document.querySelectorAll('#packet .hex .field > .layer')]
            .map(field => field.textContent).join(' ')",
    )?;
    let words = hex.split_whitespace();
    let bytes: Vec<u8> = words
        .map(|word| u8::from_str_radix(word, 16))
        .collect::<Result<_, _>>()?;
    let file = programs::tree()?.join(format!("captures/ch06/{interface}.pcap"));
    let packets = capture::read(&file)?;
    ensure!(bytes == packets[number - 1].data, "it shows {hex}");
    Ok(())
}

/// The lists are there, on paper too, and a link leads to a row, also where the list
/// was folded.
pub fn without_javascript(book: &Book) -> anyhow::Result<()> {
    for place in ["right-tun0-7", "left-eth0-13"] {
        let tab = book.tab()?;
        tab.call_method(SetScriptExecutionDisabled { value: true })?;
        book.go(&tab, &format!("packets-06.html#{place}"))?;
        let seen = format!(
            "(() => {{
                const row = document.getElementById('{place}').getBoundingClientRect();
                // The page scrolls by whole pixels, and a row may begin within one.
                return row.height > 0 && row.top > -1 && row.bottom <= innerHeight;
            }})()"
        );
        until(&tab, &seen).with_context(|| format!("{place} is not in sight"))?;
        tab.call_method(SetEmulatedMedia {
            media: Some("print".to_owned()),
            features: None,
        })?;
        let rows = "[...document.querySelectorAll('#plain tbody')]
            .filter(row => row.getClientRects().length > 0).length";
        let count = value(&tab, rows)?.as_u64().unwrap_or(0);
        ensure!(count >= 80, "{count} packets are on paper");
    }
    Ok(())
}
