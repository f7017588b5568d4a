//! The book in a browser, built again after each change.
//!
//! On loopback only. A failed build does not end the server: the problems are
//! shown in the terminal and over the last good page until they are mended.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use lab::web::{self, Answer};
use walkdir::WalkDir;

use crate::build::build;
use crate::html::escape;
use crate::say;

/// How often the files are looked at. Asking is simpler than being told, and
/// works on every file system.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// What the book is made of.
const WATCHED: [&str; 6] = [
    "book/book.toml",
    "book/src",
    "book/theme",
    "captures",
    "chapters",
    "src",
];
/// Added to each page while it is served.
const RELOAD: &str = include_str!("reload.html");

/// A server at work, until it is dropped.
pub struct Serving {
    /// Where a browser finds it.
    pub address: SocketAddr,
    listener: Arc<TcpListener>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    folder: PathBuf,
    state: Mutex<State>,
    end: AtomicBool,
}

#[derive(Clone, serde::Serialize)]
struct State {
    /// Another number after each good build.
    version: u64,
    /// What was wrong with the last build.
    error: Option<String>,
}

impl Serving {
    /// Builds the book of a tree and serves it; port 0 is any free one.
    pub fn start(tree: &Path, port: u16, draft: bool) -> anyhow::Result<Serving> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|why| {
            anyhow!("cannot listen on port {port}: {why}\n  choose another one with --port")
        })?;
        let address = listener.local_addr().context("the server has no address")?;
        // Not 1: a page of an earlier server may still be open.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let version = now.as_secs();
        let shared = Arc::new(Shared {
            folder: tree.join("target/book"),
            state: Mutex::new(State {
                version,
                error: None,
            }),
            end: AtomicBool::new(false),
        });
        let listener = Arc::new(listener);
        let seen = fingerprint(tree);
        shared.rebuild(tree, draft);

        let builder = {
            let (tree, shared) = (tree.to_owned(), Arc::clone(&shared));
            thread::spawn(move || shared.watch(&tree, draft, seen))
        };
        let server = {
            let (listener, shared) = (Arc::clone(&listener), Arc::clone(&shared));
            thread::spawn(move || web::serve(&listener, move |it| shared.answer(&it.path)))
        };
        Ok(Serving {
            address,
            listener,
            shared,
            threads: vec![builder, server],
        })
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        for thread in std::mem::take(&mut self.threads) {
            // A thread that has panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Relaxed);
        // If that fails, the server has ended by itself.
        let _ = web::stop(&self.listener);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, tree: &Path, draft: bool, mut seen: u64) {
        while !self.end.load(Ordering::Relaxed) {
            thread::sleep(LOOK_EVERY);
            let now = fingerprint(tree);
            if now != seen {
                seen = now;
                self.rebuild(tree, draft);
            }
        }
    }

    fn rebuild(&self, tree: &Path, draft: bool) {
        let result = build(tree, draft);
        let mut state = self.state();
        match result {
            Ok(built) => {
                for warning in built.warnings {
                    say::aside(format_args!("warning: {warning}"));
                }
                say::aside("the book is built");
                state.version += 1;
                state.error = None;
            }
            Err(why) => {
                say::aside(format_args!(
                    "{why:#}\nthe book is not built; the pages are those of before"
                ));
                state.error = Some(format!("{why:#}"));
            }
        }
    }

    fn answer(&self, path: &str) -> Answer {
        let state = self.state().clone();
        let (status, kind, mut bytes) = if path == "/-/state" {
            let text = serde_json::to_vec(&state).unwrap_or_default();
            (200, "application/json", text)
        } else if let Some((kind, bytes)) = self.read(path) {
            (200, kind, bytes)
        } else {
            let error = state.error.as_deref().unwrap_or("there is no such page");
            let page = format!("<!DOCTYPE html>\n<body><pre>{}</pre></body>", escape(error));
            (404, "text/html; charset=utf-8", page.into_bytes())
        };
        if kind.starts_with("text/html") {
            let text = String::from_utf8_lossy(&bytes);
            let script = RELOAD.replace("{version}", &state.version.to_string());
            bytes = text.replace("</body>", &(script + "</body>")).into_bytes();
        }
        let mut answer = Answer::new(status, kind, bytes);
        answer.headers.push(("Cache-Control", "no-store"));
        answer
    }

    /// A file of the finished book, and never one outside of it.
    fn read(&self, path: &str) -> Option<(&'static str, Vec<u8>)> {
        let mut file = self.folder.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if part.starts_with('.') {
                return None;
            }
            file.push(part);
        }
        if path.ends_with('/') {
            file.push("index.html");
        }
        let kind = match file.extension()?.to_str()? {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "json" => "application/json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        };
        // A link in the book could lead anywhere, and a pipe never to an end.
        let file = file.canonicalize().ok()?;
        let inside = file.starts_with(self.folder.canonicalize().ok()?) && file.is_file();
        Some((kind, inside.then(|| std::fs::read(file))?.ok()?))
    }
}

/// Another number when a file has come, gone or changed.
fn fingerprint(tree: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for entry in WATCHED
        .iter()
        .flat_map(|path| WalkDir::new(tree.join(path)).sort_by_file_name())
        .flatten()
    {
        entry.path().hash(&mut hasher);
        if let Ok(data) = entry.metadata() {
            data.len().hash(&mut hasher);
            data.modified().ok().hash(&mut hasher);
        }
    }
    hasher.finish()
}
