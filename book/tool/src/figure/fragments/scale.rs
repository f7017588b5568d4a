//! From the bytes of the packet that was cut to places in the drawing.
//!
//! Not to scale: every header is as wide as its name, or nobody would see it beside
//! a thousand bytes of data. What remains is shared by the bytes that are left.

use figures::part::Part;

/// The width of a letter, and the room around a name.
const LETTER: f64 = 5.7;
const AROUND: f64 = 8.0;

pub struct Scale {
    /// Bytes, and where they begin in the drawing; the last is the end.
    places: Vec<(usize, f64)>,
}

impl Scale {
    /// Between `left` and `right`; bytes of two pieces, cut at `cuts`, each get room
    /// for a name.
    pub fn new(parts: &[&Part], cuts: &[usize], left: f64, right: f64) -> Scale {
        let mut starts: Vec<(usize, &Part)> = Vec::new();
        for part in parts {
            starts.push((part.bytes.start, part));
            let inside = |cut: &&usize| part.bytes.start < **cut && **cut < part.bytes.end;
            starts.extend(cuts.iter().filter(inside).map(|&cut| (cut, *part)));
        }
        starts.sort_by_key(|(start, _)| *start);
        let end = parts.last().map_or(0, |part| part.bytes.end);
        let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([end]);
        let pieces: Vec<(usize, usize, f64)> = starts
            .iter()
            .zip(ends)
            .map(|((start, part), end)| (*start, end - start, name_width(part, end - start)))
            .collect();
        let needed: f64 = pieces.iter().map(|(_, _, width)| width).sum();
        let bytes: usize = pieces.iter().map(|(_, length, _)| length).sum();
        let free = right - left - needed;
        let per_byte = free.max(0.0) / bytes.max(1) as f64;
        let shrink = ((right - left) / needed.max(1.0)).min(1.0);
        let mut x = left;
        let mut places: Vec<(usize, f64)> = Vec::new();
        for (start, length, width) in pieces {
            places.push((start, x));
            x += width * shrink + length as f64 * per_byte;
        }
        places.push((end, x));
        Scale { places }
    }

    /// Where a byte begins.
    pub fn x(&self, byte: usize) -> f64 {
        let mut pairs = self.places.windows(2);
        let pair = pairs.find(|pair| (pair[0].0..pair[1].0).contains(&byte));
        match pair {
            Some(pair) => {
                let share = (byte - pair[0].0) as f64 / (pair[1].0 - pair[0].0) as f64;
                pair[0].1 + share * (pair[1].1 - pair[0].1)
            }
            None => self.places.last().map_or(0.0, |(_, x)| *x),
        }
    }
}

/// What is written on so many bytes of a part.
pub fn label(part: &Part, bytes: usize) -> String {
    format!("{} {bytes}", part.kind)
}

/// How wide that is, with some room around it.
pub fn name_width(part: &Part, bytes: usize) -> f64 {
    label(part, bytes).chars().count() as f64 * LETTER + AROUND
}
