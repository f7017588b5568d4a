//! Pages of different widths.

use anyhow::{bail, ensure};

use crate::book::Book;
use crate::tab::{resize, text, until, value};

/// No page is wider than a phone.
pub fn phone(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    resize(&tab, 360)?;
    // What scrolls in itself may be wide inside; everything else ends with the page.
    let wide = "(() => {
        const scrolls = element => element && (element.tagName != 'BODY' && element.tagName != 'MAIN'
            && /auto|scroll/.test(getComputedStyle(element).overflowX) && !element.matches('.content') || scrolls(element.parentElement));
        for (const element of document.querySelectorAll('details')) element.open = true;
        for (const element of document.querySelectorAll('main *, body.source *')) {
            const at = element.getBoundingClientRect();
            if (at.right > 361 && at.width > 0 && !scrolls(element)) {
                return element.outerHTML.slice(0, 200) + ' ends at ' + at.right;
            }
        }
        return document.documentElement.scrollWidth > 360 ? 'the page is ' + document.documentElement.scrollWidth : '';
    })()";
    for page in book.pages() {
        book.go(&tab, &page)?;
        let wide = text(&tab, wide)?;
        ensure!(wide.is_empty(), "{page} is wider than a phone: {wide}");
    }
    Ok(())
}

/// A line of code that does not fit goes on below.
pub fn long_lines_of_code(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    let cut = "(() => {
        for (const element of document.querySelectorAll('details')) element.open = true;
        for (const code of document.querySelectorAll('main pre > code')) {
            if (code.scrollWidth > code.clientWidth) return 'cut: ' + code.innerText;
            if (code.innerText != code.textContent) return 'a copy differs: ' + code.innerText;
        }
        return '';
    })()";
    // How many lines go on below, a bar beside them.
    let below = "[...document.querySelectorAll('main .listing .line, main .diff .line, main .console .line')]
        .filter(element => element.offsetHeight > 1.5 * parseFloat(getComputedStyle(element).lineHeight))
        .filter(element => parseFloat(getComputedStyle(element).paddingLeft) > 20).length";
    let widths = [360, 800, 1280];
    let mut lines = [0; 3];
    // Not the one page with all of them in element.
    let pages = book.pages().into_iter();
    for page in pages.filter(|page| !page.contains('/') && page != "print.html") {
        book.go(&tab, &page)?;
        until(&tab, "document.readyState == 'complete'")?;
        for (width, lines) in widths.into_iter().zip(&mut lines) {
            resize(&tab, width)?;
            // The new width and the fonts take a moment.
            if until(&tab, &format!("innerWidth == {width} && {cut} == ''")).is_err() {
                bail!("{page} at {width} pixels: {}", text(&tab, cut)?);
            }
            *lines += value(&tab, below)?.as_u64().unwrap_or(0);
        }
    }
    ensure!(
        lines.iter().all(|&lines| lines > 10),
        "{lines:?} lines go on below"
    );
    Ok(())
}
