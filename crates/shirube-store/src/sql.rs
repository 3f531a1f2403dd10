//! Every SQL text of the store. All of it runs on SQLite and on PostgreSQL 15;
//! what only one of them understands is in [`crate::sqlite`] and
//! [`crate::postgres`].
//!
//! Times are microseconds since 1970-01-01 UTC, hashes lower-case hexadecimal,
//! bodies canonical JSON.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

/// Tables and indexes, in the order they are made.
pub(crate) const SCHEMA: &[&str] = &[
    "CREATE TABLE meta (
        key TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    )",
    "CREATE TABLE event (
        seq BIGINT PRIMARY KEY NOT NULL,
        recorded_at BIGINT NOT NULL,
        kind TEXT NOT NULL,
        record TEXT NOT NULL,
        version BIGINT NOT NULL,
        action TEXT NOT NULL,
        state TEXT NOT NULL,
        standing TEXT NOT NULL,
        duplicate_of TEXT,
        actor TEXT NOT NULL,
        reason TEXT NOT NULL,
        source_system TEXT,
        source_key TEXT,
        body TEXT NOT NULL,
        prev_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        UNIQUE (record, version)
    )",
    "CREATE INDEX event_by_kind ON event (kind, seq)",
    "CREATE INDEX event_by_time ON event (recorded_at, seq)",
    "CREATE TABLE current_record (
        record TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        standing TEXT NOT NULL,
        duplicate_of TEXT,
        body TEXT NOT NULL,
        seq BIGINT NOT NULL,
        recorded_at BIGINT NOT NULL
    )",
    "CREATE INDEX current_record_by_kind ON current_record (kind, seq)",
    "CREATE INDEX current_record_by_state
        ON current_record (kind, state, standing)",
    "CREATE TABLE stored_value (
        id BIGINT PRIMARY KEY NOT NULL,
        indicator TEXT NOT NULL,
        reading TEXT NOT NULL,
        as_of TEXT NOT NULL,
        json TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX stored_value_by_indicator ON stored_value (indicator, id)",
    LAYOUT_TABLE,
];

/// When the store was made and upgraded, one row for each layout.
const LAYOUT_TABLE: &str = "CREATE TABLE layout (
        version BIGINT PRIMARY KEY NOT NULL,
        since BIGINT NOT NULL
    )";

/// What leads from one layout of the tables to the next, oldest first. Texts
/// that were once released never change.
pub(crate) const UPGRADES: &[(u32, &[&str])] = &[(2, &[LAYOUT_TABLE])];

/// Columns of one event, in the order [`crate::rows::event`] reads them.
macro_rules! event_columns {
    ($alias:literal) => {
        concat!(
            $alias,
            "seq, ",
            $alias,
            "recorded_at, ",
            $alias,
            "kind, ",
            $alias,
            "record, ",
            $alias,
            "version, ",
            $alias,
            "action, ",
            $alias,
            "state, ",
            $alias,
            "standing, ",
            $alias,
            "duplicate_of, ",
            $alias,
            "actor, ",
            $alias,
            "reason, ",
            $alias,
            "source_system, ",
            $alias,
            "source_key, ",
            $alias,
            "body, ",
            $alias,
            "prev_hash, ",
            $alias,
            "hash"
        )
    };
}

/// Columns of one record version, in the order [`crate::rows::record`] reads them.
macro_rules! record_columns {
    () => {
        "r.kind, r.record, r.version, r.state, r.standing, r.duplicate_of, r.body, r.seq, \
         r.recorded_at"
    };
}

pub(crate) const META_ALL: &str = "SELECT key, value FROM meta ORDER BY key";
pub(crate) const META_UPDATE: &str = "UPDATE meta SET value = $2 WHERE key = $1";
pub(crate) const LAYOUT_INSERT: &str = "INSERT INTO layout (version, since) VALUES ($1, $2)";
pub(crate) const META_INSERT: &str = "INSERT INTO meta (key, value) VALUES ($1, $2)";

pub(crate) const HEAD: &str = "SELECT seq, hash, recorded_at FROM event ORDER BY seq DESC LIMIT 1";
pub(crate) const POSITION_AT: &str = "SELECT seq, hash, recorded_at FROM event \
     WHERE recorded_at <= $1 ORDER BY recorded_at DESC, seq DESC LIMIT 1";
pub(crate) const POSITION_OF: &str = "SELECT seq, hash, recorded_at FROM event WHERE seq = $1";

pub(crate) const EVENTS_AFTER: &str =
    concat!("SELECT ", event_columns!(""), " FROM event WHERE seq > $1 ORDER BY seq LIMIT $2");
