//! Printing to a standard output that may be closed or full.
//!
//! The macros of the standard library panic when standard output is closed, as
//! in `ch06 -v | head -n 1`, or when the disk behind it is full. Those that are
//! called the same here end the program instead: quietly in the first case, and
//! with a sentence in the second. An error message that cannot be written is
//! lost, and the program goes on.

use std::io::{self, ErrorKind};
use std::process::exit;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

pub use crate::{eprintln, print, println};

/// `println!`, for a standard output that may be closed or full.
#[macro_export]
macro_rules! println {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        $crate::output::written(writeln!(std::io::stdout(), $($arg)*))
    }};
}

/// `print!`, for a standard output that may be closed or full.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        $crate::output::written(write!(std::io::stdout(), $($arg)*))
    }};
}

/// `eprintln!`, for a standard error that may be closed or full.
#[macro_export]
macro_rules! eprintln {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($arg)*);
    }};
}

/// Ends the program if standard output could not be written: with exit code 0 if
/// its reader has closed it, as in `| head`, and else with the reason and 1.
/// [`set_write_error_code`] changes both.
pub fn written<T>(result: io::Result<T>) -> T {
    let code = || i32::from(UNWRITTEN.load(Relaxed));
    match result {
        Ok(done) => done,
        Err(err) if err.kind() == ErrorKind::BrokenPipe => exit(code()),
        Err(err) => {
            eprintln!("error: cannot write to standard output: {err}");
            exit(code().max(1))
        }
    }
}

static UNWRITTEN: AtomicU8 = AtomicU8::new(0);

/// Sets the exit code of [`written`], for a program in which 0 and 1 have a
/// meaning already.
pub fn set_write_error_code(code: u8) {
    UNWRITTEN.store(code, Relaxed);
}
