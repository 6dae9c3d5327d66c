//! A client of HTTP/1.1 that sees everything: each answer, and each connection that ends without one.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// Longer than any time-out of the mesh.
const LIMIT: Duration = Duration::from_secs(40);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub host: String,
    pub headers: Vec<(String, String)>,
}

impl Request {
    pub fn get(path: &str) -> Self {
        Request { method: "GET", path: path.to_owned(), host: "127.0.0.1".to_owned(), headers: Vec::new() }
    }

    pub fn post(path: &str) -> Self {
        Request { method: "POST", ..Self::get(path) }
    }

    pub fn host(self, host: &str) -> Self {
        Request { host: host.to_owned(), ..self }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Lines of the head, in lower case.
    pub head: Vec<String>,
    pub body: String,
}

impl Answer {
    /// Whether the connection ends with it.
    pub fn closes(&self) -> bool {
        self.head.iter().any(|line| line == "connection: close")
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A stream of bytes.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A connection.
pub struct Client {
    stream: BufReader<Box<dyn Stream>>,
}

impl Client {
    /// Over any stream.
    pub fn over(stream: impl Stream + 'static) -> Self {
        Client { stream: BufReader::new(Box::new(stream)) }
    }

    /// In plain text.
    pub fn connect(address: Ipv4Addr, port: u16) -> io::Result<Self> {
        Ok(Self::over(open(address, port)?))
    }

    /// One request and its answer.
    pub fn send(&mut self, request: &Request) -> io::Result<Answer> {
        let Request { method, path, host, headers } = request;
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
        headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
        let body = if *method == "GET" { "" } else { "amount=1" };
        if !body.is_empty() {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        self.stream.get_mut().write_all(format!("{text}\r\n{body}").as_bytes())?;
        self.stream.get_mut().flush()?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed without an answer"));
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_lowercase()),
            }
        }
        let status = head.first().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no HTTP: {head:?}")))?;
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let mut body = vec![0; length.unwrap_or_default()];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

/// A TCP connection that gives up after a while.
pub fn open(address: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((address, port)), Duration::from_secs(5))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One request on a connection of its own.
pub fn ask(address: Ipv4Addr, port: u16, request: &Request) -> io::Result<Answer> {
    Client::connect(address, port)?.send(request)
}

/// The same where the answer says no length and ends with the connection.
pub fn ask_until_closed(address: Ipv4Addr, port: u16, request: &Request) -> io::Result<Answer> {
    let mut client = Client::connect(address, port)?;
    let mut answer = client.send(request)?;
    // Chunks and all: it is looked for lines.
    client.stream.read_to_string(&mut answer.body)?;
    Ok(answer)
}
