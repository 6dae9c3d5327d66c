//! A directory per environment.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Disk, Header, Holder, Journal, Lock, StateError, disk::RealDisk, header::SCHEMA};
use crate::engine::Book;

/// Where one environment's state is.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    disk: Arc<dyn Disk>,
}

/// A state as it was found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Whose state it is.
    pub header: Header,
    /// What it says.
    pub book: Book,
    /// What was odd about it, for people.
    pub warning: Option<String>,
}

impl Store {
    /// The store of an environment below the state directory.
    pub fn new(state: &Path, suffix: &str) -> Self {
        Store { directory: state.join(suffix), disk: Arc::new(RealDisk) }
    }

    /// The same store on another disk.
    pub fn on(self, disk: Arc<dyn Disk>) -> Self {
        Store { disk, ..self }
    }

    /// The journal's path.
    pub fn journal(&self) -> PathBuf {
        self.directory.join("journal.jsonl")
    }

    /// Reads the state; `None` where there is none.
    ///
    /// # Errors
    /// Where it is damaged, of a newer version, or another's.
    pub fn load(&self, suffix: &str, account: &str, region: &str) -> Result<Option<Loaded>, StateError> {
        let path = self.journal();
        let Some(contents) = Journal::read(&path)? else { return Ok(None) };
        contents.header.check(&path, suffix, account, region)?;
        let warning = contents.torn.as_ref().map(|torn| {
            format!(
                "the last line of {} was cut off ({} bytes); what it announced is looked up on AWS",
                path.display(),
                torn.len()
            )
        });
        Ok(Some(Loaded { header: contents.header, book: contents.book, warning }))
    }

