//! The tests of the book's tool, on small books in temporary folders.

mod building;
mod checks;
mod directives;
mod explorers;
mod fixture;
mod terminal;
mod watching;
mod wrong_directives;
