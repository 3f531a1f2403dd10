//! The one text form of a body, so that equal bodies are equal bytes.

use serde_json::Value;
use shirube_model::record::Body;

/// The body as JSON without white space, keys in byte order at every level,
/// and only the escapes JSON requires.
#[must_use]
pub fn body_text(body: &Body) -> String {
    let mut out = String::with_capacity(256);
    push_object(&mut out, body);
    out
}

fn push_object(out: &mut String, object: &Body) {
    let mut entries: Vec<(&String, &Value)> = object.iter().collect();
    // The map keeps key order or insertion order depending on how the JSON
    // crate was built; the ledger must not depend on that.
    entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
    out.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_string(out, key);
        out.push(':');
        push_value(out, value);
    }
    out.push('}');
}

fn push_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => push_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_value(out, item);
            }
            out.push(']');
        }
        Value::Object(object) => push_object(out, object),
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn body(value: Value) -> Body {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn keys_are_sorted_at_every_level() {
        let text = body_text(&body(json!({
            "b": [{"z": 1, "a": "研究"}], "a": null, "ab": true, "B": "x\"\n\u{1}"
        })));
        assert_eq!(
            text,
            "{\"B\":\"x\\\"\\n\\u0001\",\"a\":null,\"ab\":true,\
             \"b\":[{\"a\":\"研究\",\"z\":1}]}"
        );
    }

    proptest! {
        #[test]
        fn the_text_reads_back(pairs in proptest::collection::btree_map(".{0,6}", ".{0,12}", 0..6), n: i64) {
            let mut body = Body::new();
            for (key, text) in pairs {
                body.insert(key, json!([text, n, {"t": text}]));
            }
            let text = body_text(&body);
            let back: Body = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&back, &body);
            prop_assert_eq!(body_text(&back), text);
        }
    }
}
