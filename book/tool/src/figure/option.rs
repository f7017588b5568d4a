//! The options of a TCP header as cells: those that Linux sends with a SYN and
//! with every later segment.

use super::cell::{Cell, ROW};

/// The options from this bit to the end of the header, one after the other.
/// `None` if one is of another kind, or would be cut by the end of a row: then
/// they are better shown as one.
pub(super) fn cells(mut at: usize, header: &[u8]) -> Option<Vec<Cell>> {
    let mut cells: Vec<Cell> = Vec::new();
    let end = header.len() * 8;
    while at < end {
        let kind = header[at / 8];
        // All but the shortest have their length in the second byte.
        let length = match kind {
            1 => 1,
            _ => usize::from(*header.get(at / 8 + 1)?),
        };
        let next = at + 8 * length;
        if next > end {
            return None;
        }
        // Kind and length, for a cell that says no more than that.
        let head = |name| Cell {
            value: format!("kind {kind}, length {length}"),
            ..Cell::of_bits(name, at..next.min(at + 16), header)
        };
        // The number behind kind and length, with all of the option as its bytes.
        let whole = |name| Cell {
            value: Cell::of_bits(name, at + 16..next, header).value,
            ..Cell::of_bits(name, at..next, header)
        };
        let stamp = |name, from| Cell {
            term: "timestamps",
            ..Cell::of_bits(name, from..from + 32, header)
        };
        match (kind, length) {
            (1, 1) => cells.push(Cell {
                value: format!("kind {kind}"),
                ..Cell::of_bits("no operation", at..next, header)
            }),
            (2, 4) => cells.push(whole("maximum segment size")),
            (3, 3) => cells.push(whole("window scale")),
            (4, 2) => cells.push(head("SACK permitted")),
            (8, 10) => cells.extend([
                head("timestamps"),
                stamp("timestamp value", at + 16),
                stamp("timestamp echo reply", at + 48),
            ]),
            _ => return None,
        }
        at = next;
    }
    cells.iter().all(fits).then_some(cells)
}

/// Whether a cell is within a row, or is whole rows.
fn fits(cell: &Cell) -> bool {
    let (start, width) = (cell.bits.start % ROW, cell.bits.len());
    start + width <= ROW || start == 0 && width % ROW == 0
}
