//! Every code that the crate can refuse with has its texts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, has_message};

/// Every code written as `Refusal::new("…")` in the sources of the crate.
pub fn codes_in_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    read_codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut codes);
    codes
}

fn read_codes(path: &Path, codes: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            read_codes(&entry.unwrap().path(), codes);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let source = fs::read_to_string(path).unwrap();
        for call in source.split("Refusal::new(").skip(1) {
            if let Some(rest) = call.trim_start().strip_prefix('"') {
                codes.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
}

#[test]
fn every_code_has_a_message_and_a_remedy_in_both_languages() {
    let codes = codes_in_sources();
    assert!(codes.len() > 80, "{}", codes.len());
    let mut missing = Vec::new();
    for code in codes {
        let code: &'static str = code.leak();
        for lang in Lang::ALL {
            if !has_message(lang, code) || Refusal::new(code).remedy(lang).is_empty() {
                missing.push((lang, code));
            }
        }
    }
    assert_eq!(missing, []);
}

#[test]
fn every_text_of_the_registers_is_used() {
    let used: BTreeSet<_> =
        codes_in_sources().iter().map(|code| code.replace(['.', '_'], "-")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/messages/registers.en.ftl");
    let catalogue = fs::read_to_string(path).unwrap();
    let unused: Vec<_> = catalogue
        .lines()
        .filter(|line| line.starts_with("registers-"))
        .filter_map(|line| line.split(" = ").next())
        .filter(|id| !used.contains(*id))
        .collect();
    assert_eq!(unused, Vec::<&str>::new());
}
