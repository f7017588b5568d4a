//! What the tests share.
//!
//! | module | what it is for |
//! |---|---|
//! | `harness` | how a test is declared, found and run |
//! | `need` | what a test needs of the machine, and what becomes of it without that |
//! | `programs` | the programs as the tree has them now, and the lab's command |
//! | `user` | who starts the labs, and folders of theirs |
//! | `run` | a program's output, while it runs and when it has ended |
//! | `terminal` | a program that is typed at |
//! | `own_lab` | a lab of one test's own |
//! | `wait` | waiting for what comes a little later |

#[doc(hidden)]
pub mod harness;
mod need;
mod own_lab;
mod programs;
mod run;
mod terminal;
mod user;
mod wait;

pub use harness::{Test, found, run_all, trial};
pub use macro_rules_attribute::apply;
pub use need::*;
pub use own_lab::Lab;
pub use programs::*;
pub use run::{Done, Program, number, run};
pub use terminal::Terminal;
pub use user::{as_user, is_root, temporary, uid, user};
pub use wait::{eventually, processes};
