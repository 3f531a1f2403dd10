//! A real identity provider: the certified `oidc-provider` from npm, on loopback.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::browser::repository;
use crate::leash::find_program;

/// The provider's process. It ends with its standard input, and so with the
/// tests, however they end.
#[derive(Debug)]
pub struct Provider {
    /// `http://localhost:PORT`: for a browser another site than `127.0.0.1`.
    pub issuer: String,
    child: Child,
    _input: ChildStdin,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a provider that sends browsers back to `redirect`.
pub fn start(redirect: &str) -> Result<Provider> {
    let modules = repository().join("target/e2e-node/node_modules");
    ensure!(
        modules.join("oidc-provider/package.json").is_file(),
        "the npm package oidc-provider is missing: `cargo xtask test` installs it (needs npm)"
    );
    let script = repository().join("crates/shirube-access/tests/it/provider.mjs");
    let mut child = Command::new(find_program(&["node"])?)
        .arg(script)
        .arg(modules)
        .args([redirect, "localhost"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("starting `node`")?;
    let input = child.stdin.take().context("the provider has no input")?;
    let output = child.stdout.take().context("the provider has no output")?;
    let mut provider = Provider { issuer: String::new(), child, _input: input };
    let mut lines = BufReader::new(output).lines();
    while provider.issuer.is_empty() {
        let line = lines.next().context("the provider ended before it was ready")??;
        provider.issuer = line.strip_prefix("ready ").unwrap_or_default().to_owned();
    }
    // Read to the end: a full pipe would stop the process.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(provider)
}
