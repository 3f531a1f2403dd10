//! Hashes of packs and definitions.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::files::PackFile;

/// SHA-256 over the sorted names and contents, each with its length before it,
/// so that no two different sets of files give the same input.
pub(crate) fn pack_hash(files: &[&PackFile]) -> String {
    let mut sorted: Vec<&PackFile> = files.to_vec();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = Sha256::new();
    for file in sorted {
        for part in [file.name.as_bytes(), &file.bytes] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    hex::encode(hasher.finalize())
}

/// SHA-256 of the canonical JSON of a value.
pub(crate) fn json_hash(value: &Value) -> String {
    hex::encode(Sha256::digest(canonical_json(value).as_bytes()))
}

/// JSON without blanks and with the keys of every object in byte order.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let parts: Vec<String> = keys
                .into_iter()
                .map(|key| {
                    let inner = map.get(key).map(canonical_json).unwrap_or_default();
                    format!("{}:{inner}", Value::from(key.as_str()))
                })
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().map(canonical_json).collect();
            format!("[{}]", parts.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order_does_not_matter_and_content_does() {
        let a: Value = serde_json::from_str(r#"{"b":[1,{"d":null,"c":"あ"}],"a":true}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":true,"b":[1,{"c":"あ","d":null}]}"#).unwrap();
        assert_eq!(canonical_json(&a), r#"{"a":true,"b":[1,{"c":"あ","d":null}]}"#);
        assert_eq!(json_hash(&a), json_hash(&b));
        assert_ne!(json_hash(&a), json_hash(&Value::Null));
    }

    #[test]
    fn moving_a_byte_between_name_and_content_changes_the_hash() {
        let file = |name: &str, bytes: &str| PackFile::new(name, bytes.as_bytes().to_vec());
        let hashes = [
            pack_hash(&[&file("a", "bc")]),
            pack_hash(&[&file("ab", "c")]),
            pack_hash(&[&file("a", "b"), &file("c", "")]),
            pack_hash(&[]),
        ];
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[at + 1..].contains(hash));
        }
        assert_eq!(
            pack_hash(&[&file("a", "1"), &file("b", "2")]),
            pack_hash(&[&file("b", "2"), &file("a", "1")])
        );
    }
}
