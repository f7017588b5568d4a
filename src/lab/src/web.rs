//! A small web server, for the page behind the tunnel and for the page of a running lab.
//!
//! It answers GET and HEAD. Its clients may be anybody, so none of them can
//! take more than a share of it: each connection has a thread of its own, a
//! request has a size and a time within which it has to be complete, its body
//! is not read, and with too many connections the oldest is closed.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Request line and headers together. A browser sends about 1 KB.
const LARGEST_REQUEST: usize = 8 * 1024;
const MOST_HEADERS: usize = 64;
const MOST_CONNECTIONS: usize = 64;
/// For a client to send its next request, and to take some more of an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// After an answer that is the last one of its connection.
const LINGER: Duration = Duration::from_secs(1);
/// What is written at once. The page of the lab, headers included, is far
/// smaller, so it leaves in one piece.
const CHUNK: u64 = 64 * 1024;
/// How the server calls itself. The reference captures have it in them.
const NAME: &str = "tiny-http (Rust)";

/// What a client asks for.
pub struct Request {
    /// Who asks.
    pub from: SocketAddr,
    /// The path, as the client wrote it: nothing is decoded.
    pub path: String,
    /// The server that the client means: name and port, in small letters.
    pub host: Option<String>,
    /// Only the headers are wanted.
    head: bool,
    /// Another request may follow on this connection.
    keep: bool,
}

/// What it gets.
pub struct Answer {
    /// The status code: 200 if all is well.
    pub status: u16,
    /// Those that the server does not add by itself.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The length of the body in bytes; `None` if nobody knows it yet. Such a body is
    /// sent piece by piece as it is read, and ends with the connection.
    pub length: Option<u64>,
    /// The body, or something longer.
    pub body: Box<dyn Read>,
}

impl Answer {
    /// An answer of a certain media type.
    pub fn new(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        Answer {
            status,
            headers: vec![("Content-Type", kind)],
            length: Some(body.len() as u64),
            body: Box::new(io::Cursor::new(body)),
        }
    }

    /// An answer in plain words.
    pub fn text(status: u16, text: impl Into<Vec<u8>>) -> Answer {
        Answer::new(status, "text/plain; charset=UTF-8", text)
    }

    /// For a request that is not even one, or one that is not served.
    fn refusal(status: u16) -> Answer {
        let mut answer = Answer::text(status, format!("{}\n", reason(status)));
        if status == 405 {
            answer.headers.push(("Allow", "GET, HEAD"));
        }
        answer
    }
}

