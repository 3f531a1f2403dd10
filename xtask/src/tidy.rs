//! Tidiness that no compiler checks: what must not stand in a tracked file,
//! how long a file may be, and which files belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Lines of a Rust file, tests aside, above which a file is named in the log.
const LONG: usize = 600;
/// Lines above which a file is refused unless [`ALLOWED`] says otherwise.
const TOO_LONG: usize = 900;
/// Files that may be longer: path, lines, and why splitting them would hurt.
const ALLOWED: [(&str, usize, &str); 0] = [];
/// Largest tracked file, in bytes. Data belongs in releases, not in history.
const LARGEST: usize = 1 << 20;

/// Texts that no tracked file may hold, with what is wrong with them. Written
/// in two halves, or this file would be the first finding.
const FORBIDDEN: [(&str, &str); 9] = [
    (concat!("crates", ".io"), "names a registry host"),
    (concat!("pypi", ".org"), "names a registry host"),
    (concat!("pythonhosted", ".org"), "names a registry host"),
    (concat!("registry", ".npmjs"), "names a registry host"),
    (concat!("deb.", "debian.org"), "names a registry host"),
    (concat!("/wo", "rk/"), "names a path of one machine"),
    (concat!("/fa", "rm/"), "names a path of one machine"),
    (concat!("#[ign", "ore"), "leaves a test out"),
    (concat!("todo", "!("), "is not finished"),
];

/// The one reason to leave a test out: it is no test but the process that a
/// test starts and kills, and needs a test binary to live in.
const CHILD: &str = "= \"run as a child process by `";

/// Words, in capitals and on their own, that promise work for later.
const PROMISES: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// What was found, and what is only worth knowing.
#[derive(Debug, Default)]
struct Findings {
    refused: Vec<String>,
    noted: Vec<String>,
}

/// Checks every file that git tracks or would add.
///
/// # Errors
/// When something is refused, all of it named.
pub fn check() -> Result<String> {
    let root = workspace::root();
    let paths = tracked(root)?;
    let mut found = Findings::default();
    for path in &paths {
        // A file that is deleted but not yet committed is still listed.
        let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
        check_file(path, &bytes, &mut found);
        if path.ends_with(".md") {
            check_links(root, path, &String::from_utf8_lossy(&bytes), &mut found);
        }
    }
    check_names(&paths, &mut found);
    for note in &found.noted {
        println!("note: {note}");
    }
    for refusal in &found.refused {
        println!("{refusal}");
    }
    if !found.refused.is_empty() {
        bail!("{} findings", found.refused.len());
    }
    Ok(format!("{} files, {} notes", paths.len(), found.noted.len()))
}

