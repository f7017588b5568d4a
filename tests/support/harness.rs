//! How a test is declared, found and run.
//!
//! ```text
//! /// What it shows, where the name does not say it.
//! #[apply(test_in_lab)]
//! #[needs(CURL, WGET)]
//! fn a_page_comes_through() { … }
//! ```
//!
//! Its name is that of the function, with its module before it:
//! `cargo test --test lab ch06::a_page_comes_through`. Besides what it names, such
//! a test needs a lab; one that does not is a `test_without_lab`. A test of which
//! there are many, one for each chapter for example, is a [`trial`].

use std::process::ExitCode;
use std::sync::LazyLock;
use std::thread;

#[doc(hidden)]
pub use inventory::submit;
use libtest_mimic::{Arguments, Trial};
use nix::sys::signal::{SigHandler, Signal, signal};

use crate::need::{Need, lacking};
use crate::programs::clean_up;
use crate::user::is_root;

/// A test that [`found`] finds.
pub struct Test {
    /// With the name of its crate before that of its module.
    pub path: &'static str,
    pub needs: &'static [Need],
    pub run: fn(),
}

inventory::collect!(Test);

/// Makes a function a test that needs a lab.
#[macro_export]
macro_rules! test_in_lab {
    ($($test:tt)*) => { $crate::declare! { [$crate::LAB] $($test)* } };
}

/// Makes a function a test that needs no lab.
#[macro_export]
macro_rules! test_without_lab {
    ($($test:tt)*) => { $crate::declare! { [] $($test)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! declare {
    (
        [$($always:expr)?]
        $(#[doc = $doc:literal])*
        $(#[needs($($need:expr),+)])?
        fn $name:ident() $body:block
    ) => {
        $(#[doc = $doc])*
        fn $name() $body

        $crate::harness::submit! {
            $crate::Test {
                path: concat!(module_path!(), "::", stringify!($name)),
                needs: &[$($always,)? $($($need),+)?],
                run: $name,
            }
        }
    };
}

/// The tests that this program declares, by name.
pub fn found() -> Vec<Trial> {
    let name = |test: &Test| test.path.split_once("::").unwrap().1;
    let mut tests: Vec<&Test> = inventory::iter::<Test>.into_iter().collect();
    tests.sort_by_key(|test| name(test));
    let trials = tests.into_iter();
    trials
        .map(|test| trial(name(test), test.needs, test.run))
        .collect()
}

/// A test that runs if the machine has what it needs. If not, it is *ignored*,
/// and its line says what to install. With REQUIRE_ALL=1 it fails instead, so
/// that CI cannot pass by skipping.
pub fn trial(name: &str, needs: &[Need], run: impl FnOnce() + Send + 'static) -> Trial {
    static LISTED: LazyLock<bool> = LazyLock::new(|| Arguments::from_args().list);
    if *LISTED {
        return Trial::test(name, || Ok(()));
    }
    let lacking: Vec<String> = needs.iter().filter_map(|&need| lacking(need)).collect();
    if lacking.is_empty() {
        return Trial::test(name, move || {
            run();
            Ok(())
        });
    }
    let lacking = format!("needs {}", lacking.join(", "));
    // To be root is no tool that one could install.
    let is_tool = !needs.contains(&Need::Root) || is_root();
    if std::env::var_os("REQUIRE_ALL").is_some() && is_tool {
        let failure = lacking.clone();
        return Trial::test(name, move || Err(failure.into())).with_kind(lacking);
    }
    Trial::test(name, || Ok(()))
        .with_kind(lacking)
        .with_ignored_flag(true)
}

/// Runs tests, as the command line says: the whole of a test program's `main`.
pub fn run_all(trials: Vec<Trial>) -> ExitCode {
    // A script's background job ignores Ctrl-C, one of `nohup` the end of its
    // terminal; and so would all that is started here, until it has come far
    // enough to say otherwise.
    for ignored in [Signal::SIGINT, Signal::SIGHUP] {
        // SAFETY: no handler is installed.
        let _ = unsafe { signal(ignored, SigHandler::SigDfl) };
    }
    let mut arguments = Arguments::from_args();
    // Most of the time a test waits: for a ping, or for a line.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(cores * TESTS_PER_CORE);
    let conclusion = libtest_mimic::run(&arguments, trials);
    clean_up();
    conclusion.exit_code()
}

/// How many tests run at once, for each core.
const TESTS_PER_CORE: usize = 3;
