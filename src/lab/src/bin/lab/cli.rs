//! The words that the lab understands on its command line.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use lab::Setup;
use lab::book::Book;
use lab::executor::Limits;
use lab::hosts::NAMES;
use lab::programs;

/// Three hosts on this machine, without root: left, the internet, and right.
#[derive(Parser)]
#[command(name = "lab", subcommand_precedence_over_arg = true, after_help = HELP)]
pub struct Args {
    /// The chapter to play, 06 for example [default: 00]
    pub chapter: Option<String>,

    #[command(subcommand)]
    pub command: Option<Action>,

    #[command(flatten)]
    pub options: Options,
}

#[derive(clap::Args)]
pub struct Options {
    /// Run the programs in this folder, and build nothing
    #[arg(long, value_name = "DIR", global = true)]
    pub bin_dir: Option<PathBuf>,

    /// Put captures below this folder [default: target/lab]
    #[arg(long, value_name = "DIR", global = true)]
    pub out: Option<PathBuf>,

    /// Find the chapters in this folder [default: book/src]
    #[arg(long, value_name = "DIR", global = true)]
    pub book: Option<PathBuf>,

    /// Find the reference captures in this folder [default: captures]
    #[arg(long, value_name = "DIR", global = true, hide = true)]
    pub captures: Option<PathBuf>,

    /// How long a command may take, for tests
    #[arg(long, value_name = "SECONDS", global = true, hide = true,
          value_parser = clap::value_parser!(u64).range(1..=600))]
    pub limit: Option<u64>,
}

#[derive(Clone, Subcommand)]
pub enum Action {
    /// Play a chapter; without a name, chapter 0 and the journey of a packet
    #[command(skip)]
    Play { chapter: Option<String> },
    /// Start a lab and leave it running until Ctrl-C
    Up {
        /// Give the hosts IPv6 addresses too
        #[arg(long)]
        ipv6: bool,
        /// Write no captures, which would disturb measurements
        #[arg(long)]
        no_capture: bool,
    },
    /// Open a shell on a host, or run one command there
    ///
    /// Joins the running lab. If none is running, starts one, which ends with
    /// the shell.
    Shell {
        /// Give the hosts IPv6 addresses too, if this starts the lab
        #[arg(long)]
        ipv6: bool,
        /// The host
        #[arg(value_parser = NAMES)]
        host: String,
        /// A command to run in place of a shell
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Write the packets of one interface to standard output, as pcapng
    ///
    /// Captures from now on, in the running lab, until that ends or the program
    /// that reads the output does.
    Capture {
        /// The host
        #[arg(value_parser = NAMES)]
        host: String,
        /// Its interface: eth0, tun0 or lo; on internet left or right
        interface: String,
    },
    /// Compare your captures of a chapter with the reference captures
    ///
    /// Explains the first difference, and says how to open both captures there.
    /// Exit code 0: no difference. 1: a difference. 2: an error.
    Compare {
        /// The chapter, 06 for example
        chapter: String,
    },
    /// Look at captures in a browser: yours of a chapter, or any others
    ///
    /// Writes one file with all packets: the hosts, two lists side by side, the bytes
    /// of each packet, its journey and its conversation, and what is not as in the
    /// reference captures. The page needs no network and no Wireshark.
    ///
    /// With --live, the page is that of the running lab, until it ends: packets
    /// appear as they pass. Only this machine can reach it.
    View {
        /// A chapter, 06 for example; a folder of captures; or capture files
        #[arg(value_name = "WHAT", default_value = "00")]
        what: Vec<String>,
        /// Open the page in a browser
        #[arg(long)]
        open: bool,
        /// Write the page to this file [default: beside the captures]
        #[arg(long, value_name = "FILE")]
        page: Option<PathBuf>,
        /// Keep the page up to date while a lab runs
        #[arg(long, conflicts_with_all = ["what", "page"])]
        live: bool,
    },
    /// Say which exercises of a chapter your programs solve already
    ///
    /// Builds your programs as they are now, and plays the exercises with them.
    /// Exit code 0: all are done. 1: one or more are not. 2: an error.
    /// With --watch it goes on until Ctrl-C.
    Exercise {
        /// The chapter, or one exercise: 06 or 06-1
        #[arg(value_name = "CHAPTER")]
        which: String,
        /// Show the next hint for the first exercise that is not done
        #[arg(long)]
        hint: bool,
        /// Play again whenever you save a file in chapters/ or src/
        ///
        /// Begins with the first exercise that is not done, and stops at it. Those
        /// that were done before are played again once no other is left. With
        /// --hint, one hint is shown, the first time that an exercise is not done.
        #[arg(long)]
        watch: bool,
    },
    /// Play chapters, and compare output and captures with the book's
    ///
    /// Exit code 0: no difference. 1: a difference. 2: an error.
    Check {
        /// One chapter, 06 for example [default: all]
        chapter: Option<String>,
    },
    /// Play chapters, and put the new output and captures into the book
    ///
    /// Plays each chapter twice: first for the output in its console blocks, then,
    /// as these are written now, for its reference captures. Captures that differ
    /// only in what no two runs have in common, such as times, stay as they are.
    Bless {
        /// One chapter, 06 for example [default: all]
        chapter: Option<String>,
        /// Rewrite only this part
        #[arg(long, value_name = "PART")]
        only: Option<Part>,
        /// Replace captures even if only times and the like differ
        #[arg(long)]
        times: bool,
    },
    /// Measure tunnels side by side: throughput, packets, time, memory
    ///
    /// `cargo lab bench --help` has its options.
    #[command(disable_help_flag = true)]
    Bench {
        /// What it is given
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Say what this machine lacks, and how to get it
    Doctor,
    /// Start a lab, open a TUN device, end: what `doctor` tries
    #[command(hide = true)]
    Trial,
}

/// What `bless` rewrites.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Part {
    /// The output in the chapter's console blocks
    Blocks,
    /// The chapter's reference captures
    Captures,
}

const HELP: &str = "\
What to try:
  cargo run                     play chapter 0: a web page through a tunnel
  cargo lab 03                  play the experiment of chapter 3
  cargo lab shell left          a shell on the host left: try `ip address`
  cargo lab shell right         in another terminal: the same lab, another host
  cargo lab shell left ping -c 1 right
  cargo lab capture left eth0 | wireshark -k -i -
  cargo lab view 03             all its packets, in a browser
  cargo lab view --live --open  those of the running lab, as they pass
  cargo lab exercise 03         are the exercises of chapter 3 done?
  cargo lab exercise 03 --watch and now? Again, whenever you save a program
  cargo lab bench --against ch06,ch11   how fast are they, here?
  cargo lab doctor              if something is missing

Captures are in target/lab: a folder for each chapter, a file per interface.";

impl Args {
    /// What is to be done: without a command, a chapter is played.
    pub fn action(&self) -> anyhow::Result<Action> {
        match (&self.chapter, &self.command) {
            (None, Some(action)) => Ok(action.clone()),
            (Some(_), Some(_)) => {
                bail!(
                    "cannot take a chapter and a command at once; give one of them, see cargo lab --help"
                )
            }
            (chapter, None) => Ok(Action::Play {
                chapter: chapter.clone(),
            }),
        }
    }

