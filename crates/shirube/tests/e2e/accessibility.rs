//! The accessibility check: axe-core, run inside the page.

use anyhow::{Context, Result, bail};
use fantoccini::Client;
use serde::Deserialize;

use crate::browser::repository;

/// Rules of WCAG 2.0 and 2.1, levels A and AA; only what fails is reported.
const RUN: &str = r"
const done = arguments[arguments.length - 1];
axe.run(document, {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] },
  resultTypes: ['violations'],
}).then(
  (found) => done({ violations: found.violations, passes: found.passes.length }),
  (error) => done({ failure: String(error) }),
);";

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(default)]
    violations: Vec<Violation>,
    #[serde(default)]
    passes: usize,
    failure: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: Option<String>,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    /// Selectors, the last one inside the frames named by those before.
    target: Vec<serde_json::Value>,
    html: String,
}

/// Checks the page now shown.
///
/// # Errors
/// Every violation with its rule, impact and elements; and when axe-core is not
/// installed or could not judge the page.
pub async fn check(client: &Client) -> Result<()> {
    let path = repository().join("target/e2e-node/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&path)
        .context("axe-core is not installed; run `cargo xtask test`, which installs it")?;
    client.execute(&axe, Vec::new()).await.context("loading axe-core into the page")?;
    let answer = client.execute_async(RUN, Vec::new()).await.context("running axe-core")?;
    let found: Found = serde_json::from_value(answer).context("reading what axe-core found")?;
    if let Some(failure) = found.failure {
        bail!("axe-core: {failure}");
    }
    if found.passes == 0 && found.violations.is_empty() {
        bail!("axe-core had nothing to judge: is the page empty?");
    }
    if !found.violations.is_empty() {
        let url = client.current_url().await?;
        let lines: Vec<String> = found.violations.iter().flat_map(lines).collect();
        bail!(
            "{}{} breaks WCAG 2.1 A/AA:\n{}",
            url.path(),
            url.query().unwrap_or_default(),
            lines.join("\n")
        );
    }
    Ok(())
}

/// One line per element that breaks the rule.
fn lines(violation: &Violation) -> Vec<String> {
    let impact = violation.impact.as_deref().unwrap_or("no impact given");
    let describe = |node: &Node| {
        let selector: Vec<String> = node.target.iter().map(ToString::to_string).collect();
        format!(
            "  {} ({impact}) {}: {}\n    {}",
            violation.id,
            violation.help,
            selector.join(" "),
            node.html
        )
    };
    violation.nodes.iter().map(describe).collect()
}
