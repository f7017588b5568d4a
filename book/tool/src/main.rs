//! `cargo book`: the command line of the book's tool.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use book_tool::build::build;
use book_tool::html;
use book_tool::problem::Problems;
use clap::Parser;
use ip_over_udp::output::{eprintln, println};
use lab::{programs, rounds};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::flag;

/// Build the book, and check it
///
/// Reports every problem, with file and line. If there is one, the book that was
/// built last stays in target/book.
#[derive(Parser)]
#[command(name = "cargo book", bin_name = "cargo book")]
struct Args {
    /// Open the book in a browser
    #[arg(long)]
    open: bool,

    /// Only warn about anchors in the code that no page uses
    ///
    /// For a chapter whose code is written before its text. Without this option,
    /// an unused anchor is an error: the page has lost its listing, or the anchor
    /// is not needed.
    #[arg(long)]
    draft: bool,

    /// Build the book again after each change, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

fn main() -> ExitCode {
    // mdBook's warnings are `tracing` events, which are lost without a subscriber.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .without_time()
        // Or it reports on standard error that it cannot write to standard error.
        .log_internal_errors(false)
        .with_target(false)
        .init();
    match signals().and_then(|()| run(Args::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            report(&err);
            ExitCode::FAILURE
        }
    }
}

fn report(err: &anyhow::Error) {
    match err.downcast_ref::<Problems>() {
        Some(problems) => {
            let number = html::count(problems.0.len(), "problem");
            eprintln!("{problems}\nerror: the book has {number}");
        }
        None => eprintln!("error: {err:#}"),
    }
}

/// Ctrl-C ends the process at once, with 130, also in a background job of a
/// script, for which the shell has set SIGINT to be ignored. A handler replaces
/// that here; a child process starts with the default action. SIGCHLD has one for
/// the same reason: without it, `opener` could not wait for what it starts.
fn signals() -> anyhow::Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&always))
            .context("cannot wait for Ctrl-C")?;
    }
    flag::register(SIGCHLD, always).context("cannot wait for the end of a child")?;
    Ok(())
}

fn run(args: Args) -> anyhow::Result<()> {
    let tree = tree()?;
    let mut open = args.open;
    if !args.watch {
        return build_once(&tree, args.draft, open);
    }
    // A browser reads the book from its folder, so there is no server here, and
    // the browser's own reload shows the new page.
    let paths = WATCHED.map(|path| tree.join(path));
    let ended = rounds::repeat(
        &paths,
        |_| true,
        || {
            match build_once(&tree, args.draft, open) {
                Ok(()) => open = false,
                Err(err) => report(&err),
            }
            Ok(())
        },
    )?;
    match ended {}
}

/// What the book is made of.
const WATCHED: [&str; 6] = [
    "book/book.toml",
    "book/src",
    "book/theme",
    "captures",
    "chapters",
    "src",
];

/// Builds the book, and says where it is.
fn build_once(tree: &Path, draft: bool, open: bool) -> anyhow::Result<()> {
    let built = build(tree, draft)?;
    for warning in &built.warnings {
        eprintln!("warning: {warning}");
    }
    let page = built.folder.join("index.html");
    println!("the book is built; open {}", from_here(&page, tree));
    if open {
        let page = page.display();
        opener::open(page.to_string())
            .with_context(|| format!("cannot open a browser; open {page} in one"))?;
    }
    Ok(())
}

/// The root of the tree: `cargo book` tells where this package is. Started
/// without Cargo, the program looks above the current folder.
fn tree() -> anyhow::Result<PathBuf> {
    let Some(tool) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return programs::tree();
    };
    let tree = Path::new(&tool).join("../..");
    tree.canonicalize()
        .with_context(|| format!("cannot find the tree of the book at {}", tree.display()))
}

/// A path of the tree as seen from the current directory.
fn from_here(path: &Path, tree: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = match (path.strip_prefix(&here), here.strip_prefix(tree)) {
        (Ok(below), _) => below.to_owned(),
        (_, Ok(inside)) => {
            let up: PathBuf = inside.components().map(|_| "..").collect();
            up.join(path.strip_prefix(tree).unwrap_or(path))
        }
        _ => path.to_owned(),
    };
    shown.display().to_string()
}
