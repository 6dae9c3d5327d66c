//! The write-ahead log: appended to, folded on reading, compacted when a run ends.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{Disk, Header, StateError};
use crate::engine::{Book, Class, Entry, Failure, Ledger};

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// The first.
    Header(Header),
    /// What everything before it folded into.
    Snapshot(Book),
    /// One entry.
    Entry(Entry),
}

/// What a journal says.
#[derive(Debug)]
pub struct Contents {
    /// The first line.
    pub header: Header,
    /// The fold of all others.
    pub book: Book,
    /// The last line, where a kill or a full disk cut it off. It announces nothing that was done: the call waits for the line.
    pub torn: Option<String>,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    tail: Mutex<Tail>,
}

/// The end that is written to.
#[derive(Debug)]
struct Tail {
    file: File,
    /// Why nothing is appended any more: after a failed write or sync nobody knows what is on disk, and a line after half a line would be
    /// damage.
    broken: Option<String>,
}

impl Journal {
    /// Reads and folds a journal; `None` where there is none.
    ///
    /// # Errors
    /// [`StateError::Damaged`] for anything unreadable but a cut-off last line, [`StateError::Newer`] for a newer schema.
    pub fn read(path: &Path) -> Result<Option<Contents>, StateError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateError::io("read", path)(error)),
        };
        fold(path, &bytes).map(Some)
    }

    /// Starts a journal over: header and snapshot in a new file that takes the old one's place at once.
    ///
    /// # Errors
    /// Where that can't be made durable; the old journal is still there then.
    pub fn start(path: &Path, header: &Header, book: &Book, disk: &Arc<dyn Disk>) -> Result<Self, StateError> {
        let failed = |doing: &'static str| StateError::io(doing, path);
        // A temporary file is made with mode 0600 and is gone again if anything below fails.
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut file =
            tempfile::NamedTempFile::new_in(directory).map_err(StateError::io("create a file in", directory))?;
        let mut text = line(&Line::Header(header.clone()));
        text.push_str(&line(&Line::Snapshot(book.clone())));
        disk.write(file.as_file_mut(), text.as_bytes()).map_err(failed("write"))?;
        disk.sync(file.as_file()).map_err(failed("write"))?;
        file.persist(path).map_err(|error| failed("replace")(error.error))?;
        sync_directory(path).map_err(failed("write"))?;
        Self::open(path, disk)
    }

    /// Opens a journal for appending.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn open(path: &Path, disk: &Arc<dyn Disk>) -> Result<Self, StateError> {
        let file = OpenOptions::new().append(true).open(path).map_err(StateError::io("write", path))?;
        let tail = Mutex::new(Tail { file, broken: None });
        Ok(Journal { path: path.to_owned(), disk: disk.clone(), tail })
    }
}

impl Ledger for Journal {
    fn append(&self, entry: &Entry) -> Result<(), Failure> {
        let text = line(&Line::Entry(entry.clone()));
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let Tail { file, broken } = &mut *tail;
        let result = match broken {
            Some(reason) => Err(io::Error::other(reason.clone())),
            None => self.disk.write(file, text.as_bytes()).and_then(|()| self.disk.sync(file)).inspect_err(|error| {
                *broken = Some(error.to_string());
            }),
        };
        result.map_err(|error| {
            let error = StateError::io("write", &self.path)(error);
            Failure::new(Class::Internal, format!("{error}; nothing more is changed without it")).remedy(error.remedy())
        })
    }
}

fn line(line: &Line) -> String {
    // Plain data with text keys.
    let mut text = serde_json::to_string(line).expect("a journal line is plain data");
    text.push('\n');
    text
}

fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn fold(path: &Path, bytes: &[u8]) -> Result<Contents, StateError> {
    let damaged =
        |line: usize, reason: &str| StateError::Damaged { path: path.to_owned(), line, reason: reason.to_owned() };
    let (whole, torn) = match bytes.iter().rposition(|&byte| byte == b'\n') {
        Some(end) => bytes.split_at(end + 1),
        None => (&bytes[..0], bytes),
    };
    let torn = (!torn.is_empty()).then(|| String::from_utf8_lossy(torn).into_owned());
    let text = std::str::from_utf8(whole).map_err(|error| {
        damaged(whole[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1, "it is not text")
    })?;
    let mut lines = text.lines().enumerate();
    let header = match lines.next() {
        Some((_, first)) => header(path, first)?,
        None => return Err(damaged(1, "its first line, which says whose state it is, is missing")),
    };
    let mut book = Book::default();
    for (index, text) in lines {
        match serde_json::from_str(text) {
            Ok(Line::Entry(entry)) => book.apply(&entry),
            Ok(Line::Snapshot(snapshot)) => book = snapshot,
            Ok(Line::Header(_)) => return Err(damaged(index + 1, "a second header")),
            Err(error) => return Err(damaged(index + 1, &error.to_string())),
        }
    }
    Ok(Contents { header, book, torn })
}

/// Reads the header; of one of a newer schema only what every schema has.
fn header(path: &Path, text: &str) -> Result<Header, StateError> {
    #[derive(Deserialize)]
    struct Any {
        header: Core,
    }
    #[derive(Deserialize)]
    struct Core {
        schema: u32,
        #[serde(default)]
        tool: String,
    }
    let damaged =
        |error: serde_json::Error| StateError::Damaged { path: path.to_owned(), line: 1, reason: error.to_string() };
    let Any { header: Core { schema, tool } } = serde_json::from_str(text).map_err(damaged)?;
    if schema > super::header::SCHEMA {
        return Err(StateError::Newer { path: path.to_owned(), tool, found: schema, known: super::header::SCHEMA });
    }
    match serde_json::from_str(text) {
        Ok(Line::Header(header)) => Ok(header),
        Ok(_) => Err(StateError::Damaged { path: path.to_owned(), line: 1, reason: "not a header".to_owned() }),
        Err(error) => Err(damaged(error)),
    }
}
