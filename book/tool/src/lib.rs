//! Builds *IP over UDP, packet by packet*.
//!
//! | module | what it is for |
//! |---|---|
//! | [`figure`] | draws packets, packet lists and journeys from captures |

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod figure;
