//! The page of a lab that runs, kept up to date: served on this machine alone, from
//! now until the lab ends.
//!
//! A page of another site must not read the packets, although the reader's browser
//! would ask for it. So the address has a part that nobody can guess; a request must
//! name this server as its host, which one for a name of another site does not, even
//! if that name has come to mean 127.0.0.1; and no answer says that others may read
//! it.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lab::run_dir;
use lab::web::{self, Answer, Request};

use crate::captures::{ALL, View};

/// After the page was made, it is not made again for so long.
const PAUSE: Duration = Duration::from_millis(250);
/// Nor for so many times as long as it took to make, so that a large capture leaves
/// the machine to the lab.
const LEISURE: u32 = 4;
/// How long the last page can still be fetched.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// How often a browser that waits is told something. A write that fails is how we
/// learn that it is gone.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);

/// A page that is served while a lab runs.
pub struct Live {
    folder: PathBuf,
    listener: TcpListener,
    /// The part of the address that nobody can guess.
    token: String,
    latest: Arc<Latest>,
    /// The size in bytes of the capture that the page is of.
    size: u64,
}

impl Live {
    /// Makes the page of the lab that captures into this folder, and a port for it.
    ///
    /// # Errors
    /// The capture cannot be read, or there is no port.
    pub fn of(folder: &Path) -> anyhow::Result<Live> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .context("cannot serve the page on 127.0.0.1")?;
        let size = size(folder);
        let view = View::of_running(folder)?;
        Ok(Live {
            folder: folder.to_owned(),
            listener,
            token: token()?,
            latest: Arc::new(Latest::new(view)),
            size,
        })
    }

    /// Where a browser finds the page.
    ///
    /// # Errors
    /// The kernel does not tell the port.
    pub fn address(&self) -> anyhow::Result<String> {
        let (host, token) = (self.listener.local_addr()?, &self.token);
        Ok(format!("http://{host}/{token}/"))
    }

    /// Serves the page until the lab has ended, and a little longer.
    ///
    /// A capture that cannot be read later on leaves the page as it is.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn serve(self) -> anyhow::Result<()> {
        let Live {
            folder,
            listener,
            token,
            latest,
            mut size,
        } = self;
        let host = listener.local_addr()?.to_string();
        let asked = Arc::clone(&latest);
        let web = move || -> () {
            web::serve(&listener, move |request| {
                answer(request, &host, &token, &asked)
            })
        };
        start("web", web)?;
        let (tell, ended) = channel();
        let lab = folder.clone();
        start("end", move || {
            run_dir::wait_for_end(&lab);
            let _ = tell.send(());
        })?;
        let mut pause = PAUSE;
        loop {
            let has_ended = ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout);
            let (started, now) = (Instant::now(), self::size(&folder));
            // A smaller one is already that of the next lab.
            if now > size
                && let Ok(view) = View::of_running(&folder)
            {
                latest.renew(view);
                size = now;
            }
            if has_ended {
                break;
            }
            pause = PAUSE.max(started.elapsed() * LEISURE);
        }
        latest.end();
        thread::sleep(AFTERWARDS);
        Ok(())
    }
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .context("cannot start a thread for the page")?;
    Ok(())
}

/// The size of the lab's capture in bytes; 0 if there is none.
fn size(folder: &Path) -> u64 {
    fs::metadata(folder.join(ALL)).map_or(0, |file| file.len())
}

/// 120 bits from the kernel's generator, as 20 characters that an address can have.
fn token() -> anyhow::Result<String> {
    let mut random = [0; 15];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .context("cannot read /dev/urandom")?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

fn answer(request: &Request, host: &str, token: &str, latest: &Arc<Latest>) -> Answer {
    if request.host.as_deref() != Some(host) {
        return Answer::text(421, format!("this is {host}, and no other server\n"));
    }
    let path = request.path.strip_prefix('/');
    let mut answer = match path.and_then(|path| path.split_once('/')) {
        Some((right, "" | "page")) if right == token => {
            let page = latest.now().page.clone();
            Answer {
                length: Some(page.len() as u64),
                body: Box::new(Cursor::new(page)),
                ..Answer::new(200, "text/html; charset=UTF-8", "")
            }
        }
        Some((right, "events")) if right == token => Answer {
            length: None,
            body: Box::new(Events::of(latest)),
            ..Answer::new(200, "text/event-stream", "")
        },
        _ => Answer::text(404, "there is no such page\n"),
    };
    answer.headers.extend([
        ("Cache-Control", "no-store"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ]);
    answer
}

/// The page as it is now, for those that ask and those that wait for the next one.
struct Latest {
    now: Mutex<Now>,
    changed: Condvar,
}

struct Now {
    page: Arc<[u8]>,
    /// How many it has.
    packets: usize,
    /// Nothing changes any more.
    has_ended: bool,
}

impl Latest {
    fn new(view: View) -> Latest {
        let (packets, page) = (view.packets(), view.live_page());
        Latest {
            now: Mutex::new(Now {
                page: page.into_bytes().into(),
                packets,
                has_ended: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew(&self, view: View) {
        let (packets, page) = (view.packets(), view.live_page());
        let page = page.into_bytes().into();
        let mut now = self.now();
        (now.packets, now.page) = (packets, page);
        self.changed.notify_all();
    }

    fn end(&self) {
        self.now().has_ended = true;
        self.changed.notify_all();
    }
}

/// What a browser is told, as server-sent events: how many packets the page has, now
/// and whenever there are more, and the end. See the HTML standard, section 9.2.
struct Events {
    latest: Arc<Latest>,
    /// The last number that was told.
    told: Option<usize>,
    /// What has not been read of the last event.
    event: Cursor<Vec<u8>>,
    has_ended: bool,
}

impl Events {
    fn of(latest: &Arc<Latest>) -> Events {
        Events {
            latest: Arc::clone(latest),
            told: None,
            event: Cursor::default(),
            has_ended: false,
        }
    }

    /// The next event, as soon as there is one, or a comment in its place.
    fn next(&mut self) -> String {
        let told = self.told;
        let is_old = |now: &mut Now| Some(now.packets) == told && !now.has_ended;
        let waited =
            self.latest
                .changed
                .wait_timeout_while(self.latest.now(), SIGN_OF_LIFE, is_old);
        let (now, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if told != Some(now.packets) {
            self.told = Some(now.packets);
            return format!("event: packets\ndata: {}\n\n", now.packets);
        }
        if now.has_ended {
            self.has_ended = true;
            return format!("event: end\ndata: {}\n\n", now.packets);
        }
        ": still here\n\n".to_owned()
    }
}

impl Read for Events {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.event.read(buffer)?;
        if read > 0 || self.has_ended {
            return Ok(read);
        }
        self.event = Cursor::new(self.next().into_bytes());
        self.event.read(buffer)
    }
}
