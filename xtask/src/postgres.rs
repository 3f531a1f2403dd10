//! What the tests on PostgreSQL need: the server programs. The tests start a
//! server of their own with them, and stop it.

use anyhow::Result;

use crate::debian::{self, Need};

/// Set for the tests, so that a server that is missing fails them instead of
/// leaving half of them out.
pub const REQUIRED: (&str, &str) = ("SHIRUBE_TEST_POSTGRES", "required");

const NEEDS: [Need; 1] = [Need {
    what: "the PostgreSQL server",
    package: "postgresql",
    present: || version().is_some(),
}];

/// Makes sure that everything is there; returns what the summary says.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub fn prepare() -> Result<String> {
    let installed = debian::prepare(&NEEDS)?;
    let version = version().unwrap_or_default();
    Ok(match installed.is_empty() {
        true => format!("PostgreSQL {version}"),
        false => format!("installed PostgreSQL {version}"),
    })
}

/// The newest version that is installed, where Debian puts it.
fn version() -> Option<u32> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions
        .filter(|entry| entry.path().join("bin").join("initdb").is_file())
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .max()
}
