//! Builds *IP over UDP, packet by packet*.
//!
//! A page's text goes through [`page`]: its directives become code, tables and
//! figures from the tree, its transcripts are marked up. mdBook makes HTML of
//! it, and [`check`] reads that HTML as a reader would: does each link lead
//! somewhere, does each figure say in words what it shows.
//!
//! | module | what it is for |
//! |---|---|
//! | [`build`] | the whole book, into `target/book`, or not at all |
//! | [`page`] | one page: directives and code blocks |
//! | [`listing`] | `{{#listing src/checksum.rs checksum}}`: code, by its anchor |
//! | [`anchor`] | where the anchors of a source file are |
//! | [`source_page`] | source files as pages, and the links to them |
//! | [`changes`] | `{{#changes ch05 ch06}}`: from one program to the next |
//! | [`solution`] | `{{#solution 06-1}}`: how an exercise can be solved |
//! | [`predicted`] | `{{#predicted 2}}`: a question of the page, said again at its answer |
//! | [`doctor`] | `{{#doctor}}`: what `cargo lab doctor` can say |
//! | [`console`] | transcripts: prompts, commands and output told apart |
//! | [`figure`] | draws packets, packet lists and journeys from captures |
//! | [`explorer`] | the page with all packets of a chapter, and the links to it |
//! | [`minutes`] | `{{#minutes ch03-answer-ping.md}}`: how long a chapter takes |
//! | [`number`] | the numbers of figures |
//! | [`check`] | what must be true of the finished book |
//! | [`problem`] | what is wrong, and in which line of which file |
//! | [`html`] | text and blocks for HTML inside Markdown |

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod anchor;
pub mod build;
pub mod changes;
pub mod check;
pub mod console;
pub mod doctor;
pub mod explorer;
pub mod figure;
pub mod html;
pub mod listing;
pub mod minutes;
pub mod number;
pub mod page;
pub mod predicted;
pub mod problem;
pub mod solution;
pub mod source_page;
