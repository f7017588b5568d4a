//! `cargo lab view`: a page with all packets of captures. The lab starts this
//! program with what the reader's words mean; it is compiled when it is needed.

#![forbid(unsafe_code)]

mod captures;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use lab::summary::shown;

use captures::View;

/// Make a page with all packets of captures
#[derive(Parser)]
struct Args {
    /// A folder of captures, or capture files
    #[arg(required = true)]
    captures: Vec<PathBuf>,

    /// The folder has the captures of this chapter
    #[arg(long)]
    chapter: Option<String>,

    /// The captures in this folder are the reference
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,

    /// Write the page to this file [default: beside the captures]
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,

    /// Open the page in a browser
    #[arg(long)]
    open: bool,

    /// Print nothing
    #[arg(long)]
    quiet: bool,
}

fn main() -> ExitCode {
    report(|| {
        let args = Args::parse();
        let view = View::of(
            &args.captures,
            args.chapter.as_deref(),
            args.reference.as_deref(),
        )?;
        let place = args.page.unwrap_or(view.place.clone());
        view.write(&place)?;
        if args.open {
            open(&place);
        } else if !args.quiet {
            println!("the page is {}", shown(&place).display());
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Hands the page to the program that opens files on this desktop, and says where
/// it is if there is none.
fn open(page: &Path) {
    let opened = Command::new("xdg-open")
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let page = shown(page);
    let page = page.display();
    match opened {
        Ok(status) if status.success() => println!("opened {page}"),
        Ok(status) => println!(
            "cannot open a browser: xdg-open ended with {status}\n  open this page in one: {page}"
        ),
        Err(err) => println!(
            "cannot open a browser: cannot run xdg-open: {err}\n  open this page in one: {page}"
        ),
    }
}
