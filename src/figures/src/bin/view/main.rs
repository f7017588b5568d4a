//! `cargo lab view`: a page with all packets of captures. The lab starts this
//! program with what the reader's words mean; it is compiled when it is needed.

#![forbid(unsafe_code)]

mod captures;
mod live;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use clap::Parser;
use ip_over_udp::output::println;
use ip_over_udp::program::report;
use lab::summary::shown;

use captures::View;
use live::Live;

/// Make a page with all packets of captures
#[derive(Parser)]
struct Args {
    /// A folder of captures, or capture files
    #[arg(required_unless_present = "live")]
    captures: Vec<PathBuf>,

    /// Serve the page, for as long as the lab runs that captures into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["captures", "page"])]
    live: Option<PathBuf>,

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
        if let Some(folder) = &args.live {
            let live = Live::of(folder)?;
            let address = live.address()?;
            println!("the page is {address}; it ends with the lab");
            if args.open {
                // Where there is no desktop, it may wait until the browser ends.
                thread::spawn(move || open(address.as_ref(), &address));
            }
            live.serve()?;
            return Ok(ExitCode::SUCCESS);
        }
        let view = View::of(
            &args.captures,
            args.chapter.as_deref(),
            args.reference.as_deref(),
        )?;
        let place = args.page.unwrap_or(view.place.clone());
        view.write(&place)?;
        if args.open {
            open(place.as_ref(), &shown(&place).display().to_string());
        } else if !args.quiet {
            println!("the page is {}", shown(&place).display());
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Hands the page to the program that opens files on this desktop, and says where
/// it is, by this name, if there is none.
fn open(page: &OsStr, name: &str) {
    let opened = Command::new("xdg-open")
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match opened {
        Ok(status) if status.success() => println!("opened {name}"),
        Ok(status) => println!(
            "cannot open a browser: xdg-open ended with {status}\n  open this page in one: {name}"
        ),
        Err(err) => println!(
            "cannot open a browser: cannot run xdg-open: {err}\n  open this page in one: {name}"
        ),
    }
}