pub(crate) const EVENT: &str = concat!("SELECT ", event_columns!(""), " FROM event WHERE seq = $1");
pub(crate) const HISTORY: &str =
    concat!("SELECT ", event_columns!(""), " FROM event WHERE record = $1 ORDER BY version");

pub(crate) const RECORD_NOW: &str =
    concat!("SELECT ", record_columns!(), " FROM current_record r WHERE r.record = $1");
pub(crate) const RECORD_AT: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM event r WHERE r.record = $1 AND r.seq <= $2 ORDER BY r.version DESC LIMIT 1"
);

/// Leaves the last version of each record as of position `$1`.
macro_rules! latest_at {
    () => {
        "r.seq <= $1 AND NOT EXISTS (SELECT 1 FROM event n WHERE n.record = r.record \
         AND n.version = r.version + 1 AND n.seq <= $1)"
    };
}

/// Records of kind `$2` (`$1` is the position), to which conditions are added.
pub(crate) const LIST_AT: &str =
    concat!("SELECT ", record_columns!(), " FROM event r WHERE ", latest_at!(), " AND r.kind = $2");
pub(crate) const COUNT_AT: &str =
    concat!("SELECT COUNT(*) FROM event r WHERE ", latest_at!(), " AND r.kind = $2");
/// As [`LIST_AT`] for the current records; `$1` is not below any position.
pub(crate) const LIST_NOW: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM current_record r WHERE r.seq <= $1 AND r.kind = $2"
);
pub(crate) const COUNT_NOW: &str =
    "SELECT COUNT(*) FROM current_record r WHERE r.seq <= $1 AND r.kind = $2";

pub(crate) const COUNTS_NOW: &str = "SELECT r.kind, r.state, r.standing, COUNT(*) \
     FROM current_record r GROUP BY r.kind, r.state, r.standing \
     ORDER BY r.kind, r.state, r.standing";
pub(crate) const COUNTS_AT: &str = concat!(
    "SELECT r.kind, r.state, r.standing, COUNT(*) FROM event r WHERE ",
    latest_at!(),
    " GROUP BY r.kind, r.state, r.standing ORDER BY r.kind, r.state, r.standing"
);

pub(crate) const CURRENT_CLEAR: &str = "DELETE FROM current_record";
pub(crate) const CURRENT_REPLAY: &str = concat!(
    "INSERT INTO current_record (kind, record, version, state, standing, duplicate_of, body, \
     seq, recorded_at) SELECT ",
    record_columns!(),
    " FROM event r WHERE ",
    latest_at!(),
    " ORDER BY r.seq"
);
pub(crate) const CURRENT_COUNT: &str = "SELECT COUNT(*) FROM current_record";
/// The current records in order of id, from the one after `$1`.
pub(crate) const CURRENT_DUMP: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM current_record r WHERE r.record > $1 ORDER BY r.record LIMIT $2"
);
/// The same from the ledger alone. `$1` is the position.
pub(crate) const REPLAY_DUMP: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM event r WHERE ",
    latest_at!(),
    " AND r.record > $2 ORDER BY r.record LIMIT $3"
);

pub(crate) const VALUE_NEXT: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM stored_value";
pub(crate) const VALUE_INSERT: &str = "INSERT INTO stored_value \
     (id, indicator, reading, as_of, json, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
pub(crate) const VALUE: &str = "SELECT id, indicator, reading, as_of, json, created_at \
     FROM stored_value WHERE id = $1";
pub(crate) const VALUES_OF: &str = "SELECT id, indicator, reading, as_of, json, created_at \
     FROM stored_value WHERE indicator = $1 ORDER BY id";

/// Every value in order of number, from the one after `$1`.
pub(crate) const VALUES_AFTER: &str = "SELECT id, indicator, reading, as_of, json, created_at \
     FROM stored_value WHERE id > $1 ORDER BY id LIMIT $2";

/// Rows of one multi-row statement. The time to bind a statement grows with the
/// square of its parameters, so larger ones cost more than they save.
pub(crate) const ROWS_MANY: usize = 8;
/// Ids of one lookup.
pub(crate) const LOOKUP_MANY: usize = 200;

const EVENT_WIDTH: usize = 16;
const CURRENT_WIDTH: usize = 9;

/// `($1, $2), ($3, $4)` for `rows` rows of `width` columns.
fn rows_text(rows: usize, width: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            let gap = if column == 0 { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{gap}${}", row * width + column + 1);
        }
        text.push(')');
    }
    text
}

