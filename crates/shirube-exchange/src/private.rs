//! Files that only the operator may read: rows of a register can hold fields
//! that are not public.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a file for writing, made where it is not there; nothing is cut off.
pub(crate) fn open_or_create(path: &Path) -> std::io::Result<File> {
    options().create(true).truncate(false).open(path)
}

/// Makes a directory with its parents.
pub(crate) fn create_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file without a name, gone when it is closed, however the process ends.
pub(crate) fn temporary_file() -> std::io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let time = chrono::Utc::now().timestamp_micros();
    let path = std::env::temp_dir().join(format!("shirube-import-{process}-{time}-{number}"));
    let file = options().create_new(true).open(&path)?;
    // Where an open file cannot be removed, the system's own clean-up does it.
    let _ = std::fs::remove_file(&path);
    Ok(file)
}
