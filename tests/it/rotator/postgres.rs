//! A PostgreSQL of the test's own, on loopback, gone with the test. Its master user is no superuser, as that of Aurora isn't.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};

/// The master user and its password.
pub const MASTER: (&str, &str) = ("master", "the master's own 'password'");
/// The database that services have their schemas in.
pub const DATABASE: &str = "platform";

/// PostgreSQL refuses to run as root: as nobody then.
const NOBODY: u32 = 65534;

const LIMIT: Duration = Duration::from_secs(30);

/// The server.
pub struct Postgres {
    child: Child,
    directory: TempDir,
    pub port: u16,
}

/// Where its programs are: of Debian's packages the newest, else where `pg_config` says.
fn programs() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let asked = || {
        let output = Command::new("pg_config").arg("--bindir").output().ok()?;
        Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
    };
    let found = versions.pop().map(|(_, path)| path).or_else(asked).filter(|path| path.join("postgres").is_file());
    found.expect("PostgreSQL 15 or newer is needed for this test: apt-get install postgresql")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn command(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(programs().join(program));
    command.current_dir(directory).env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

impl Postgres {
    /// Starts one, with the master user and an empty database of its own.
    pub async fn start() -> Self {
        let directory = TempDir::new().expect("a directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
        if is_root() {
            std::os::unix::fs::chown(directory.path(), Some(NOBODY), Some(NOBODY)).expect("an owner");
        }
        let data = directory.path().join("data");
        let made = command("initdb", directory.path())
            .args(["--username", "postgres", "--auth-local", "trust", "--auth-host", "scram-sha-256", "--no-sync"])
            .args(["--encoding", "UTF8", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let log = fs::File::create(directory.path().join("log")).expect("a log");
        let child = command("postgres", directory.path())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "log_statement=all"])
            .args(["-c", "log_connections=on", "-c", "log_min_error_statement=debug5", "-p", &port.to_string()])
            .arg("-k")
            .arg(directory.path())
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("postgres starts");
        let it = Postgres { child, directory, port };
        let deadline = Instant::now() + LIMIT;
        let root = loop {
            match it.as_root("postgres").await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < deadline, "{error}\n{}", it.log()),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let (user, password) = (MASTER.0, MASTER.1.replace('\'', "''"));
        for statement in [
            "SET log_statement = 'none'".to_owned(),
            format!("CREATE ROLE {user} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'"),
            format!("CREATE DATABASE {DATABASE} OWNER {user}"),
        ] {
            root.batch_execute(&statement).await.expect("set up");
        }
        let root = it.as_root(DATABASE).await.expect("the new database");
        // As `rds_superuser` may.
        root.batch_execute(&format!("ALTER SCHEMA public OWNER TO {user}")).await.expect("set up");
        it
    }

    async fn connect(config: &Config) -> Result<Client, Error> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn as_root(&self, database: &str) -> Result<Client, Error> {
        let mut config = Config::new();
        config.host_path(self.directory.path()).port(self.port).user("postgres").dbname(database);
        Self::connect(&config).await
    }

    /// Logs in over the network, with a password.
    pub async fn log_in(&self, user: &str, password: &str) -> Result<Client, Error> {
        log_in(self.port, user, password).await
    }

    /// What its log says, every statement among it.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.directory.path().join("log")).unwrap_or_default()).into_owned()
    }
}

/// Logs in over the network, with a password.
pub async fn log_in(port: u16, user: &str, password: &str) -> Result<Client, Error> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(user).password(password).dbname(DATABASE);
    Postgres::connect(&config).await
}

/// The rows of a statement as texts.
pub async fn rows(client: &Client, sql: &str) -> Result<Vec<Vec<String>>, Error> {
    let messages = client.simple_query(sql).await?;
    let row = |message: SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect())
        }
        _ => None,
    };
    Ok(messages.into_iter().filter_map(row).collect())
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT is immediate shutdown; killing the postmaster alone would leave its children to notice.
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