    /// Makes the directory and takes the lock.
    ///
    /// # Errors
    /// Where somebody else has it, or the directory can't be written.
    pub fn lock(&self, operation: &str) -> Result<Lock, StateError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(StateError::io("create", &self.directory))?;
        Lock::take(&self.directory.join("lock"), &Holder::this(operation))
    }

    /// Who is at work on the environment, for people.
    pub fn holder(&self) -> Option<Holder> {
        Lock::holder(&self.directory.join("lock"))
    }

    /// Opens the journal for a run: compacted, with a cut-off last line set aside in a file of its own.
    ///
    /// # Errors
    /// Where it can't be written; nothing was done then.
    pub fn open(&self, header: &Header, book: &Book) -> Result<Journal, StateError> {
        let path = self.journal();
        if let Some(torn) = Journal::read(&path)?.and_then(|contents| contents.torn) {
            self.set_aside(&torn)?;
        }
        let tool = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header { schema: SCHEMA, serial: header.serial + 1, tool, ..header.clone() };
        Journal::start(&path, &header, book, &self.disk)
    }

    fn set_aside(&self, torn: &str) -> Result<(), StateError> {
        let path = self.directory.join("torn.txt");
        let open = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        open.and_then(|mut file| writeln!(file, "{torn}")).map_err(StateError::io("write", &path))
    }

    /// Removes the state of an environment that is no more. The lock file is left to whoever holds it and goes with the directory
    /// when nobody does.
    ///
    /// # Errors
    /// Where it can't be removed.
    pub fn remove(&self) -> Result<(), StateError> {
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StateError::io("remove", &self.directory)(error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Chapter, Class, Entry, Key, Ledger, Outputs};

    fn header() -> Header {
        Header::new("e-1", "dev", "123456789012", "us-east-1")
    }

    fn load(store: &Store) -> Result<Option<Loaded>, StateError> {
        store.load("dev", "123456789012", "us-east-1")
    }

    fn entries() -> Vec<Entry> {
        let key = Key::new("vpc", "main");
        let intent = Entry::Intent {
            key: key.clone(),
            chapter: Chapter::Network,
            name: "vpc-dev".into(),
            generation: 0,
            token: "t".into(),
            dependencies: vec![],
        };
        vec![intent, Entry::Created { key, id: "vpc-1".into(), outputs: Outputs::new() }]
    }

    #[test]
    fn what_is_appended_is_read_back_also_through_compaction() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::new(directory.path(), "dev");
        let _lock = store.lock("up").expect("the lock");
        assert!(load(&store).expect("nothing yet").is_none());
        let journal = store.open(&header(), &Book::default()).expect("a journal");
        entries().iter().for_each(|entry| journal.append(entry).expect("appended"));
        let loaded = load(&store).expect("readable").expect("there");
        assert_eq!(loaded.book.records[&Key::new("vpc", "main")].id, "vpc-1");
        store.open(&loaded.header, &loaded.book).expect("compacted");
        let again = load(&store).expect("readable").expect("there");
        assert_eq!((again.book, again.header.serial), (loaded.book, 2));
    }

    #[test]
    fn a_cut_at_any_byte_is_recovered_or_refused_and_never_panics() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::new(directory.path(), "dev");
        let _lock = store.lock("up").expect("the lock");
        let journal = store.open(&header(), &Book::default()).expect("a journal");
        entries().iter().for_each(|entry| journal.append(entry).expect("appended"));
        let whole = fs::read(store.journal()).expect("bytes");
        let full = load(&store).expect("readable").expect("there").book;
        for cut in 0..whole.len() {
            fs::write(store.journal(), &whole[..cut]).expect("cut");
            match load(&store) {
                Ok(Some(loaded)) => assert!(loaded.book.records.len() <= full.records.len()),
                Ok(None) => panic!("the file is there"),
                Err(error) => {
                    assert!(!error.remedy().is_empty() && matches!(error, StateError::Damaged { line: 1, .. }))
                }
            }
        }
    }

    #[test]
    fn damage_in_the_middle_names_the_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::new(directory.path(), "dev");
        let _lock = store.lock("up").expect("the lock");
        store.open(&header(), &Book::default()).expect("a journal");
        let text = fs::read_to_string(store.journal()).expect("text");
        fs::write(store.journal(), text + "nonsense\n{}\n").expect("written");
        assert!(matches!(load(&store), Err(StateError::Damaged { line: 3, .. })));
    }

    #[test]
    fn another_account_and_a_newer_schema_are_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::new(directory.path(), "dev");
        let _lock = store.lock("up").expect("the lock");
        store.open(&header(), &Book::default()).expect("a journal");
        let error = store.load("dev", "999999999999", "us-east-1").expect_err("refused");
        assert!(matches!(error, StateError::Mismatch { what: "account", .. }));
        fs::write(store.journal(), "{\"header\":{\"schema\":99,\"tool\":\"9.0.0\",\"new\":1}}\n").expect("written");
        assert!(matches!(load(&store), Err(StateError::Newer { found: 99, .. })));
    }

    #[test]
    fn the_journal_of_an_older_version_is_read_and_written_anew() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::new(directory.path(), "dev");
        let _lock = store.lock("up").expect("the lock");
        let old = r#"{"header":{"schema":1,"tool":"0.1.0","environment_id":"e-1","suffix":"dev","account":"123456789012","region":"us-east-1","serial":4}}
{"snapshot":{"records":{"vpc/main":{"key":"vpc/main","chapter":"network","name":"vpc-dev","phase":"ready","generation":3,"id":"vpc-1","outputs":{"id":"vpc-1"},"spec":{"cidr":"10.20.0.0/16"},"dependencies":[]}},"deposed":{},"choices":{}}}
{"entry":{"entry":"delete","key":"vpc/main"}}
"#;
        fs::write(store.journal(), old).expect("written");
        let loaded = load(&store).expect("readable").expect("there");
        assert_eq!(loaded.book.records[&Key::new("vpc", "main")].generation, 3);
        store.open(&loaded.header, &loaded.book).expect("written anew");
        let again = load(&store).expect("readable").expect("there");
        assert_eq!((again.header.schema, again.header.serial, again.book), (SCHEMA, 5, loaded.book));
    }

    #[test]
    fn a_second_lock_is_refused_and_names_the_holder() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::new(directory.path(), "dev");
        let first = store.lock("up").expect("the lock");
        match store.lock("destroy") {
            Err(StateError::Locked { holder }) => assert_eq!(holder.operation, "up"),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.holder().map(|holder| holder.operation).as_deref(), Some("up"));
        drop(first);
        assert_eq!(store.holder(), None);
        store.lock("destroy").expect("free again");
    }

    #[test]
    fn a_full_disk_is_a_failure_that_says_so() {
        // /dev/full refuses every write with ENOSPC.
        if !Path::new("/dev/full").exists() {
            return;
        }
        let journal = Journal::open(Path::new("/dev/full"), &(Arc::new(RealDisk) as Arc<dyn Disk>)).expect("opens");
        let failure = journal.append(&entries()[0]).expect_err("no space");
        assert_eq!(failure.class, Class::Internal);
        assert!(failure.message.contains("No space left"), "{failure}");
    }
}