    /// The commands that the help lists.
    pub fn commands() -> String {
        let args = Args::command();
        let shown = args.get_subcommands().filter(|each| !each.is_hide_set());
        let names: Vec<&str> = shown.map(|each| each.get_name()).collect();
        names.join(", ")
    }
}

impl Action {
    /// Whether exit code 1 means a difference, and 2 an error.
    pub fn verifies(&self) -> bool {
        match self {
            Action::Check { .. }
            | Action::Bless { .. }
            | Action::Compare { .. }
            | Action::Exercise { .. } => true,
            Action::Play { .. }
            | Action::Up { .. }
            | Action::Shell { .. }
            | Action::Capture { .. }
            | Action::View { .. }
            | Action::Bench { .. }
            | Action::Doctor
            | Action::Trial => false,
        }
    }
}

impl Options {
    /// The folder with the chapter programs.
    pub fn bin_dir(&self) -> anyhow::Result<PathBuf> {
        match &self.bin_dir {
            None => programs::beside_this_one(),
            Some(dir) => {
                let found = dir.canonicalize();
                found.with_context(|| format!("cannot find the folder {}", dir.display()))
            }
        }
    }

    /// How long the commands of a chapter may take.
    pub fn limits(&self) -> Limits {
        match self.limit.map(Duration::from_secs) {
            Some(limit) => Limits {
                end: limit,
                ready: limit,
            },
            None => Limits::default(),
        }
    }

    /// The book, with its captures.
    pub fn book(&self) -> anyhow::Result<Book> {
        Book::at(self.book.as_deref(), self.captures.as_deref())
    }

    /// The folder in which each run has its own.
    pub fn base(&self) -> anyhow::Result<PathBuf> {
        Ok(match &self.out {
            None => programs::captures()?,
            Some(out) => std::path::absolute(out)?,
        })
    }

    /// What a lab of this name is started with.
    pub fn setup(&self, name: &str, ipv6: bool) -> anyhow::Result<Setup> {
        Ok(Setup {
            programs: self.bin_dir()?,
            base: self.base()?,
            name: name.to_owned(),
            ipv6,
            capture: true,
        })
    }

    /// This program once more, with the same options, for a lab of its own.
    pub fn again(&self) -> anyhow::Result<Command> {
        let mut lab = this_program();
        lab.arg("--bin-dir").arg(self.bin_dir()?);
        lab.arg("--out").arg(self.base()?);
        let book = self.book()?;
        lab.arg("--book").arg(book.folder);
        lab.arg("--captures").arg(book.captures);
        if let Some(limit) = self.limit {
            lab.args(["--limit", &limit.to_string()]);
        }
        Ok(lab)
    }
}

/// This program, even if Cargo has replaced its file meanwhile.
pub fn this_program() -> Command {
    Command::new("/proc/self/exe")
}
