//! A PostgreSQL server of the tests' own: Debian's package, on loopback, in a
//! temporary directory, as an account without privileges.
//!
//! The server belongs to a small guard process that waits for the end of its
//! input. However this process ends, the input ends with it, and the guard stops
//! the server it started and removes the directory.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Where Debian puts the programs of each version.
const PROGRAMS: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to run as root; Debian's package makes this account.
const ACCOUNT: &str = "postgres";

/// Makes the data directory where there is none, runs the server, and ends it
/// with the signal that is read. At the end of the input nobody is left: the
/// server is ended and the directory removed.
const GUARD: &str = r#"
set -u
# A signal to the whole group of processes ends the wait below, not the guard.
trap : HUP INT TERM
cd "$1"
if [ ! -d data ]; then
    "$2/initdb" -D data --auth=trust --username=postgres --encoding=UTF8 \
        --locale=C.UTF-8 --locale-provider=icu --icu-locale=ja-JP --no-sync >initdb.log 2>&1 \
        || { cat initdb.log >&2; exit 1; }
fi
"$2/postgres" -D data -c listen_addresses=127.0.0.1 -c port="$3" \
    -c unix_socket_directories= -c max_connections=120 -c shared_buffers=24MB \
    -c fsync=off -c synchronous_commit=off >>server.log 2>&1 &
server=$!
alone=
read -r signal || { signal=QUIT; alone=1; }
kill -"$signal" "$server"
wait "$server"
[ -z "$alone" ] || rm -rf "$1"
exit 0
"#;

/// A running server. Its defaults are the worst a store may meet: commits that
/// are not waited for, and text ordered as in a Japanese dictionary.
pub struct Cluster {
    dir: PathBuf,
    programs: PathBuf,
    pub port: u16,
    guard: Mutex<Option<(Child, ChildStdin)>>,
}

/// The programs of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(PROGRAMS)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    found.sort();
    Some(found.pop()?.1)
}

/// The server of this test binary. `None`, after saying what is missing, where
/// PostgreSQL is not installed; `cargo xtask test` installs it, and sets
/// `SHIRUBE_TEST_POSTGRES=required`, with which its absence fails the tests.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).as_ref()
}

/// A server that may be stopped and started. Its directory is removed when it is
/// dropped.
pub fn own() -> Option<Cluster> {
    Cluster::start()
}

impl Cluster {
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let missing = "not run on PostgreSQL: the Debian package `postgresql` is missing \
                 (apt-get install postgresql, or `cargo xtask test`)";
            assert!(std::env::var_os("SHIRUBE_TEST_POSTGRES").is_none(), "{missing}");
            eprintln!("{missing}");
            return None;
        };
        let dir = tempfile::Builder::new().prefix("shirube-pg-").tempdir().unwrap().keep();
        give_to_server(&dir);
        // Free now; where somebody else takes it first, the server does not start
        // and the tests say so.
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let cluster = Self { dir, programs, port, guard: Mutex::new(None) };
        cluster.run();
        Some(cluster)
    }

    /// Starts the server and waits until it answers.
    pub fn run(&self) {
        let mut command = if is_root() {
            let (user, group) = account().unwrap();
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={user}"), format!("--regid={group}")]);
            command.args(["--clear-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        let mut guard = command
            .args(["-c", GUARD, "guard"])
            .arg(&self.dir)
            .arg(&self.programs)
            .arg(self.port.to_string())
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let input = guard.stdin.take().unwrap();
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.answers() {
            assert!(
                guard.try_wait().unwrap().is_none(),
                "the server did not start: {}",
                self.log()
            );
            assert!(Instant::now() < deadline, "no answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        *self.guard.lock().unwrap() = Some((guard, input));
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("server.log")).unwrap_or_default()
    }

    fn answers(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
            && self.psql("postgres", "SELECT 1").is_ok()
    }

    /// Ends the server: `QUIT` at once, as a crash does; `INT` after rolling back
    /// what is open. Waits until it is gone.
    pub fn stop(&self, signal: &str) {
        use std::io::Write;
        let Some((mut guard, mut input)) = self.guard.lock().unwrap().take() else { return };
        writeln!(input, "{signal}").unwrap();
        guard.wait().unwrap();
    }

    /// Runs a statement as the owner of the server.
    pub fn psql(&self, database: &str, statement: &str) -> Result<String, String> {
        let output = Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--host=127.0.0.1", "--username=postgres", &format!("--port={}", self.port)])
            .args([&format!("--dbname={database}"), "--command", statement])
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Makes an empty database; gives its name.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        name
    }

    pub fn drop_database(&self, name: &str) {
        // Where this fails, the database goes with the directory.
        let _ = self.psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("QUIT");
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Whether this is root: `/proc/self` belongs to the effective user.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// Makes the account the server runs as the owner of a directory.
pub fn give_to_server(dir: &Path) {
    if is_root() {
        let (user, group) = account().unwrap();
        std::os::unix::fs::chown(dir, Some(user), Some(group)).unwrap();
    }
}

/// User and group of the account the package makes.
fn account() -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(ACCOUNT))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
