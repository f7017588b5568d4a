//! What must be true of the book, besides what its directives check.
//!
//! mdBook says nothing of any of these: it accepts a misspelt setting, leaves a
//! page out that its summary does not name, and writes links that lead nowhere.

pub mod anchors;
pub mod config;
pub mod figures;
pub mod finished;
pub mod links;
pub mod pages;
