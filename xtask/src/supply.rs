//! What may enter the dependency graph: `deny.toml`, checked against what
//! cargo resolved, without any network. `docs/adr/0003` says why this is here
//! beside cargo-deny.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{cargo, licence, workspace};

/// The rules of `deny.toml` that are checked here.
#[derive(Debug, Default)]
struct Rules {
    licences: Vec<String>,
    /// Crate and the licences that are allowed for it alone.
    exceptions: BTreeMap<String, Vec<String>>,
    /// Crate and the reason it is refused.
    forbidden: BTreeMap<String, String>,
    /// Crates that may be there in one version only, and why.
    single: BTreeMap<String, String>,
}

impl Rules {
    fn permit(&self, name: &str, licence: &str) -> bool {
        let mut allowed = self.licences.clone();
        allowed.extend(self.exceptions.get(name).into_iter().flatten().cloned());
        licence::satisfied(licence, &allowed)
    }
}

/// One package of the dependency graph.
#[derive(Debug, Clone, Default)]
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// Absent for the workspace's own crates and path dependencies.
    source: Option<String>,
    manifest: String,
}

/// Checks the resolved graph against `deny.toml`.
///
/// # Errors
/// When something is not allowed, all of it named.
pub fn check() -> Result<String> {
    let path = workspace::root().join("deny.toml");
    let text = std::fs::read_to_string(&path).context("reading `deny.toml`")?;
    let rules = read_rules(&text).context("reading `deny.toml`")?;
    let packages: Vec<Package> = workspace::metadata()?.packages.iter().map(package).collect();
    let findings = findings(&rules, &packages, &workspace::root().display().to_string());
    if !findings.is_empty() {
        for finding in &findings {
            println!("{finding}");
        }
        bail!("{} findings; see docs/adr/0003-dependency-check.md", findings.len());
    }
    Ok(format!("{} packages", packages.len()))
}

/// Runs cargo-deny where it is installed; the same file rules both. Advisories
/// are left out: their database is fetched, and a build must not depend on it.
///
/// # Errors
/// When cargo-deny refuses something.
pub fn cargo_deny() -> Result<String> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        return Ok("not installed; the section above checks the same rules".to_owned());
    }
    cargo::run(&["deny", "--offline", "check", "licenses", "bans", "sources"], &[])
}

fn read_rules(text: &str) -> Result<Rules> {
    let table: toml::Table = text.parse()?;
    let section = |name: &str| {
        table.get(name).and_then(toml::Value::as_table).with_context(|| format!("no `[{name}]`"))
    };
    let mut rules = Rules::default();
    let licences = section("licenses")?;
    rules.licences = texts(licences.get("allow")).context("no `allow` in `[licenses]`")?;
    let exceptions = licences.get("exceptions").and_then(toml::Value::as_array);
    for entry in exceptions.into_iter().flatten() {
        let name = entry.get("crate").and_then(toml::Value::as_str);
        let name = name.context("an entry of `exceptions` has no `crate`")?;
        let allow = texts(entry.get("allow")).with_context(|| format!("`{name}`: no `allow`"))?;
        rules.exceptions.insert(name.to_owned(), allow);
    }
    let deny = section("bans")?.get("deny").and_then(toml::Value::as_array);
    for entry in deny.context("no `deny` in `[bans]`")? {
        let text = |key: &str| entry.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let name = text("crate").context("an entry of `deny` has no `crate`")?;
        let reason = text("reason").with_context(|| format!("`{name}` has no `reason`"))?;
        let single =
            entry.get("deny-multiple-versions").and_then(toml::Value::as_bool).unwrap_or(false);
        let list = if single { &mut rules.single } else { &mut rules.forbidden };
        list.insert(name, reason);
    }
    Ok(rules)
}

