//! Load: a few clients that call without a pause worth speaking of, on kept and on new connections, and count every failure.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{Client, Request, until};

/// A connection is given up after so many requests.
const PER_CONNECTION: u32 = 20;
/// Between two requests of a client, so that the machine does something else, too.
const PAUSE: Duration = Duration::from_millis(2);
/// More than this no client sends, whatever happens.
const MOST: u64 = 20_000;

/// What came of it.
#[derive(Default, Debug)]
pub struct Tally {
    pub sent: u64,
    pub connections: u64,
    pub failures: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failures.len();
        write!(f, "{failed} of {} failed on {} connections", self.sent, self.connections)?;
        self.failures.iter().take(5).try_for_each(|failure| write!(f, "\n  {failure}"))
    }
}

impl Tally {
    /// Demands that there was load worth the name, and no failure.
    #[track_caller]
    pub fn assert_whole(&self, what: &str, least: u64) {
        assert!(self.failures.is_empty(), "{what}: {self}");
        assert!(self.sent >= least, "{what}: too little load to say anything: {self}");
        println!("{what}: {self}");
    }
}

/// Load that is under way; it ends with its value.
pub struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Tally>>,
}

/// Opens connections for a load.
pub type Open = dyn Fn() -> io::Result<Client> + Send + Sync;

impl Load {
    /// So many clients, each sending these requests in turn.
    pub fn start(
        clients: usize,
        requests: Vec<Request>,
        open: impl Fn() -> io::Result<Client> + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(clients, requests, PER_CONNECTION, open)
    }

    /// The same with so many requests on a connection.
    pub fn start_with(
        clients: usize,
        requests: Vec<Request>,
        per_connection: u32,
        open: impl Fn() -> io::Result<Client> + Send + Sync + 'static,
    ) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let open: Arc<Open> = Arc::new(open);
        let client = |_| {
            let (stop, sent, open, requests) = (stop.clone(), sent.clone(), open.clone(), requests.clone());
            thread::spawn(move || client(&stop, &sent, &*open, &requests, per_connection))
        };
        let clients = (0..clients).map(client).collect();
        let load = Load { stop, sent, clients };
        load.wait_for(20);
        load
    }

    /// Waits until so many more requests were sent.
    pub fn wait_for(&self, more: u64) {
        let aim = self.sent.load(Ordering::SeqCst) + more;
        until("load", || {
            let ended = self.clients.iter().all(JoinHandle::is_finished);
            (ended || self.sent.load(Ordering::SeqCst) >= aim).then_some(())
        });
    }

    /// Ends it, after the requests that are under way.
    pub fn finish(mut self) -> Tally {
        self.stop.store(true, Ordering::SeqCst);
        let mut whole = Tally::default();
        for client in self.clients.drain(..) {
            let tally = client.join().expect("a client doesn't panic");
            whole.sent += tally.sent;
            whole.connections += tally.connections;
            whole.failures.extend(tally.failures);
        }
        whole
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

fn client(stop: &AtomicBool, sent: &AtomicU64, open: &Open, requests: &[Request], per_connection: u32) -> Tally {
    let mut tally = Tally::default();
    let mut connection: Option<(Client, u32)> = None;
    while !stop.load(Ordering::SeqCst) && tally.sent < MOST {
        let request = &requests[tally.sent as usize % requests.len()];
        tally.sent += 1;
        sent.fetch_add(1, Ordering::SeqCst);
        let (mut client, used) = match connection.take() {
            Some(kept) => kept,
            None => match open() {
                Ok(client) => {
                    tally.connections += 1;
                    (client, 0)
                }
                Err(error) => {
                    tally.failures.push(format!("{} {}: cannot connect: {error}", request.method, request.path));
                    thread::sleep(PAUSE);
                    continue;
                }
            },
        };
        match client.send(request) {
            Ok(answer) if answer.status == 200 => {
                if !answer.closes() && used + 1 < per_connection {
                    connection = Some((client, used + 1));
                }
            }
            Ok(answer) => tally.failures.push(format!("{} {}: {answer:?}", request.method, request.path)),
            Err(error) => tally.failures.push(format!("{} {}: {error}", request.method, request.path)),
        }
        thread::sleep(PAUSE);
    }
    tally
}
