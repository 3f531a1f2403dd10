//! One request to a server on this machine, without a browser: for answers
//! that a page does not show, such as a download.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body).context("the body is not UTF-8")
    }
}

/// Fetches `http://127.0.0.1:PORT/path`.
pub fn get(url: &str) -> Result<Answer> {
    request("GET", url, "")
}

/// Sends one request on a connection of its own.
pub fn request(method: &str, url: &str, body: &str) -> Result<Answer> {
    let rest = url.strip_prefix("http://").context("only plain HTTP")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).with_context(|| format!("connecting to {host}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    // In one piece: a server that answers and closes before it has read the rest
    // would reset the connection.
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    read(&mut stream).with_context(|| format!("{method} {url}"))
}

/// Reads until the answer is whole by its own account, or the server is done.
fn read(stream: &mut TcpStream) -> Result<Answer> {
    let mut received = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let count = stream.read(&mut buffer)?;
        received.extend(buffer.iter().take(count));
        let Some((mut answer, rest)) = head(&received)? else {
            anyhow::ensure!(count > 0, "the answer has no end of headers");
            continue;
        };
        let body = if answer.header("transfer-encoding") == Some("chunked") {
            joined(rest)
        } else if let Some(length) = answer.header("content-length") {
            rest.get(..length.parse()?).map(<[u8]>::to_vec)
        } else {
            (count == 0).then(|| rest.to_vec())
        };
        if let Some(body) = body {
            answer.body = body;
            return Ok(answer);
        }
        anyhow::ensure!(count > 0, "the answer ends early");
    }
}

/// The body out of its chunks; nothing while the last one is not there.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..line)?).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let start = line + 2;
        body.extend(rest.get(start..start + size)?);
        if size == 0 {
            return Some(body);
        }
        rest = rest.get(start + size + 2..)?;
    }
}

/// Status and headers, and what follows them.
fn head(received: &[u8]) -> Result<Option<(Answer, &[u8])>> {
    let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = received.split_at(end);
    let text = std::str::from_utf8(head).context("a header is not UTF-8")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect();
    let answer = Answer { status: status.parse()?, headers, body: Vec::new() };
    Ok(Some((answer, body.get(4..).unwrap_or_default())))
}
