//! The JSON reader against serde_json.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shirube_records::json::{Names, Reader, Token, after, text_at};

fn wanted(names: &[&str]) -> Names {
    let mut wanted = Names::default();
    for name in names {
        wanted.want(name);
    }
    wanted
}

/// The value at a place of the tape.
fn kept(tape: &[Token<'_>], names: &Names, at: u32) -> Value {
    match tape[at as usize] {
        Token::Null | Token::Key(_) => Value::Null,
        Token::Bool(value) => value.into(),
        Token::Number(text) => serde_json::from_str(text).unwrap(),
        Token::Text(_) | Token::Escaped(_) => text_at(tape, at).unwrap().into(),
        Token::Array { end } => {
            let mut here = at + 1;
            let mut items = Vec::new();
            while here < end {
                items.push(kept(tape, names, here));
                here = after(tape, here);
            }
            Value::Array(items)
        }
        Token::Object { end } => {
            let mut here = at + 1;
            let mut members = Map::new();
            while here < end {
                let Token::Key(name) = tape[here as usize] else { panic!("no name at {here}") };
                members.insert(names.name(name).to_owned(), kept(tape, names, here + 1));
                here = after(tape, here + 1);
            }
            Value::Object(members)
        }
    }
}

/// The value without the members that are not wanted.
fn only(value: &Value, names: &[&str]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| only(item, names)).collect(),
        Value::Object(members) => {
            let wanted = members.iter().filter(|(name, _)| names.contains(&name.as_str()));
            wanted.map(|(name, member)| (name.clone(), only(member, names))).collect()
        }
        other => other.clone(),
    }
}

fn accepts(text: &str, names: &[&str]) -> Result<(), &'static str> {
    let wanted = wanted(names);
    Reader::new(&wanted).read(text).map(|_| ()).map_err(|fault| fault.code)
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
        assert!(serde_json::from_str::<Value>(case).is_err(), "{case:?} is JSON");
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

