//! The lab: three hosts on one machine, without root, gone when it ends.
//!
//! [`namespace`] makes the processes and namespaces that it lives in, [`hosts`]
//! the hosts and their cables; [`recorder`] captures every interface into the
//! [run directory](run_dir); a [`Lab`] is all of this, running. [`journey`] tells
//! what became of one packet, and [`summary`] where the captures are. [`compare`]
//! lays captures beside the reference. [`programs`] builds what the hosts run, and
//! [`doctor`] says what a machine lacks.
//!
//! A chapter's experiment stands in the [`book`]: [`transcript`] reads it, the
//! [`player`] plays it, a command at a time through an [`executor`] with a
//! [`shell`] for each host; [`matching`] tells whether a command printed what the
//! book says, and [`verify`] is for a whole chapter what is shown, checked or
//! blessed. An [`exercise`] is played on what the reader made of the programs;
//! the [`evidence`] helps to see why it is not done yet.
//!
//! `sys` holds all the `unsafe` of the lab.

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

#[forbid(unsafe_code)]
pub mod book;
#[forbid(unsafe_code)]
pub mod compare;
#[forbid(unsafe_code)]
pub mod doctor;
#[forbid(unsafe_code)]
pub mod error;
#[forbid(unsafe_code)]
pub mod evidence;
#[forbid(unsafe_code)]
pub mod executor;
#[forbid(unsafe_code)]
pub mod exercise;
#[forbid(unsafe_code)]
pub mod hosts;
#[forbid(unsafe_code)]
pub mod journey;
#[forbid(unsafe_code)]
mod lab;
#[forbid(unsafe_code)]
pub mod matching;
#[forbid(unsafe_code)]
pub mod namespace;
#[forbid(unsafe_code)]
pub mod player;
#[forbid(unsafe_code)]
pub mod programs;
#[forbid(unsafe_code)]
pub mod recorder;
#[forbid(unsafe_code)]
pub mod run_dir;
#[forbid(unsafe_code)]
pub mod shell;
#[forbid(unsafe_code)]
pub mod summary;
#[allow(unsafe_code)]
mod sys;
#[forbid(unsafe_code)]
pub mod transcript;
#[forbid(unsafe_code)]
pub mod verify;

pub use lab::{Lab, Setup};
