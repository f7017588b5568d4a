//! The look, as far as it can be computed: contrast in every theme, and
//! drawings that say what the code says.

use lab::programs;
use std::collections::BTreeMap;
use std::fs;

const LAYERS: [&str; 6] = ["eth", "oip", "udp", "iip", "tcp", "data"];

fn read(path: &str) -> String {
    fs::read_to_string(programs::tree().unwrap().join(path)).unwrap()
}

/// The colours of each list in the stylesheet: light, dark, dark without script.
fn palettes() -> Vec<BTreeMap<String, [u8; 3]>> {
    let css = read("book/theme/book.css");
    let lists = css.split('}').filter(|list| list.contains("--ink: #"));
    lists
        .map(|list| {
            let colours = list.lines().filter_map(|line| {
                let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
                let value = u32::from_str_radix(value.strip_suffix(';')?, 16).ok()?;
                let [_, red, green, blue] = value.to_be_bytes();
                Some((name.to_owned(), [red, green, blue]))
            });
            colours.collect()
        })
        .collect()
}

/// WCAG 2.2, "contrast ratio" and "relative luminance".
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            match channel <= 0.04045 {
                true => channel / 12.92,
                false => ((channel + 0.055) / 1.055).powf(2.4),
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    (one / other).max(other / one)
}

#[test]
fn contrast_is_enough_in_every_theme() {
    let palettes = palettes();
    assert_eq!(palettes.len(), 3);
    assert_eq!(palettes[1], palettes[2], "dark with and without JavaScript");
    // mdBook's pages: white; and ayu, coal and navy.
    let pages: [&[[u8; 3]]; 2] = [
        &[[255, 255, 255]],
        &[[15, 20, 26], [19, 21, 22], [22, 25, 35]],
    ];
    for (colours, pages) in palettes.iter().zip(pages) {
        let around = pages.iter().copied().chain([colours["panel"]]);
        for page in around {
            assert!(contrast(colours["quiet"], page) >= 4.5, "quiet on {page:?}");
            for layer in LAYERS {
                // A line is no text: 3 is enough.
                let edge = colours[&format!("{layer}-edge")];
                assert!(contrast(edge, page) >= 3.0, "{layer}-edge on {page:?}");
            }
        }
        for layer in LAYERS {
            let (ink, fill) = (colours["ink"], colours[layer]);
            let edge = colours[&format!("{layer}-edge")];
            assert!(contrast(ink, fill) >= 7.0, "ink on {layer}");
            assert!(
                contrast(edge, fill) >= 3.0,
                "pattern on {layer}: {:.2}",
                contrast(edge, fill)
            );
        }
    }
}

/// What looks like an address in a text.
fn addresses(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_ascii_hexdigit() || ".:/".contains(c)))
        .filter(|word| word.matches('.').count() == 3 || word.matches(':').count() == 5)
        .collect()
}

#[test]
fn the_drawing_of_the_lab_has_the_addresses_of_the_lab() {
    let drawing = read("book/src/images/lab.svg");
    let lab = read("src/lab/src/hosts.rs");
    let tunnel = read("book/src/ch00-one-packets-journey.md");
    let drawn = addresses(&drawing);
    assert_eq!(drawn.len(), 10, "{drawn:?}");
    for address in &drawn {
        let home = if address.starts_with("192.168.") {
            &tunnel
        } else {
            &lab
        };
        assert!(home.contains(address), "{address}");
    }
}

#[test]
fn the_drawing_of_the_gate_has_the_reasons_of_the_code() {
    let drawing = read("book/src/images/gate.svg");
    let code = read("src/validate.rs");
    // In the order of the checks; the three after them are those of the other way.
    let reasons = code.split("f.write_str(match self").nth(1).unwrap();
    let reasons = reasons.split('"').skip(1).step_by(2).take(6);
    let drawn = drawing.lines().filter(|line| line.contains("class=\"bold"));
    let drawn = drawn.map(|line| line.split(['>', '<']).nth(2).unwrap());
    assert_eq!(drawn.collect::<Vec<_>>(), reasons.collect::<Vec<_>>());
}

#[test]
fn drawings_take_their_colours_from_the_theme() {
    let folder = programs::tree().unwrap().join("book/src/images");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let drawing = fs::read_to_string(&path).unwrap();
        for word in ["fill=", "stroke=", "style=", "id=", "<script"] {
            assert!(!drawing.contains(word), "{}: {word}", path.display());
        }
    }
}
