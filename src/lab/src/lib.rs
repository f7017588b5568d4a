//! The lab: three hosts on one machine, without root, gone when it ends.
//!
//! [`namespace`] makes the processes and namespaces that it lives in, [`hosts`]
//! the hosts and their cables; [`recorder`] captures every interface into the
//! [run directory](run_dir); a [`Lab`] is all of this, running. [`journey`] tells
//! what became of one packet, and [`summary`] where the captures are. [`compare`]
//! compares captures with the reference. [`programs`] builds what the hosts run, and
//! [`doctor`] says what a machine lacks.
//!
//! A chapter's experiment is in the [`book`]: [`transcript`] reads it, the
//! [`player`] plays it, a command at a time through an [`executor`] with a
//! [`shell`] for each host; [`matching`] tells whether a command printed what the
//! book says, and [`verify`] is for a whole chapter what is shown, checked or
//! blessed. An [`exercise`] is played on what the reader made of the programs;
//! the [`evidence`] helps to see why it is not done yet, and [`rounds`] play it
//! again after each change.
//!
//! The [`web`] server is for a page behind the tunnel, and for that of a running lab. The
//! [`relay`] is the network's bad weather.
//!
//! `sys` holds all the `unsafe` of the lab.

// Only `sys` may contain `unsafe`.
#![deny(unsafe_code)]
#![warn(missing_docs)]

/// `println!` for text with styles, which only a terminal is to see.
#[macro_export]
macro_rules! styled {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        ip_over_udp::output::written(writeln!(anstream::stdout(), $($arg)*))
    }};
}

pub mod book;
pub mod compare;
pub mod doctor;
pub mod error;
pub mod evidence;
pub mod executor;
pub mod exercise;
pub mod hosts;
pub mod journey;
mod lab;
pub mod matching;
pub mod namespace;
pub mod player;
pub mod programs;
pub mod recorder;
pub mod relay;
pub mod rounds;
pub mod run_dir;
pub mod shell;
pub mod summary;
#[allow(unsafe_code)]
mod sys;
pub mod transcript;
pub mod verify;
pub mod web;

pub use lab::{Lab, Setup};
