//! The finished book in a browser, as a reader has it.
//!
//! The book is built in a temporary tree, with a page more that has a figure of
//! every kind. Without Chromium these tests are *ignored*, and say what to
//! install; with REQUIRE_ALL=1 they fail then, so that CI cannot pass by skipping.

mod book;
mod chapters;
mod explorer;
mod fields;
mod motion;
mod tab;
mod width;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::book::Book;

type Test = fn(&Book) -> anyhow::Result<()>;

const TESTS: &[(&str, Test)] = &[
    (
        "chapters::next_one_and_sidebar",
        chapters::next_one_and_sidebar,
    ),
    ("chapters::search", chapters::search),
    ("chapters::no_errors", chapters::no_errors),
    ("explorer::from_a_row", explorer::from_a_row),
    ("explorer::without_javascript", explorer::without_javascript),
    ("fields::keyboard", fields::keyboard),
    ("fields::pointer", fields::pointer),
    ("fields::without_javascript", fields::without_javascript),
    (
        "motion::from_station_to_station",
        motion::from_station_to_station,
    ),
    (
        "motion::still_where_it_is_not_wanted",
        motion::still_where_it_is_not_wanted,
    ),
    ("width::phone", width::phone),
    ("width::long_lines_of_code", width::long_lines_of_code),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One browser, in which only one page at a time has the focus.
    arguments.test_threads = Some(1);
    let chromium = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(program);
    let require_all = std::env::var_os("REQUIRE_ALL").is_some();
    let book: Arc<OnceLock<Result<Book, String>>> = Arc::default();
    let trial = |(name, test): &(&'static str, Test)| {
        let (test, book) = (*test, Arc::clone(&book));
        let Some(chromium) = chromium.clone() else {
            let lacking = "needs chromium; sudo apt-get install chromium";
            return Trial::test(*name, move || Err(lacking.into()))
                .with_kind(lacking)
                .with_ignored_flag(!require_all);
        };
        Trial::test(*name, move || {
            let open = || Book::open(&chromium).map_err(|err| format!("{err:#}"));
            let book = book.get_or_init(open).as_ref();
            test(book.map_err(Failed::from)?).map_err(|err| format!("{err:#}").into())
        })
    };
    let trials = TESTS.iter().map(trial).collect();
    let code = libtest_mimic::run(&arguments, trials).exit_code();
    // The last one, so that the browser ends and the folder goes.
    drop(book);
    code
}

/// Where a program is.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}