fn tracked(root: &Path) -> Result<BTreeSet<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("starting `git ls-files`; the check needs git")?;
    if !output.status.success() {
        bail!("`git ls-files`: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let list = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    Ok(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn check_file(path: &str, bytes: &[u8], found: &mut Findings) {
    if bytes.len() > LARGEST {
        found.refused.push(format!("{path}: {} bytes, over {LARGEST}", bytes.len()));
    }
    // The lockfile is cargo's; a file with a zero byte is no text.
    if path.ends_with("Cargo.lock") || bytes.contains(&0) {
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        found.refused.push(format!("{path}: neither UTF-8 nor binary"));
        return;
    };
    for (number, line) in (1..).zip(text.lines()) {
        for (pattern, fault) in FORBIDDEN {
            if line.contains(pattern) && !line.contains(CHILD) {
                found.refused.push(format!("{path}:{number}: {fault}: `{pattern}`"));
            }
        }
        for word in PROMISES {
            if has_word(line, word) {
                found.refused.push(format!("{path}:{number}: promises work: `{word}`"));
            }
        }
    }
    if path.ends_with(".rs") && !path.contains("/tests/") {
        check_length(path, text, found);
    }
}

/// Whether `word` stands in `line` with no letter, digit or underscore at its
/// sides: a name such as that of the prefectures in romaji must not trip it.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

fn check_length(path: &str, text: &str, found: &mut Findings) {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().count();
    let limit = ALLOWED
        .iter()
        .find(|(allowed, _, _)| *allowed == path)
        .map_or(TOO_LONG, |(_, limit, _)| *limit);
    if lines > limit {
        found.refused.push(format!("{path}: {lines} lines without tests, over {limit}"));
    } else if lines > LONG {
        found.noted.push(format!("{path}: {lines} lines without tests, over {LONG}"));
    }
}

/// Links between the repository's own documents must lead somewhere.
fn check_links(root: &Path, path: &str, text: &str, found: &mut Findings) {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    for (number, line) in (1..).zip(text.lines()) {
        for link in line.split("](").skip(1) {
            let target = link.split([')', '#', ' ']).next().unwrap_or_default();
            let leaves = target.contains("://") || target.starts_with("mailto:");
            if target.is_empty() || leaves {
                continue;
            }
            if !root.join(folder).join(target).exists() {
                found.refused.push(format!("{path}:{number}: link to nothing: `{target}`"));
            }
        }
    }
}

/// Files that belong together: each message catalogue in both languages, each
/// decision under a number of its own.
fn check_names(paths: &BTreeSet<String>, found: &mut Findings) {
    let other = [(".ja.ftl", ".en.ftl"), (".en.ftl", ".ja.ftl")];
    for path in paths {
        for (this, that) in other {
            if let Some(stem) = path.strip_suffix(this)
                && !paths.contains(&format!("{stem}{that}"))
            {
                found.refused.push(format!("{path}: `{stem}{that}` is missing"));
            }
        }
    }
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for path in paths.iter().filter(|path| path.starts_with("docs/adr/")) {
        let Some(number) = path.get("docs/adr/".len()..).and_then(|name| name.get(..4)) else {
            continue;
        };
        if let Some(first) = numbers.insert(number, path) {
            found.refused.push(format!("{path}: number {number} is taken by `{first}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(path: &str, text: &str) -> Vec<String> {
        let mut found = Findings::default();
        check_file(path, text.as_bytes(), &mut found);
        found.refused
    }

    #[test]
    fn every_forbidden_text_is_found_with_its_line() {
        for (pattern, fault) in FORBIDDEN {
            let found = refusals("docs/a.md", &format!("fine\nsee {pattern}x\n"));
            assert_eq!(found, [format!("docs/a.md:2: {fault}: `{pattern}`")]);
        }
    }

    #[test]
    fn a_child_process_may_stand_among_the_tests() {
        let attribute = concat!("#[ign", "ore");
        let child = format!("{attribute} = \"run as a child process by `it_holds`\"]\n");
        assert!(refusals("crates/a/tests/it/a.rs", &child).is_empty());
        let slow = format!("{attribute} = \"slow\"]\n");
        assert_eq!(refusals("crates/a/tests/it/a.rs", &slow).len(), 1);
    }

    #[test]
    fn promises_are_words_of_their_own() {
        for word in PROMISES {
            assert_eq!(refusals("a.rs", &format!("// {word}: later\n")).len(), 1, "{word}");
            assert!(refusals("a.rs", &format!("const {word}FUKEN: u8 = 47;\n")).is_empty());
            assert!(refusals("a.rs", &format!("const A_{word}: u8 = 47;\n")).is_empty());
        }
    }

    #[test]
    fn long_files_are_noted_then_refused_and_tests_do_not_count() {
        let cases = [
            (LONG, false, false),
            (LONG + 1, true, false),
            (TOO_LONG, true, false),
            (TOO_LONG + 1, false, true),
        ];
        for (lines, noted, refused) in cases {
            let mut text = "x\n".repeat(lines);
            text.push_str("#[cfg(test)]\nmod tests {\n");
            text.push_str(&"y\n".repeat(500));
            let mut found = Findings::default();
            check_file("crates/a/src/lib.rs", text.as_bytes(), &mut found);
            assert_eq!((!found.noted.is_empty(), !found.refused.is_empty()), (noted, refused));
        }
    }

    #[test]
    fn a_catalogue_in_one_language_is_refused() {
        let paths = ["m/core.ja.ftl", "m/core.en.ftl", "m/web.ja.ftl"].map(str::to_owned);
        let mut found = Findings::default();
        check_names(&paths.into(), &mut found);
        assert_eq!(found.refused, ["m/web.ja.ftl: `m/web.en.ftl` is missing"]);
    }

    #[test]
    fn two_decisions_under_one_number_are_refused() {
        let paths = ["docs/adr/0001-a.md", "docs/adr/0001-b.md"].map(str::to_owned);
        let mut found = Findings::default();
        check_names(&paths.into(), &mut found);
        assert_eq!(found.refused.len(), 1);
    }

    #[test]
    fn links_to_files_that_are_not_there_are_refused() {
        let mut found = Findings::default();
        let text = "[a](deny.toml) [b](#part) [c](https://example.jp/x) [d](nowhere.md#top)\n";
        check_links(workspace::root(), "README.md", text, &mut found);
        assert_eq!(found.refused, ["README.md:1: link to nothing: `nowhere.md`"]);
    }
}
