//! Every code of the crate has its texts.

use std::path::Path;

use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, has_message};

fn sources(dir: &Path, out: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else {
            out.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_code_has_a_message_and_a_remedy_in_both_languages() {
    let mut texts = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let mut codes = std::collections::BTreeSet::new();
    for text in &texts {
        for word in text.split('"') {
            let prefix = ["import.", "export.", "store.", "core.", "registers."];
            let shaped =
                word.bytes().all(|b| b.is_ascii_lowercase() || b"0123456789.-".contains(&b));
            if shaped && !word.ends_with('.') && prefix.iter().any(|p| word.starts_with(p)) {
                codes.insert(word.to_owned());
            }
        }
    }
    assert!(codes.len() > 70, "{}", codes.len());
    for code in codes {
        let texts = code.starts_with("import.report.") || code == "import.progress";
        for lang in Lang::ALL {
            assert!(has_message(lang, &code), "{code} {lang:?}");
            let code: &'static str = code.clone().leak();
            assert!(texts || !Refusal::new(code).remedy(lang).is_empty(), "{code} {lang:?}");
        }
    }
}
