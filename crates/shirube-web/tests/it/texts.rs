use std::collections::BTreeSet;
use std::path::Path;

use shirube_model::lang::Lang;
use shirube_model::refusal::has_message;

/// Every quoted `web.…` key in the files under a directory.
fn keys(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            keys(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for piece in text.split("\"web.").skip(1) {
            let key = piece.split('"').next().unwrap();
            // Keys put together at run time end with a dot or a placeholder.
            if !key.ends_with('.') && !key.contains('{') {
                found.insert(format!("web.{key}"));
            }
        }
    }
}

#[test]
fn every_text_that_pages_name_exists_in_both_languages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    keys(&root.join("src"), &mut found);
    keys(&root.join("templates"), &mut found);
    assert!(found.len() > 300, "only {} keys found", found.len());
    for key in found {
        for lang in Lang::ALL {
            assert!(has_message(lang, &key), "`{key}` in {lang:?}");
        }
    }
}