/// `$first, $first+1, …` for an `IN` list.
pub(crate) fn list_text(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

fn event_insert_text(rows: usize) -> Arc<str> {
    let columns = event_columns!("");
    format!("INSERT INTO event ({columns}) VALUES {}", rows_text(rows, EVENT_WIDTH)).into()
}

fn current_upsert_text(rows: usize) -> Arc<str> {
    format!(
        "INSERT INTO current_record (record, kind, version, state, standing, duplicate_of, body, \
         seq, recorded_at) VALUES {} ON CONFLICT (record) DO UPDATE SET \
         version = excluded.version, state = excluded.state, standing = excluded.standing, \
         duplicate_of = excluded.duplicate_of, body = excluded.body, seq = excluded.seq, \
         recorded_at = excluded.recorded_at",
        rows_text(rows, CURRENT_WIDTH)
    )
    .into()
}

/// Inserts one event or [`ROWS_MANY`] events.
pub(crate) fn event_insert(many: bool) -> Arc<str> {
    static ONE: LazyLock<Arc<str>> = LazyLock::new(|| event_insert_text(1));
    static MANY: LazyLock<Arc<str>> = LazyLock::new(|| event_insert_text(ROWS_MANY));
    Arc::clone(if many { &MANY } else { &ONE })
}

/// Writes the current state of one record or [`ROWS_MANY`] different records.
pub(crate) fn current_upsert(many: bool) -> Arc<str> {
    static ONE: LazyLock<Arc<str>> = LazyLock::new(|| current_upsert_text(1));
    static MANY: LazyLock<Arc<str>> = LazyLock::new(|| current_upsert_text(ROWS_MANY));
    Arc::clone(if many { &MANY } else { &ONE })
}

/// The last events of `count` records.
pub(crate) fn latest_events(count: usize) -> String {
    format!(
        concat!(
            "SELECT ",
            event_columns!("e."),
            " FROM current_record c JOIN event e \
             ON e.seq = c.seq WHERE c.record IN ({})"
        ),
        list_text(1, count)
    )
}

/// The current state of `count` records.
pub(crate) fn records_now(count: usize) -> String {
    format!(
        concat!("SELECT ", record_columns!(), " FROM current_record r WHERE r.record IN ({})"),
        list_text(1, count)
    )
}

/// The events at `count` positions.
pub(crate) fn events_at(count: usize) -> String {
    format!(
        concat!("SELECT ", event_columns!(""), " FROM event WHERE seq IN ({}) ORDER BY seq"),
        list_text(1, count)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::dialect::PostgreSqlDialect;
    use sqlparser::parser::Parser;

    #[test]
    fn every_text_is_postgresql() {
        let upgrades = UPGRADES.iter().flat_map(|(_, texts)| *texts);
        let mut texts: Vec<String> =
            SCHEMA.iter().chain(upgrades).map(|s| (*s).to_owned()).collect();
        let fixed = [
            META_ALL,
            META_INSERT,
            HEAD,
            POSITION_AT,
            POSITION_OF,
            EVENTS_AFTER,
            EVENT,
            HISTORY,
            RECORD_NOW,
            RECORD_AT,
            LIST_AT,
            COUNT_AT,
            LIST_NOW,
            COUNT_NOW,
            COUNTS_NOW,
            COUNTS_AT,
            CURRENT_CLEAR,
            CURRENT_REPLAY,
            CURRENT_COUNT,
            CURRENT_DUMP,
            REPLAY_DUMP,
            VALUE_NEXT,
            VALUE_INSERT,
            VALUE,
            VALUES_OF,
            VALUES_AFTER,
            META_UPDATE,
            LAYOUT_INSERT,
        ];
        texts.extend(fixed.iter().map(|s| (*s).to_owned()));
        for many in [false, true] {
            texts.push(event_insert(many).to_string());
            texts.push(current_upsert(many).to_string());
        }
        texts.extend([latest_events(3), records_now(3), events_at(3)]);
        let sqlite_only =
            ["INSERT OR", "json_", "strftime", "AUTOINCREMENT", "PRAGMA", "rowid", "?"];
        for text in texts {
            let parsed = Parser::parse_sql(&PostgreSqlDialect {}, &text);
            assert!(parsed.is_ok_and(|s| s.len() == 1), "{text}");
            for word in sqlite_only {
                assert!(!text.contains(word), "`{word}` in {text}");
            }
        }
    }

    #[test]
    fn parameters_are_numbered_in_order() {
        assert_eq!(rows_text(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(list_text(3, 2), "$3, $4");
        assert!(event_insert(true).ends_with(&format!("${})", ROWS_MANY * EVENT_WIDTH)));
    }
}
