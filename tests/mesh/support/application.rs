//! An application that says who it is and what it got.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

struct Shared {
    name: String,
    health_path: String,
    well: AtomicBool,
    fails: AtomicBool,
    ended: AtomicBool,
    served: AtomicU64,
    connections: Mutex<Vec<TcpStream>>,
}

/// An application on one address; it ends with its value.
pub struct Application {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Application {
    /// Listens and serves.
    pub fn start(name: &str, address: Ipv4Addr, port: u16, health_path: &str) -> Self {
        let listener = TcpListener::bind((address, port)).expect("the application's port is free");
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            health_path: health_path.to_owned(),
            well: AtomicBool::new(true),
            fails: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            served: AtomicU64::new(0),
            connections: Mutex::new(Vec::new()),
        });
        let accepting = shared.clone();
        let acceptor = thread::spawn(move || accept(&listener, &accepting));
        Application { address: (address, port).into(), shared, acceptor: Some(acceptor) }
    }

    /// Requests that it answered, checks of its health left out.
    pub fn served(&self) -> u64 {
        self.shared.served.load(Ordering::SeqCst)
    }

    /// Whether it says that it is well.
    pub fn well(&self, well: bool) {
        self.shared.well.store(well, Ordering::SeqCst);
    }

    /// Whether it answers 503 to everything but the check of its health.
    pub fn fail(&self, fails: bool) {
        self.shared.fails.store(fails, Ordering::SeqCst);
    }

    /// Dies: nobody listens any more, and what was open is cut.
    pub fn kill(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the acceptor up, so that it lets go of its socket.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
        for connection in self.shared.connections.lock().expect("no panic with the connections").drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        if self.acceptor.is_some() {
            self.kill();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming().flatten() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let copy = connection.try_clone().expect("a second handle");
        shared.connections.lock().expect("no panic with the connections").push(copy);
        let shared = shared.clone();
        // A connection that breaks is the other side's affair.
        thread::spawn(move || drop(serve(&shared, &connection)));
    }
}

fn serve(shared: &Shared, mut connection: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            let value = line.to_lowercase().strip_prefix("content-length:").map(|value| value.trim().parse());
            length = value.and_then(Result::ok).unwrap_or(length);
            head.push(line);
        }
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
        let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let (status, body) = if path == shared.health_path {
            (if shared.well.load(Ordering::SeqCst) { 200 } else { 503 }, String::new())
        } else {
            shared.served.fetch_add(1, Ordering::SeqCst);
            let status = if shared.fails.load(Ordering::SeqCst) { 503 } else { asked_for(&path) };
            (status, format!("{} got {}", shared.name, head.join("\n")))
        };
        let answer = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        connection.write_all(answer.as_bytes())?;
    }
}

/// `/slow/300` takes so many milliseconds, `/status/503` has that status.
fn asked_for(path: &str) -> u16 {
    if let Some(milliseconds) = path.strip_prefix("/slow/").and_then(|rest| rest.parse().ok()) {
        thread::sleep(Duration::from_millis(milliseconds));
    }
    path.strip_prefix("/status/").and_then(|rest| rest.parse().ok()).unwrap_or(200)
}
