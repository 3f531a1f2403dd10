//! Where a store is: a directory, or a PostgreSQL database.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use shirube_model::refusal::Refusal;
use sqlx::postgres::PgConnectOptions;

use crate::event::Encoder;

/// Where a store is.
///
/// Text forms: a path or `sqlite:PATH` is a directory with the ledger in
/// SQLite; `postgres://USER:PASSWORD@HOST:PORT/DATABASE` is a PostgreSQL
/// database, with the parameters libpq knows (`sslmode`, `sslrootcert`, …) and
/// one of our own, `dir`: the directory on this machine for what is no record,
/// such as the search index. The text shown never has the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// A directory with the ledger in SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresAddress),
}

/// A PostgreSQL database and the local directory that goes with it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    /// What the driver reads; may have a password.
    url: String,
    /// The same without user, password and parameters.
    shown: String,
    dir: PathBuf,
}

const SQLITE: &str = "sqlite:";
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];
const DIR: &str = "dir=";

impl StoreAddress {
    /// The directory on this machine for the search index and everything else
    /// that is no record. For SQLite it is the store itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        match self {
            Self::Sqlite(dir) => dir,
            Self::Postgres(address) => &address.dir,
        }
    }
}

impl PostgresAddress {
    fn read(text: &str) -> Result<Self, Refusal> {
        // The text stays out of the message: it may have a password.
        let unreadable = || Refusal::new("store.address-unreadable");
        let (base, parameters) = text.split_once('?').unwrap_or((text, ""));
        let (ours, theirs): (Vec<&str>, Vec<&str>) = parameters
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .partition(|parameter| parameter.starts_with(DIR));
        let url = match theirs.as_slice() {
            [] => base.to_owned(),
            theirs => format!("{base}?{}", theirs.join("&")),
        };
        let options = PgConnectOptions::from_str(&url).map_err(|_| unreadable())?;
        let database = options.get_database().filter(|name| !name.is_empty());
        let database = database.ok_or_else(unreadable)?;
        let place = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let shown = format!("postgres://{place}/{database}");
        let dir = match ours.first().and_then(|parameter| parameter.strip_prefix(DIR)) {
            Some("") => return Err(unreadable()),
            Some(dir) => PathBuf::from(dir),
            None => usual_dir(&shown, options.get_options().unwrap_or_default()),
        };
        Ok(Self { url, shown, dir })
    }

    pub(crate) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        self.url.parse()
    }
}

/// A directory of the account that runs the software, one for each database.
fn usual_dir(shown: &str, options: &str) -> PathBuf {
    let mut encoder = Encoder::new(b"shirube.address.v1");
    encoder.part(shown.as_bytes());
    encoder.part(options.as_bytes());
    let mut name = hex::encode(encoder.finish());
    name.truncate(16);
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".local/state")))
        .unwrap_or_else(std::env::temp_dir);
    state.join("shirube").join(name)
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresAddress").field(&self.shown).finish()
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(dir) => dir.display().fmt(f),
            Self::Postgres(address) => f.write_str(&address.shown),
        }
    }
}

impl FromStr for StoreAddress {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if POSTGRES.iter().any(|scheme| text.starts_with(scheme)) {
            return PostgresAddress::read(text).map(Self::Postgres);
        }
        let path = match text.strip_prefix(SQLITE) {
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None => text,
        };
        if path.is_empty() || (path == text && text.contains("://")) {
            return Err(Refusal::new("store.address-unreadable"));
        }
        Ok(Self::Sqlite(path.into()))
    }
}

impl From<&Path> for StoreAddress {
    fn from(dir: &Path) -> Self {
        Self::Sqlite(dir.to_owned())
    }
}

impl From<&PathBuf> for StoreAddress {
    fn from(dir: &PathBuf) -> Self {
        Self::Sqlite(dir.clone())
    }
}

impl From<PathBuf> for StoreAddress {
    fn from(dir: PathBuf) -> Self {
        Self::Sqlite(dir)
    }
}

impl From<&Self> for StoreAddress {
    fn from(address: &Self) -> Self {
        address.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_the_password() {
        let cases = [
            ("shirube-demo", "shirube-demo", "shirube-demo"),
            ("./a b", "./a b", "./a b"),
            ("sqlite:/srv/store", "/srv/store", "/srv/store"),
            ("sqlite:///srv/store", "/srv/store", "/srv/store"),
            ("sqlite:store", "store", "store"),
            ("postgres://u:p@h:5433/d?dir=/srv/d", "postgres://h:5433/d", "/srv/d"),
            ("postgresql://h/d?sslmode=disable&dir=x", "postgres://h:5432/d", "x"),
        ];
        for (text, shown, dir) in cases {
            let address: StoreAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!(address.dir(), Path::new(dir), "{text}");
        }
        let secret: StoreAddress = "postgres://u:geheim@h/d?dir=x".parse().unwrap();
        assert!(!format!("{secret:?} {secret}").contains("geheim"));
        for text in [
            "",
            "sqlite:",
            "mysql://h/d",
            "postgres://h",
            "postgres://h:x/d",
            "postgres://h/d?dir=",
        ] {
            let refusal = text.parse::<StoreAddress>().unwrap_err();
            assert_eq!(refusal.code, "store.address-unreadable", "{text}");
        }
    }

    #[test]
    fn every_database_has_its_own_directory() {
        let dir = |text: &str| text.parse::<StoreAddress>().unwrap().dir().to_owned();
        let one = dir("postgres://u:p@h/one");
        assert_eq!(one, dir("postgres://v@h:5432/one?sslmode=disable"));
        for other in ["postgres://h/two", "postgres://i/one", "postgres://h:1/one"] {
            assert_ne!(dir(other), one, "{other}");
        }
        assert_ne!(dir("postgres://h/one?options=-c%20search_path%3Db"), one);
    }
}
