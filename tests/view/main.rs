//! The page of `cargo lab view`, in a browser, as a reader has it.
//!
//! | module | what it is about |
//! |---|---|
//! | `browser` | the page in Chromium |
//! | `chapter` | the page of a chapter that was just played |
//! | `hostile` | packets that would like to run something |
//! | `live` | the page of a lab that runs |
//! | `tshark` | what the page shows, and what its commands for tshark print |
//! | `captures` | captures of any kind, and none |

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod browser;
mod captures;
mod chapter;
mod hostile;
mod live;
mod tshark;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::run_all(support::found())
}
