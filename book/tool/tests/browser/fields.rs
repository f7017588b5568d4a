//! A packet's fields: the line below the bytes says what a byte is.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, ensure};
use headless_chrome::browser::tab::point::Point;
use headless_chrome::protocol::cdp::Emulation::SetScriptExecutionDisabled;

use crate::book::{Book, KINDS};
use crate::tab::{text, until, value};

/// What the line below the bytes says.
const SAID: &str = "[...document.querySelectorAll('.dump .says')]
    .filter(element => getComputedStyle(element).display != 'none')
    .sort((one, two) => getComputedStyle(one).zIndex - getComputedStyle(two).zIndex)
    .filter(element => element.closest('form') == document.querySelector('.dump'))
    .map(element => element.innerText).pop() ?? ''";

/// A field on focus, and the next ones with the arrow keys.
pub fn keyboard(book: &Book) -> anyhow::Result<()> {
    let tab = book.read(KINDS)?;
    ensure!(
        text(&tab, SAID)?.is_empty(),
        "something is said before anything is pointed at"
    );
    value(&tab, "document.querySelector('.dump input').focus()")?;
    let said = text(&tab, SAID)?;
    ensure!(
        said.contains("destination 02:00:00:00:01:01"),
        "it says {said:?}"
    );
    // To the right, which is elsewhere in a page the key for the next chapter.
    for _ in 0..2 {
        tab.press_key("ArrowRight")?;
    }
    until(&tab, &format!("({SAID}).includes('type 0x0800')"))?;
    ensure!(
        tab.get_url().ends_with(KINDS),
        "the arrow key left the page for {}",
        tab.get_url()
    );
    // One stop: the next one is behind all fields of this packet.
    tab.press_key("Tab")?;
    let stop = text(&tab, "document.activeElement.tagName")?;
    ensure!(stop == "SUMMARY", "the next stop is {stop}");
    // Enter sends a form; this one goes nowhere.
    value(&tab, "document.querySelector('.dump input').focus()")?;
    tab.press_key("Enter")?;
    sleep(Duration::from_millis(300));
    ensure!(
        tab.get_url().ends_with(KINDS),
        "Enter left the page for {}",
        tab.get_url()
    );
    Ok(())
}

/// A field under the pointer, and after a tap.
pub fn pointer(book: &Book) -> anyhow::Result<()> {
    let tab = book.read(KINDS)?;
    let field = "[...document.querySelectorAll('.dump input')]
        .find(element => element.ariaLabel == 'inner IPv4: time to live 64').nextSibling";
    value(
        &tab,
        &format!("{field}.scrollIntoView({{block: 'center'}})"),
    )?;
    let place = text(
        &tab,
        &format!(
            "(() => {{ const at = {field}.getBoundingClientRect(); return `${{at.x + 4}} ${{at.y + 8}}`; }})()"
        ),
    )?;
    let (x, y) = place.split_once(' ').context("no place")?;
    let point = Point {
        x: x.parse()?,
        y: y.parse()?,
    };
    tab.move_mouse_to_point(point)?;
    until(&tab, &format!("({SAID}).includes('time to live 64')"))?;
    // A tap stays when the finger is gone.
    tab.click_point(point)?;
    tab.move_mouse_to_point(Point { x: 1.0, y: 1.0 })?;
    until(&tab, &format!("({SAID}).includes('time to live 64')"))
}

/// All figures are there, and a field on focus says what it is.
pub fn without_javascript(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    tab.call_method(SetScriptExecutionDisabled { value: true })?;
    book.go(&tab, KINDS)?;
    ensure!(
        value(&tab, "document.documentElement.classList.contains('js')")?.as_bool() == Some(false),
        "scripts run"
    );
    for (what, least) in [
        (".packet .hex .field", 20),
        (".packet details.fields", 5),
        (".packets tbody", 20),
        (".journey svg rect.layer", 20),
        (".sizes rect.layer", 5),
        (".travel svg .there", 6),
        (".diagram svg text", 20),
    ] {
        let visible = format!(
            "[...document.querySelectorAll('{what}')].filter(element => element.getClientRects().length > 0).length"
        );
        let count = value(&tab, &visible)?.as_u64().unwrap_or(0);
        ensure!(count >= least, "{count} of {what} are seen");
    }
    value(&tab, "document.querySelector('.dump input').focus()")?;
    let said = text(&tab, SAID)?;
    ensure!(
        said.contains("destination 02:00:00:00:01:01"),
        "it says {said:?}"
    );
    Ok(())
}
