//! Every code has its text and remedy in both languages, and no text is idle.

use std::collections::BTreeSet;
use std::path::Path;

use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, has_message};

fn codes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("\"records.").skip(1) {
            found.insert(format!("records.{}", part.split('"').next().unwrap()));
        }
    }
}

#[test]
fn every_code_has_its_words_and_every_word_its_code() {
    let mut found = BTreeSet::new();
    codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 50);
    for code in &found {
        for lang in [Lang::Ja, Lang::En] {
            assert!(has_message(lang, code), "{code} {lang:?}");
            let code: &'static str = Box::leak(code.clone().into_boxed_str());
            assert!(!Refusal::new(code).remedy(lang).is_empty(), "{code} {lang:?}");
        }
    }
    let catalogue = include_str!("../../../shirube-model/src/messages/records.en.ftl");
    for line in catalogue.lines().filter(|line| line.starts_with("records-")) {
        let id = line.split(' ').next().unwrap();
        assert!(found.iter().any(|code| code.replace('.', "-") == id), "{id} is not used");
    }
}
