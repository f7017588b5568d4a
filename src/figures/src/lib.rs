//! Packets followed through a network and drawn as HTML and SVG: for the figures
//! of the book, and for the page with the reader's own captures.
//!
//! The colours are in `book/theme/book.css`. All figures work without JavaScript.
//!
//! | module | what it is for |
//! |---|---|
//! | [`part`] | a packet in parts that are coloured alike everywhere |
//! | [`count`] | a number and its noun |
//! | [`explained`] | the name of a field, and where it is explained |
//! | [`http`] | HTTP in a packet, in a line |
//! | [`anatomy`] | the bytes of one packet, every field named |
//! | [`list`] | packets in lines, what is inside below what carries it |
//! | [`way`] | one packet at every interface, for a drawing |
//! | [`ladder`] | the drawing: a rung for each interface |
//! | [`track`] | packets followed through all interfaces of a capture |
//! | [`conversation`] | a conversation as arrows between two ends |
//! | [`explorer`] | a page with all packets of a capture |

#![forbid(unsafe_code)]

pub mod anatomy;
pub mod conversation;
pub mod count;
pub mod explained;
pub mod explorer;
pub mod http;
pub mod ladder;
pub mod list;
pub mod part;
pub mod track;
pub mod way;

/// Units across a drawing: about the width of a phone.
pub const WIDTH: usize = 340;
/// Units left free at either side.
pub const MARGIN: usize = 12;