/// Answers for ever.
pub fn serve<F>(listener: &TcpListener, answer: F) -> !
where
    F: Fn(&Request) -> Answer + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    let mut open: VecDeque<Weak<TcpStream>> = VecDeque::new();
    loop {
        let (stream, from) = match listener.accept() {
            Ok(client) => client,
            Err(err) if err.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(_) => {
                // Too few descriptors or too little memory: make room, and try again.
                close_oldest(&mut open);
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let stream = Arc::new(stream);
        open.retain(|stream| stream.strong_count() > 0);
        open.push_back(Arc::downgrade(&stream));
        if open.len() > MOST_CONNECTIONS {
            close_oldest(&mut open);
        }
        let answer = Arc::clone(&answer);
        // An error is a client that has gone away or takes too long: its
        // connection ends here. So does one for which there is no thread.
        let _ = thread::Builder::new().spawn(move || converse(&stream, from, &*answer));
    }
}

/// Its thread, waiting for the client, finds the connection at its end.
fn close_oldest(open: &mut VecDeque<Weak<TcpStream>>) {
    if let Some(stream) = open.pop_front().and_then(|oldest| oldest.upgrade()) {
        // It may have ended by itself.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// One connection: a request and its answer, and so on.
fn converse(
    stream: &TcpStream,
    from: SocketAddr,
    answer: &impl Fn(&Request) -> Answer,
) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut received = Vec::new();
    while let Some(request) = receive(stream, from, &mut received)? {
        let (answer, head, keep) = match request {
            Ok(request) => {
                let answer = answer(&request);
                let keep = request.keep && answer.length.is_some();
                (answer, request.head, keep)
            }
            Err(status) => (Answer::refusal(status), false, false),
        };
        send(stream, answer, head, keep)?;
        if !keep {
            return hang_up(stream);
        }
    }
    Ok(())
}

/// The next request, or the status code that refuses it; `None` at the end.
fn receive(
    mut stream: &TcpStream,
    from: SocketAddr,
    received: &mut Vec<u8>,
) -> io::Result<Option<Result<Request, u16>>> {
    let deadline = Instant::now() + PATIENCE;
    let mut buffer = [0; 1024];
    loop {
        match parse(received, from) {
            Ok(None) => (),
            Ok(Some((length, request))) => {
                received.drain(..length);
                return Ok(Some(Ok(request)));
            }
            Err(status) => return Ok(Some(Err(status))),
        }
        // A time of zero is an error, as is a timeout.
        let left = deadline.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            length => received.extend(&buffer[..length]),
        }
    }
}

/// The first request in what was received, with its length; `None` if it is not
/// complete; or the status code that refuses it.
fn parse(received: &[u8], from: SocketAddr) -> Result<Option<(usize, Request)>, u16> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(received) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if received.len() < LARGEST_REQUEST => return Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(431),
        Err(_) => return Err(400),
    };
    let method = request.method.unwrap_or("");
    if !["GET", "HEAD"].contains(&method) {
        return Err(405);
    }
    let path = path(request.path.unwrap_or("")).ok_or(400u16)?.to_owned();
    let header = |name: &str| {
        let mut all = request.headers.iter();
        let header = all.find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(header.value.to_ascii_lowercase())
    };
    // Where a body ends would be the beginning of the next request. Nobody
    // needs a body with GET, so there is no next one.
    let body = header("transfer-encoding").is_some()
        || header("content-length").is_some_and(|length| length != b"0");
    let close =
        header("connection").is_some_and(|value| value.windows(5).any(|word| word == b"close"));
    let host = header("host").and_then(|host| String::from_utf8(host).ok());
    let request = Request {
        from,
        path,
        host,
        head: method == "HEAD",
        keep: request.version == Some(1) && !body && !close,
    };
    Ok(Some((length, request)))
}

/// The path in a request's target, which is `/path?query`, or the same behind
/// `http://host` (RFC 9112, section 3.2).
fn path(target: &str) -> Option<&str> {
    let target = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |start| &rest[start..])
        }
        _ => target,
    };
    let path = target.split(['?', '#']).next()?;
    (path.starts_with('/') && path.is_ascii()).then_some(path)
}

fn send(mut stream: &TcpStream, answer: Answer, head: bool, keep: bool) -> io::Result<()> {
    let (status, length) = (answer.status, answer.length);
    let date = httpdate::fmt_http_date(SystemTime::now());
    let mut first = Vec::new();
    write!(
        first,
        "HTTP/1.1 {status} {}\r\nServer: {NAME}\r\nDate: {date}\r\n",
        reason(status)
    )?;
    for (name, value) in answer.headers {
        write!(first, "{name}: {value}\r\n")?;
    }
    if let Some(length) = length {
        write!(first, "Content-Length: {length}\r\n")?;
    }
    if !keep {
        write!(first, "Connection: close\r\n")?;
    }
    write!(first, "\r\n")?;
    let mut body = answer.body.take(match head {
        true => 0,
        false => length.unwrap_or(u64::MAX),
    });
    if length.is_some() {
        body.by_ref().take(CHUNK).read_to_end(&mut first)?;
    }
    stream.write_all(&first)?;
    io::copy(&mut body, &mut stream)?;
    Ok(())
}

/// Closes a connection whose last answer is sent.
fn hang_up(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    // If what the client still sends were not read, the kernel would reset the
    // connection, and the client lose the answer (RFC 9112, section 9.6).
    stream.set_read_timeout(Some(LINGER))?;
    io::copy(&mut stream.take(CHUNK), &mut io::sink())?;
    Ok(())
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        _ => "",
    }
}