/// A list of texts; nothing when it is anything else.
fn texts(value: Option<&toml::Value>) -> Option<Vec<String>> {
    value?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn package(value: &Value) -> Package {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Package {
        name: text("name").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        licence: text("license"),
        source: text("source"),
        manifest: text("manifest_path").unwrap_or_default(),
    }
}

/// Everything in the graph that the rules do not allow, in order of crate.
fn findings(rules: &Rules, packages: &[Package], root: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut registries = BTreeSet::new();
    for package in packages {
        let name = package.name.as_str();
        versions.entry(name).or_default().insert(&package.version);
        match &package.source {
            Some(source) if source.starts_with("registry+") || source.starts_with("sparse+") => {
                registries.insert(source);
            }
            Some(source) => {
                found.insert(format!("`{name}` does not come from a registry: {source}"));
            }
            None if !package.manifest.starts_with(root) => {
                found.insert(format!("`{name}` is outside the repository: {}", package.manifest));
            }
            None => {}
        }
        match &package.licence {
            None => {
                found.insert(format!("`{name}` {} states no licence", package.version));
            }
            Some(licence) if !rules.permit(name, licence) => {
                found.insert(format!("`{name}` {} is under {licence}", package.version));
            }
            Some(_) => {}
        }
        if let Some(reason) = rules.forbidden.get(name) {
            found.insert(format!("`{name}` is refused: {reason}"));
        }
    }
    if registries.len() > 1 {
        found.insert(format!("crates come from {} registries, not one", registries.len()));
    }
    for (name, reason) in &rules.single {
        if let Some(several) = versions.get(name.as_str()).filter(|set| set.len() > 1) {
            let several: Vec<&str> = several.iter().copied().collect();
            found.insert(format!("`{name}` is there as {}: {reason}", several.join(" and ")));
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_registry(name: &str, version: &str, licence: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: Some(licence.to_owned()),
            source: Some("registry+one".to_owned()),
            manifest: "elsewhere".to_owned(),
        }
    }

    fn rules() -> Rules {
        read_rules(
            "[licenses]\nallow = [\"MIT\"]\n\
             exceptions = [{ crate = \"test-only\", allow = [\"MPL-2.0\"] }]\n[bans]\ndeny = [\n\
             { crate = \"bad\", reason = \"bad\" },\n\
             { crate = \"one\", deny-multiple-versions = true, reason = \"types cross\" },\n]\n",
        )
        .unwrap()
    }

    #[test]
    fn each_kind_of_finding_is_made_and_nothing_else() {
        let good = from_registry("good", "1.0.0", "MIT");
        let own = Package {
            source: None,
            manifest: "/r/crates/own/Cargo.toml".to_owned(),
            ..from_registry("own", "0.1.0", "MIT")
        };
        let outside = Package { manifest: "/elsewhere/Cargo.toml".to_owned(), ..own.clone() };
        let from_git = Package { source: Some("git+x".to_owned()), ..good.clone() };
        let second = Package { source: Some("registry+two".to_owned()), ..good.clone() };
        let cases: [(&str, Vec<Package>, &str); 10] = [
            ("allowed", vec![good.clone(), own], ""),
            ("exception", vec![from_registry("test-only", "1.0.0", "MPL-2.0")], ""),
            ("no exception", vec![from_registry("x", "1.0.0", "MPL-2.0")], "is under MPL"),
            ("licence", vec![from_registry("x", "1.0.0", "GPL-3.0-only")], "is under GPL"),
            ("no licence", vec![Package { licence: None, ..good.clone() }], "states no licence"),
            ("forbidden", vec![from_registry("bad", "1.0.0", "MIT")], "is refused"),
            ("git", vec![from_git], "does not come from a registry"),
            ("outside", vec![outside], "outside the repository"),
            ("two registries", vec![good, second], "2 registries"),
            (
                "two versions",
                vec![from_registry("one", "1.0.0", "MIT"), from_registry("one", "2.0.0", "MIT")],
                "1.0.0 and 2.0.0: types cross",
            ),
        ];
        for (case, packages, expected) in cases {
            let found = findings(&rules(), &packages, "/r");
            let count = usize::from(!expected.is_empty());
            assert_eq!(found.len(), count, "{case}: {found:?}");
            assert!(found.iter().all(|line| line.contains(expected)), "{case}: {found:?}");
        }
    }
}
