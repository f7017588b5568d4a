//! From chapter to chapter, and each one without an error.

use anyhow::ensure;

use crate::book::{Book, KINDS};
use crate::tab::{Console, text, until, value};

/// The arrow to the next chapter, and a link in the sidebar.
pub fn next_one_and_sidebar(book: &Book) -> anyhow::Result<()> {
    let tab = book.read("index.html")?;
    let title = text(&tab, "document.querySelector('main h1').innerText")?;
    tab.wait_for_element(".nav-chapters.next")?;
    value(
        &tab,
        "document.querySelector('.nav-wide-wrapper .next').click()",
    )?;
    until(
        &tab,
        "!location.pathname.endsWith('index.html') && document.readyState == 'complete'",
    )?;
    let next = text(&tab, "document.querySelector('main h1').innerText")?;
    ensure!(title != next, "the next chapter is {next} again");

    until(
        &tab,
        "document.querySelectorAll('#mdbook-sidebar a').length > 3",
    )?;
    value(
        &tab,
        &format!("document.querySelector('#mdbook-sidebar a[href$=\"{KINDS}\"]').click()"),
    )?;
    until(
        &tab,
        "document.querySelector('main h1')?.innerText == 'Figures of every kind'",
    )
}

/// The search finds a word of a figure's page.
pub fn search(book: &Book) -> anyhow::Result<()> {
    let tab = book.read("index.html")?;
    tab.wait_for_element("#mdbook-search-toggle")?.click()?;
    tab.wait_for_element("#mdbook-searchbar")?.click()?;
    tab.type_str("encapsulation")?;
    until(
        &tab,
        "document.querySelectorAll('#mdbook-searchresults li').length > 0",
    )?;
    let found = text(
        &tab,
        "document.querySelector('#mdbook-searchresults').innerText",
    )?;
    ensure!(found.to_lowercase().contains("encapsulation"), "{found}");
    Ok(())
}

/// Nothing in the console of any page.
pub fn no_errors(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    let console = Console::of(&tab)?;
    for page in book.pages() {
        book.go(&tab, &page)?;
        until(&tab, "document.readyState == 'complete'")?;
        let said = console.take()?;
        ensure!(said.is_empty(), "{page}: {said}");
    }
    Ok(())
}
