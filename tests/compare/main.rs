//! `lab compare`: faults in a copy of a capture are found and explained.

mod chosen;
mod command;
mod content;
mod differences;
mod files;
mod mine;
mod packets;
mod presence;
mod runs;

use lab::compare::compare;

use crate::mine::reference;

const CHAPTERS: [&str; 12] = [
    "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11",
];

#[test]
fn a_reference_is_like_itself() {
    for chapter in CHAPTERS {
        let folder = reference(chapter);
        let found = compare(&folder, &folder).unwrap();
        assert!(found.is_none(), "{chapter}: {found:?}");
    }
}
