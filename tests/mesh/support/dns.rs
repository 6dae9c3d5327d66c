//! A name server of a few dozen lines: A records of the tasks, and whatever a name server can do wrong.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

const HEADER: usize = 12;
/// Seconds that an answer may be kept: production's ten would make tests slow, and nothing else.
const TTL: u8 = 1;

/// How the server behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Answers,
    /// SERVFAIL to everything.
    Fails,
    /// No answer at all.
    Silent,
}

struct Zone {
    records: BTreeMap<String, Vec<Ipv4Addr>>,
    mood: Mood,
}

/// The server, until it is dropped.
pub struct Dns {
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

impl Dns {
    /// Serves at this socket.
    pub fn serve(socket: UdpSocket) -> Self {
        let address = socket.local_addr().expect("bound");
        let zone = Arc::new(Mutex::new(Zone { records: BTreeMap::new(), mood: Mood::Answers }));
        let served = Arc::downgrade(&zone);
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Some(zone) = served.upgrade() {
                let Ok((length, client)) = socket.recv_from(&mut buffer) else { continue };
                let answer = answer(&buffer[..length], &zone.lock().expect("no panic with the zone"));
                // A lost answer is asked for again.
                answer.map(|answer| socket.send_to(&answer, client));
            }
        });
        Dns { address, zone }
    }

    /// All addresses of a name; none makes it unknown.
    pub fn set(&self, name: &str, addresses: &[Ipv4Addr]) {
        self.zone.lock().expect("no panic with the zone").records.insert(name.to_owned(), addresses.to_vec());
    }

    /// One more address.
    pub fn add(&self, name: &str, address: Ipv4Addr) {
        self.zone.lock().expect("no panic with the zone").records.entry(name.to_owned()).or_default().push(address);
    }

    /// One address less.
    pub fn remove(&self, name: &str, address: Ipv4Addr) {
        let mut zone = self.zone.lock().expect("no panic with the zone");
        zone.records.entry(name.to_owned()).or_default().retain(|one| *one != address);
    }

    pub fn mood(&self, mood: Mood) {
        self.zone.lock().expect("no panic with the zone").mood = mood;
    }
}

/// RFC 1035, 4.1: the question back, with the answers or the code for what is wrong.
fn answer(query: &[u8], zone: &Zone) -> Option<Vec<u8>> {
    let (name, end) = name(query)?;
    let question = query.get(HEADER..end + 4)?;
    let addresses = zone.records.get(&name).filter(|addresses| !addresses.is_empty());
    let (code, addresses) = match (zone.mood, addresses) {
        (Mood::Silent, _) => return None,
        (Mood::Fails, _) => (0x82, &[][..]),
        (Mood::Answers, None) => (0x83, &[][..]),
        (Mood::Answers, Some(addresses)) => (0x80, addresses.as_slice()),
    };
    let mut message = query[..2].to_vec();
    message.extend([0x81, code, 0, 1, 0, addresses.len() as u8, 0, 0, 0, 0]);
    message.extend(question);
    for address in addresses {
        message.extend([0xc0, HEADER as u8, 0, 1, 0, 1, 0, 0, 0, TTL, 0, 4]);
        message.extend(address.octets());
    }
    Some(message)
}

fn name(query: &[u8]) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
        at += length;
    }
}
