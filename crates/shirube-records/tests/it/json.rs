//! The JSON reader against serde_json.

use proptest::prelude::*;
use shirube_records::json::{Names, read};

fn accepts(text: &str, names: &[&str]) -> Result<(), &'static str> {
    let mut wanted = Names::default();
    for name in names {
        wanted.want(name);
    }
    let mut tape = Vec::new();
    read(text, &wanted, &mut tape).map_err(|fault| fault.code)
}

#[test]
fn texts_that_are_no_json_are_refused() {
    let cases = [
        "",
        " ",
        "{",
        "}",
        "[",
        "{]",
        "[}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "[1,]",
        "[,1]",
        "tru",
        "nul",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\u{1}\"",
        "\"a\nb\"",
        "{} {}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "'a'",
        "1 2",
        "NaN",
        "Infinity",
        "[1 2]",
        "{\"a\" 1}",
        "\u{feff}{}",
    ];
    for case in cases {
        assert!(serde_json::from_str::<serde_json::Value>(case).is_err(), "{case:?} is JSON");
        assert_eq!(accepts(case, &["a", "b"]), Err("records.json.syntax"), "{case:?} kept");
        assert_eq!(accepts(case, &[]), Err("records.json.syntax"), "{case:?} skipped");
    }
}

#[test]
fn deep_texts_and_repeated_members_are_refused() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert_eq!(accepts(&deep(100), &[]), Ok(()));
    assert_eq!(accepts(&deep(101), &[]), Err("records.json.deep"));
    assert_eq!(accepts(&deep(1_000_000), &[]), Err("records.json.deep"));
    let skipped = format!("{{\"a\":{}}}", deep(1_000_000));
    assert_eq!(accepts(&skipped, &[]), Err("records.json.deep"));
    assert_eq!(accepts(&skipped, &["a"]), Err("records.json.deep"));
    assert_eq!(accepts(r#"{"a":1,"a":2}"#, &["a"]), Err("records.json.repeated"));
    assert_eq!(accepts(r#"{"a":1,"\u0061":2}"#, &["a"]), Err("records.json.repeated"));
    assert_eq!(accepts(r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#, &["a", "b"]), Ok(()));
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9f64..1e9).prop_map(Into::into),
        "\\PC{0,20}".prop_map(Into::into),
        "[\"\\\\\u{0}-\u{1f}あ😀a]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map("[abc\"é]{0,3}", inner, 0..5)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_writes_is_read(value in any_json(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        prop_assert_eq!(accepts(&text, &["a", "b", "abc"]), Ok(()));
        prop_assert_eq!(accepts(&text, &[]), Ok(()));
    }

    #[test]
    fn broken_texts_fare_as_with_serde(
        value in any_json(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"{}[]\",:\\u0e.-x \n".to_vec()),
        cut: bool,
    ) {
        let mut bytes = value.to_string().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        // Serde takes repeated members and refuses numbers too large for it.
        let expected = match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(_) => true,
            Err(error) if error.to_string().contains("number out of range") => return Ok(()),
            Err(_) => false,
        };
        prop_assert_eq!(accepts(&text, &[]).is_ok(), expected);
    }
}
