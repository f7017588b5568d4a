//! `cargo lab view --live`: the page of a running lab, as a browser gets it, and as
//! those get it who must not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use support::{
    Done, Lab, PING, Program, apply, eventually, lab, processes, run, temporary, test_in_lab,
};
use ureq::Agent;

/// Longer than any event takes, and shorter than a browser waits for a sign of life.
const PATIENCE: Duration = Duration::from_secs(30);

fn view(base: &std::path::Path) -> Command {
    let mut view = lab();
    view.arg("--out").arg(base).args(["view", "--live"]);
    view
}

/// The page of a lab, and the program that serves it.
struct Page {
    view: Program,
    /// Of the page: `http://127.0.0.1:PORT/TOKEN/`.
    address: String,
}

impl Page {
    #[track_caller]
    fn of(lab: &Lab) -> Page {
        let view = Program::start(&mut view(&lab.base)).until("the page is");
        let line = view.printed();
        assert!(line.lines().all(|line| line.len() <= 80), "{line}");
        let (_, rest) = line.split_once("the page is ").unwrap();
        let (address, rest) = rest.split_once(';').unwrap();
        assert_eq!(rest.trim(), "it ends with the lab");
        Page {
            address: address.to_owned(),
            view,
        }
    }

    /// What is served under this name, as a browser asks for it.
    #[track_caller]
    fn get(&self, name: &str) -> String {
        let mut answer = agent()
            .get(format!("{}{name}", self.address))
            .call()
            .unwrap();
        assert_eq!(answer.status(), 200);
        let headers = answer.headers();
        assert!(!headers.contains_key("access-control-allow-origin"));
        assert_eq!(headers["cache-control"], "no-store");
        answer.body_mut().read_to_string().unwrap()
    }

    #[track_caller]
    fn events(&self) -> Events {
        let answer = agent()
            .get(format!("{}events", self.address))
            .call()
            .unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Events(Box::new(BufReader::new(answer.into_body().into_reader())))
    }

    /// All that comes back to these bytes, until the server closes the connection.
    #[track_caller]
    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// `127.0.0.1:PORT`.
    fn host(&self) -> &str {
        self.address.split('/').nth(2).unwrap()
    }

    /// `/TOKEN/`.
    fn path(&self) -> &str {
        self.address.split_once(self.host()).unwrap().1
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into()
}

/// What a browser is told while it has the page.
struct Events(Box<dyn BufRead>);

impl Events {
    /// The next event and its data.
    #[track_caller]
    fn next(&mut self) -> (String, usize) {
        let (mut event, mut data) = (String::new(), None);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "no more events");
            let line = line.trim_end();
            match line.split_once(": ") {
                Some(("event", name)) => event = name.to_owned(),
                Some(("data", number)) => data = number.parse().ok(),
                _ if line.is_empty() && !event.is_empty() => return (event, data.unwrap()),
                _ => (),
            }
        }
    }

    /// The first event with so many packets; those before must have fewer.
    #[track_caller]
    fn packets(&mut self, least: usize) {
        loop {
            let (event, packets) = self.next();
            assert_eq!(event, "packets");
            if packets >= least {
                return;
            }
        }
    }
}

#[apply(test_in_lab)]
#[needs(PING)]
fn packets_appear_as_they_pass_and_the_end_is_told() {
    let mut lab = Lab::up();
    let page = Page::of(&lab);
    // A lab in which nothing has happened yet.
    let empty = page.get("");
    assert!(empty.contains("There are no packets in this capture."));
    assert!(empty.contains("connect-src 'self'"));
    let mut events = page.events();
    assert_eq!(events.next(), ("packets".to_owned(), 0));

    lab.run("left", "ping -c 1 -W 5 internet").code(0);
    // The request and the reply, at both ends of the cable.
    events.packets(4);
    let with_ping = page.get("page");
    assert!(with_ping.contains("echo request"), "{with_ping}");
    assert_eq!(with_ping, page.get(""));

    // Whoever comes later is told at once.
    let mut late = page.events();
    late.packets(4);

    lab.end();
    // The page can still be fetched when the end is told.
    assert_eq!(events.next().0, "end");
    assert!(page.get("page").contains("echo request"));
    assert_eq!(late.next().0, "end");
    page.view.wait().code(0);
}

/// A capture of which half a packet is written is no error, and no damage.
#[apply(test_in_lab)]
#[needs(PING)]
fn half_a_packet_is_not_there_yet() {
    let lab = Lab::up();
    lab.run("left", "ping -c 1 -W 5 internet").code(0);
    lab.settle();
    let all = lab.folder().join("all.pcapng");
    let length = std::fs::metadata(&all).unwrap().len();
    let file = std::fs::File::options().write(true).open(&all).unwrap();
    file.set_len(length - 10).unwrap();
    let page = Page::of(&lab);
    let mut events = page.events();
    assert_eq!(events.next(), ("packets".to_owned(), 3));
    assert!(!page.get("").contains("is not complete"));
}

