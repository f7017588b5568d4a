//! Figures, from the reference captures and from made ones.

mod arguments;
mod bytes;
mod captures;
mod damaged;
mod errors;
mod fields;
mod flow;
mod header;
mod read;
mod snapshots;
mod values;
