//! The same tests once more, with every store on PostgreSQL.

use std::path::Path;
use std::process::Command;

use shirube_store::StoreAddress;

use crate::cluster;

/// Set to `postgres` in the process that runs the tests once more.
const STORE: &str = "SHIRUBE_TEST_WEB_STORE";

/// Where the records of a site are: in its directory, or in a database of its
/// own on the server of this process.
pub fn address(dir: &Path) -> StoreAddress {
    if std::env::var_os(STORE).is_none() {
        return dir.into();
    }
    let server = cluster::shared().unwrap();
    let (port, database) = (server.port, server.database());
    let url = format!("postgres://postgres@127.0.0.1:{port}/{database}?dir={}", dir.display());
    url.parse().unwrap()
}

#[test]
fn the_whole_suite_holds_on_postgresql() {
    if std::env::var_os(STORE).is_some() || cluster::shared().is_none() {
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "the_whole_suite_holds_on_postgresql", "--test-threads", "2"])
        .env(STORE, "postgres")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // It did run, and all of it.
    let passed = said.lines().find_map(|line| {
        let rest = line.strip_prefix("test result: ok. ")?;
        rest.split(' ').next()?.parse::<usize>().ok()
    });
    assert!(passed.unwrap_or(0) > 20, "{said}");
}
