//! Figures, from the reference captures and from made ones.

mod arguments;
mod bytes;
mod captions;
mod captures;
mod checksums;
mod damaged;
mod differences;
mod errors;
mod explorer;
mod fields;
mod flow;
mod fragments;
mod header;
mod pcap;
mod read;
mod snapshots;
mod values;
