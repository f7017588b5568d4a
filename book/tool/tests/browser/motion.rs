//! The packet that moves on the first page.

use anyhow::ensure;
use headless_chrome::Tab;
use headless_chrome::protocol::cdp::Emulation::{MediaFeature, SetEmulatedMedia};

use crate::book::Book;
use crate::tab::{text, until, value};

const FIRST: &str = "introduction.html";

/// Whether a packet moves, and whether it is seen at all six interfaces.
const SEEN: &str = "(() => {
    const seen = element => element.getClientRects().length > 0;
    const moving = [...document.querySelectorAll('.travel .moving')].filter(seen).length;
    const there = [...document.querySelectorAll('.travel .there')]
        .filter(element => seen(element) && getComputedStyle(element).opacity == 1).length;
    return `${moving} moves, ${there} stand`;
})()";

/// Stops the motion in the middle of each station. The packet is then just where it
/// is drawn for readers who want no motion, and as long.
pub fn from_station_to_station(book: &Book) -> anyhow::Result<()> {
    let tab = book.read(FIRST)?;
    ensure!(text(&tab, SEEN)? == "1 moves, 0 stand");
    let wrong = "(() => {
        const animations = document.getAnimations().filter(animation => animation.animationName?.startsWith('travel-'));
        if (animations.length != 3) return `${animations.length} animations`;
        const edges = rects => [Math.min(...rects.map(r => r.left)), Math.max(...rects.map(r => r.right)), rects[0].top];
        const visible = element => [...element.querySelectorAll('rect')]
            .filter(rect => getComputedStyle(rect.parentElement).opacity == 1)
            .map(rect => rect.getBoundingClientRect());
        const stations = [...document.querySelectorAll('.travel .there')];
        for (const [number, station] of stations.entries()) {
            for (const animation of animations) {
                animation.pause();
                animation.currentTime = (number * 2.6 + 0.8) * 1000;
            }
            const is = edges(visible(document.querySelector('.travel .moving')));
            const rects = [...station.querySelectorAll('rect')].map(rect => rect.getBoundingClientRect());
            const should = edges(rects);
            if (is.some((edge, which) => Math.abs(edge - should[which]) > 0.5)) {
                return `station ${number}: ${is} and not ${should}`;
            }
            const mark = document.querySelector('.travel .mark').getBoundingClientRect();
            const line = document.querySelectorAll('.travel .mark ~ text.mono')[number].getBoundingClientRect();
            if (line.top < mark.top || line.bottom > mark.bottom) return `station ${number}: the mark is elsewhere`;
        }
        return '';
    })()";
    let wrong = text(&tab, wrong)?;
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// On paper, for readers who want no motion, and for those who stop it.
pub fn still_where_it_is_not_wanted(book: &Book) -> anyhow::Result<()> {
    let still = format!("{SEEN} == '0 moves, 6 stand'");
    let tab = book.read(FIRST)?;
    emulate(&tab, "", "reduce")?;
    until(&tab, &still)?;
    emulate(&tab, "print", "no-preference")?;
    until(&tab, &still)?;
    emulate(&tab, "", "no-preference")?;
    until(&tab, &format!("{SEEN} == '1 moves, 0 stand'"))?;
    value(
        &tab,
        "document.querySelector('.travel .still input').click()",
    )?;
    until(&tab, &still)
}

fn emulate(tab: &Tab, media: &str, motion: &str) -> anyhow::Result<()> {
    tab.call_method(SetEmulatedMedia {
        media: Some(media.to_owned()),
        features: Some(vec![MediaFeature {
            name: "prefers-reduced-motion".to_owned(),
            value: motion.to_owned(),
        }]),
    })?;
    Ok(())
}