#[test]
fn what_was_read_before_changes_nothing() {
    // Each text after the ones before it: with one reader as with its own.
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let under = |n: usize, text: &str| format!("{}{text}{}", "[".repeat(n), "]".repeat(n));
    let nested = format!(r#"{{"x":{}}}"#, deep(97));
    let cases: [&[&str]; 12] = [
        &[r#"{"a":1,"b":2}"#, r#"{"b":1,"b":2}"#, r#"{"a":1,"b":2,"b":3}"#, r#"{"a":1,"a":1}"#],
        &[r#"{"x":"v","a":1}"#, r#"{"x":"v""a":1}"#, r#"{"x":"v","a":1}"#, r#"{"x":"v",}"#],
        &[r#"{"x":1,"a":"t"}"#, r#"{"x":12,"a":"t"}"#, r#"{"x":1 ,"a":"t"}"#, r#"{"x":01}"#],
        &[r#"{"a":"t"}"#, r#"{"a":"tt"}"#, r#"{"a":"t\""}"#, r#"{"a":"t\n"}"#, r#"{"a":"t"x}"#],
        &[r#"{"a":"t"}"#, r#"{"a": "t"}"#, r#"{ "a":"t"}"#, r#"{"a" :"t"}"#, r#"{"a":"t" }"#],
        &[
            r#"{"x":{"a":1}}"#,
            r#"{"a":{"a":1}}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"a":{"a":1,"a":2}}"#,
        ],
        &[
            r#"{"a":{"x":"s"}}"#,
            r#"{"a":[{"x":"s"},{"x":"s"},{"x":"t"}]}"#,
            r#"{"a":[{"x":"s"}{}]}"#,
        ],
        &[
            r#"{"a":[1,2]}"#,
            r#"{"a":[1,2,3]}"#,
            r#"{"a":"[1,2]"}"#,
            r#"{"a":null}"#,
            r#"{"a":nul}"#,
        ],
        &[r#"{"x":[1,2]}"#, r#"{"x":[1,2],"a":3}"#, r#"{"x":[1,2]3}"#, r#"{"x":[1,2]"#, r#"{"x""#],
        &[&nested, &under(1, &nested), &under(2, &nested), &under(3, &nested), &nested],
        &[r#"{"\u0061":1}"#, r#"{"\u0061":1,"a":2}"#, r#"{"a":1,"\u0061":2}"#, r#"{"é":"é"}"#],
        &[r#"{"a":1}"#, r#"{,"a":1}"#, r#"{"x":1,"a":1}"#, r#"{"a":1,"x":1}"#, r#"{"a":1"x":1}"#],
    ];
    let names = wanted(&["a", "b"]);
    for texts in cases {
        let mut reader = Reader::new(&names);
        for text in texts.iter().chain(texts).chain(texts.iter().rev()) {
            let alone = Reader::new(&names).read(text).map(<[_]>::to_vec);
            assert_eq!(reader.read(text).map(<[_]>::to_vec), alone, "{text} after {texts:?}");
        }
    }
    let Err(fault) = Reader::new(&names).read(&under(3, &nested)).map(<[_]>::len) else {
        panic!("taken though too deep");
    };
    assert_eq!((fault.code, fault.at), ("records.json.deep", 3 + r#"{"x":"#.len() + 96));
}

#[test]
fn a_reader_goes_on_when_it_can_remember_no_more() {
    let names = wanted(&["a"]);
    let texts: Vec<String> = (0..40)
        .map(|number| {
            let members = (0..400).map(|n| format!(r#""x{number}_{n}":{{"y{n}":"{n}"}}"#));
            format!(r#"{{{},"a":{number}}}"#, members.collect::<Vec<_>>().join(","))
        })
        .collect();
    let mut reader = Reader::new(&names);
    for (number, text) in texts.iter().enumerate() {
        let tape = reader.read(text).unwrap();
        assert_eq!(kept(tape, &names, 0), json!({ "a": number }));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
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
                .prop_map(|m| Value::Object(m.into_iter().collect())),
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
        let expected = match serde_json::from_str::<Value>(&text) {
            Ok(_) => true,
            Err(error) if error.to_string().contains("number out of range") => return Ok(()),
            Err(_) => false,
        };
        prop_assert_eq!(accepts(&text, &[]).is_ok(), expected);
    }

    #[test]
    fn what_is_wanted_is_kept(values in prop::collection::vec(any_json(), 1..4), pretty: bool) {
        let names = ["a", "b", "abc", "é\""];
        let wanted = wanted(&names);
        let text = |value: &Value| {
            if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() }
        };
        let texts: Vec<String> = values.iter().map(text).collect();
        let mut reader = Reader::new(&wanted);
        for text in texts.iter().chain(&texts) {
            let tape = reader.read(text).unwrap();
            let value = serde_json::from_str(text).unwrap();
            prop_assert_eq!(kept(tape, &wanted, 0), only(&value, &names));
        }
    }

    #[test]
    fn like_texts_are_read_as_if_each_came_alone(
        values in prop::collection::vec(any_json(), 1..3),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..8),
            1..20,
        ),
    ) {
        let wanted = wanted(&["a", "b", "abc"]);
        let texts: Vec<String> = changes.iter().map(|(value, at, change)| {
            let mut bytes = value.get(&values).to_string().into_bytes();
            let at = at.index(bytes.len());
            match change {
                0 => bytes.truncate(at),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b' '),
                3 => bytes.insert(at, b'"'),
                4 => bytes[at] = b'1',
                5 => bytes[at] = b'\\',
                _ => {}
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }).collect();
        let mut reader = Reader::new(&wanted);
        for text in &texts {
            let alone = Reader::new(&wanted).read(text).map(<[_]>::to_vec);
            prop_assert_eq!(reader.read(text).map(<[_]>::to_vec), alone);
        }
    }
}