#[apply(test_in_lab)]
fn others_do_not_get_it() {
    let lab = Lab::up();
    let page = Page::of(&lab);
    let (host, path) = (page.host(), page.path());
    let ask = |method: &str, path: &str, host: &str| {
        page.ask(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
    };
    let refused = |status: &str, answer: &str| {
        let first = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&first), "{status}: {answer}");
        assert!(!answer.contains(&path[1..]), "{answer}");
        assert!(!answer.contains("Access-Control"), "{answer}");
    };
    assert!(ask("GET", path, host).starts_with("HTTP/1.1 200"));
    let head = ask("HEAD", path, host);
    assert!(
        head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
        "{head}"
    );

    // A name of another site that means 127.0.0.1 now.
    let port = host.split(':').nth(1).unwrap();
    for other in [
        &format!("evil.example:{port}"),
        "127.0.0.1",
        "127.0.0.1:1",
        "",
    ] {
        refused("421", &ask("GET", path, other));
        refused("421", &ask("HEAD", &format!("{path}events"), other));
    }
    refused("421", &page.ask(&format!("GET {path} HTTP/1.0\r\n\r\n")));
    let wrong = format!("/{}/", "A".repeat(path.len() - 2));
    let (short, long) = (&path[..path.len() - 2], &path[..path.len() - 1]);
    for other in [
        "/",
        "//",
        "/page",
        "/events",
        "/favicon.ico",
        &wrong,
        short,
        long,
    ] {
        refused("404", &ask("GET", other, host));
    }
    // Of the events themselves there would be no end.
    assert!(ask("HEAD", &format!("{path}events"), host).starts_with("HTTP/1.1 200"));
    refused("404", &ask("HEAD", &format!("{wrong}events"), host));
    refused("404", &ask("GET", &format!("{path}../../etc/passwd"), host));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"] {
        refused("405", &ask(method, path, host));
    }
    let header = format!("X: {}\r\n", "x".repeat(1_000_000));
    refused(
        "431",
        &page.ask(&format!("GET {path} HTTP/1.1\r\n{header}")[..9000]),
    );
}

#[apply(test_in_lab)]
fn no_client_delays_the_end() {
    let mut lab = Lab::up();
    let page = Page::of(&lab);
    // Some say nothing, some never come to an end, some take nothing.
    let mut clients: Vec<TcpStream> = (0..100).map(|_| page.connect()).collect();
    for (nth, client) in clients.iter_mut().enumerate() {
        // The server has closed the oldest ones.
        let _ = match nth % 3 {
            0 => write!(client, "GET {}events HTTP/1.1\r\nHost:", page.path()),
            1 => write!(
                client,
                "GET {} HTTP/1.1\r\nHost: {}\r\n\r\n",
                page.path(),
                page.host()
            ),
            _ => Ok(()),
        };
    }
    assert!(page.get("").contains("A lab is running"));
    lab.end();
    page.view.wait().code(0);
}

#[apply(test_in_lab)]
fn ctrl_c_ends_it_and_leaves_nothing() {
    let lab = Lab::up();
    let page = Page::of(&lab);
    let _events = page.events();
    let base = lab.base.display().to_string();
    let files = || std::fs::read_dir(lab.folder()).unwrap().count();
    let before = files();
    let live = format!("--live\0{base}");
    assert!(!processes(&live).is_empty());
    page.view.signal(Signal::SIGINT);
    let Page { view, address } = page;
    view.wait().code(130);
    let host = address.split('/').nth(2).unwrap();
    eventually("the port is open", || TcpStream::connect(host).is_err());
    assert!(processes(&live).is_empty());
    assert_eq!(files(), before);
}

#[apply(test_in_lab)]
fn without_a_lab_it_says_how_to_start_one() {
    let base = temporary("no-lab");
    says(&run(&mut view(&base)), "no lab is running", &base);
    std::fs::remove_dir_all(base).unwrap();
    let lab = Lab::up_without_captures();
    says(
        &run(&mut view(&lab.base)),
        "the running lab captures nothing",
        &lab.base,
    );
    let mut view = view(&lab.base);
    run(view.env("LAB_HOST", "left")).code(1).says("left");
}

#[track_caller]
fn says(done: &Done, why: &str, base: &std::path::Path) {
    let start = format!("cargo lab --out {} up", base.display());
    done.code(1).says(why).says(&start);
}
