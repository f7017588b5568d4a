//! Everything that needs a network: the programs and the lab itself, in the
//! lab, run as a reader runs them.
//!
//! | module | what it is about |
//! |---|---|
//! | `ch00` … `ch11` | what each chapter says of its program |
//! | `every_program` | what is true of all of them |
//! | `tunnel` | what must be true of every tunnel |
//! | `transfers` | large ones through a bad network |
//! | `relay` | the bad network |
//! | `interop` | programs of others at the other end |
//! | `wireshark`, `oracle` | what Wireshark's programs see, and whether ours agree |
//! | `errors` | bad input and bad machines, and the words for them |
//! | `lifecycle`, `ending` | labs that come and go |
//! | `hosts`, `shells` | what a lab gives |
//! | `live` | the page of a running lab, as a browser gets it |
//! | `starting` | what the lab's command needs |
//! | `player` | chapters played, compared and blessed |
//!
//! One of them: `cargo test --test lab tunnel::crosses_unchanged::ipv4_in_ipv4`.
//! How a test is declared: `tests/support/harness.rs`.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod ch00;
mod ch01;
mod ch02;
mod ch03;
mod ch04;
mod ch05;
mod ch06;
mod ch07;
mod ch08;
mod ch09;
mod ch10;
mod ch11;
mod crossing;
mod ending;
mod ends;
mod errors;
mod every_program;
mod hosts;
mod interop;
mod lifecycle;
mod live;
mod machine;
mod oracle;
mod player;
mod relay;
mod shells;
mod small;
mod starting;
mod transfers;
mod tunnel;
mod wireshark;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::run_all(support::found())
}
