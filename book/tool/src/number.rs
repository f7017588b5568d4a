//! The numbers of figures: "Figure 6.2" is the second one of chapter 6.

/// Counts the figures of one page.
pub struct Numbers {
    /// A page that is no chapter has none, and its figures get no number.
    chapter: Option<u32>,
    last: usize,
}

impl Numbers {
    /// For a page with this file name: `ch06-both-ways.md` is chapter 6.
    pub fn of_page(name: &str) -> Numbers {
        let digits = name.strip_prefix("ch").and_then(|name| name.get(..2));
        let chapter = digits.and_then(|digits| digits.parse().ok());
        Numbers { chapter, last: 0 }
    }

    /// What a directive has drawn, with a number before each caption. Listings and
    /// exercises have captions too, but the text does not speak of them as figures.
    pub fn add(&mut self, html: &str) -> String {
        let Some(chapter) = self.chapter.filter(|_| html.starts_with(DRAWN)) else {
            return html.to_owned();
        };
        let mut parts = html.split(CAPTION);
        let mut numbered = parts.next().unwrap_or("").to_owned();
        for part in parts {
            self.last += 1;
            numbered += &format!(
                "{CAPTION}<span class=\"figure-number\">Figure {chapter}.{}.</span> {part}",
                self.last
            );
        }
        numbered
    }
}

/// The block that [`crate::page`] puts around what the module
/// [`figure`](crate::figure) draws.
const DRAWN: &str = "<div class=\"drawn\">";
const CAPTION: &str = "<figcaption>";
