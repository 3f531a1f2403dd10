//! Reading files of any shape and size.

use std::io::{Read, Write};
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use shirube_records::input::{Batch, Opened, Shape, Splitter, in_order};
use shirube_records::{Limits, RecordsError};

fn read_all(path: &Path, shape: Shape, limits: Limits) -> Result<Vec<Batch>, RecordsError> {
    let mut splitter = Splitter::new(Opened::open(path)?, shape, limits);
    let mut out = Vec::new();
    while let Some(batch) = splitter.next_batch()? {
        out.push(batch);
    }
    Ok(out)
}

type Lines = Vec<(u64, Result<String, &'static str>)>;

fn lines(bytes: &[u8], shape: Shape, limits: Limits) -> Result<Lines, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    std::fs::write(&path, bytes).unwrap();
    let batches = read_all(&path, shape, limits).map_err(|e| e.code().to_owned())?;
    let mut out: Lines = Vec::new();
    for batch in &batches {
        out.extend(batch.records().map(|(line, text)| (line, text.map(str::to_owned))));
        out.extend(batch.strays.iter().map(|(line, code)| (*line, Err(*code))));
    }
    out.sort_by_key(|(line, _)| *line);
    Ok(out)
}

fn small() -> Limits {
    Limits { record_bytes: 20, batch_bytes: 8 }
}

#[test]
fn lines_are_cut_whatever_ends_them() {
    let text = b"\xef\xbb\xbf{\"a\":1}\r\n\n  {\"b\":2}  \n{\"c\":\xff}\nthis line is longer than twenty bytes\n{}";
    let found = lines(text, Shape::Ndjson, small()).unwrap();
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(
        found,
        vec![
            (1, ok("{\"a\":1}")),
            (3, ok("{\"b\":2}")),
            (4, Err("records.input.encoding")),
            (5, Err("records.input.long")),
            (6, ok("{}")),
        ]
    );
    assert_eq!(lines(b"", Shape::Ndjson, small()), Ok(vec![]));
    assert_eq!(lines(b"\n\n", Shape::Ndjson, small()), Ok(vec![]));
}

#[test]
fn what_is_no_whole_bundle_is_refused() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "records.input.bundle-open"),
        (b"{", "records.input.bundle-open"),
        (b"{\"entry\":[{\"resource\":{}}", "records.input.bundle-open"),
        (b"{\"entry\":[{\"resource\":{\"a\":\"]}]}", "records.input.bundle-open"),
        (b"[]", "records.input.no-bundle"),
        (b"{}", "records.input.no-bundle"),
        (b"{\"resourceType\":\"Patient\",\"name\":[{\"entry\":[{}]}]}", "records.input.no-bundle"),
        (b"{\"entry\":[]} {}", "records.input.no-bundle"),
        (b"hello", "records.input.no-bundle"),
    ];
    for (text, code) in cases {
        assert_eq!(lines(text, Shape::Bundle, small()), Err(code.to_owned()), "{text:?}");
    }
    assert_eq!(lines(b"{\"entry\":[]}", Shape::Bundle, small()), Ok(vec![]));
}

#[test]
fn a_line_of_a_gigabyte_is_passed_over_in_bounded_memory() {
    // Comes out of a small compressed file, in pieces, so that neither disk nor
    // memory holds it; the ratio guard has its own test.
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = buffer.len().min(usize::try_from(self.0).unwrap());
            buffer[..count].fill(b'x');
            self.0 -= count as u64;
            Ok(count)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.ndjson");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"{}\n").unwrap();
    std::io::copy(&mut Endless(1 << 30), &mut file).unwrap();
    file.write_all(b"\n{}\n").unwrap();
    drop(file);
    let mut splitter =
        Splitter::new(Opened::open(&path).unwrap(), Shape::Ndjson, Limits::default());
    let batch = splitter.next_batch().unwrap().unwrap();
    assert_eq!(batch.strays, vec![(2, "records.input.long")]);
    assert_eq!(batch.records().map(|(line, _)| line).collect::<Vec<_>>(), vec![1, 3]);
    assert_eq!(batch.len(), 4);
}

#[test]
fn compressed_files_are_read_unless_they_are_bombs_or_broken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ndjson.zst");
    let limits = Limits { record_bytes: 100, batch_bytes: 100 };
    let plain = b"{\"a\":1}\n".repeat(1000);
    let packed = zstd::encode_all(plain.as_slice(), 3).unwrap();
    std::fs::write(&path, &packed).unwrap();
    let count: usize =
        read_all(&path, Shape::Ndjson, limits).unwrap().iter().map(|b| b.records().count()).sum();
    assert_eq!(count, 1000);

    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let code = |path: &Path| read_all(path, Shape::Ndjson, limits).unwrap_err().code();
    assert_eq!(code(&path), "records.input.packed-broken");

    let zeros = std::io::repeat(b'0').take(200 << 20);
    std::fs::write(&path, zstd::encode_all(zeros, 3).unwrap()).unwrap();
    assert_eq!(code(&path), "records.input.bomb");

    for start in [b"PK\x03\x04".as_slice(), b"BZh9", b"\xfd7zXZ"] {
        std::fs::write(&path, start).unwrap();
        assert_eq!(code(&path), "records.input.packing");
    }
    assert_eq!(code(&folder.path().join("none")), "records.file.missing");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Fast packing is far from a bomb with some of the packer's engines.
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn gzip_of_one_or_many_members_is_read_unless_broken_or_a_bomb() {
    let plain = b"{\"a\":1}\n".repeat(1000);
    let one = gzip(&plain);
    let many: Vec<u8> = plain.chunks(801).flat_map(gzip).collect();
    let empty = [gzip(b""), gzip(&plain), gzip(b"")].concat();
    for packed in [&one, &many, &empty] {
        let found = lines(packed, Shape::Ndjson, Limits::default()).unwrap();
        assert_eq!(found.len(), 1000);
        assert!(found.iter().all(|(_, text)| text.as_deref() == Ok("{\"a\":1}")));
    }
    let broken = |bytes: &[u8]| lines(bytes, Shape::Ndjson, Limits::default()).unwrap_err();
    assert_eq!(broken(&one[..one.len() / 2]), "records.input.packed-broken");
    assert_eq!(broken(&many[..many.len() - 3]), "records.input.packed-broken");
    assert_eq!(broken(&[one.as_slice(), b"and more"].concat()), "records.input.packed-broken");
    let mut changed = one.clone();
    let check = changed.len() - 6;
    changed[check] ^= 1;
    assert_eq!(broken(&changed), "records.input.packed-broken");
    let bomb = gzip(&vec![b'x'; 1 << 20]).repeat(70);
    assert_eq!(broken(&bomb), "records.input.bomb");
}

#[test]
fn text_of_wide_characters_is_refused_as_a_whole_packed_or_not() {
    let wide = |little: bool| -> Vec<u8> {
        let unit = |u: u16| if little { u.to_le_bytes() } else { u.to_be_bytes() };
        "{\"resourceType\":\"Patient\"}\n".encode_utf16().flat_map(unit).collect()
    };
    for little in [true, false] {
        let mark: &[u8] = if little { b"\xff\xfe" } else { b"\xfe\xff" };
        let bytes = wide(little);
        for text in [bytes.clone(), [mark, &bytes].concat(), gzip(&bytes)] {
            for shape in [Shape::Ndjson, Shape::Bundle] {
                let code = lines(&text, shape, Limits::default());
                assert_eq!(code, Err("records.input.encoding".to_owned()));
            }
        }
    }
}

#[test]
fn results_come_in_order_on_any_number_of_threads() {
    for threads in [1, 2, 7] {
        let mut number = 0u64;
        let mut out = Vec::new();
        in_order(
            threads,
            || {
                number += 1;
                Ok::<_, &str>((number <= 500).then_some(number))
            },
            |n| {
                // Early pieces take longer, so that later ones overtake them.
                std::hint::black_box((0..(500 - n) * 50).sum::<u64>());
                Ok(n)
            },
            |n| {
                out.push(n);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(out, (1..=500).collect::<Vec<_>>());
    }
}

#[test]
fn the_first_failure_in_the_order_of_the_input_ends_the_work() {
    for threads in [1, 3] {
        let mut number = 0u64;
        let mut seen = 0;
        let outcome = in_order(
            threads,
            || {
                number += 1;
                Ok(Some(number))
            },
            |n| if n == 50 || n == 53 { Err(n) } else { Ok(n) },
            |n| {
                seen = n;
                Ok(())
            },
        );
        assert_eq!((outcome, seen), (Err(50), 49));
    }
}

fn resource() -> impl Strategy<Value = Json> {
    ("[a-z\"\\\\\\]\\[{}あ ]{0,12}", prop::collection::vec(any::<u8>(), 0..4)).prop_map(
        |(text, list)| json!({"resourceType": "Patient", "entry": [text], "n": {"list": list}}),
    )
}

proptest! {
    #[test]
    fn a_bundle_gives_its_entries_wherever_chunks_and_batches_end(
        resources in prop::collection::vec(resource(), 0..12),
        pretty: bool,
        batch_bytes in 1usize..400,
    ) {
        let entries: Vec<Json> =
            resources.iter().map(|r| json!({"fullUrl": "urn:x", "resource": r})).collect();
        let bundle = json!({"aaa": {"entry": [{"no": 1}]}, "entry": entries, "z": ["entry", {}]});
        let text = if pretty { serde_json::to_string_pretty(&bundle) } else { serde_json::to_string(&bundle) };
        let limits = Limits { record_bytes: 10_000, batch_bytes };
        let found = lines(text.unwrap().as_bytes(), Shape::Bundle, limits).unwrap();
        let found: Vec<Json> =
            found.into_iter().map(|(_, t)| serde_json::from_str(&t.unwrap()).unwrap()).collect();
        // Entries on one line have one line number; the order within is that of the bundle.
        prop_assert_eq!(found, entries);
    }

    #[test]
    fn records_are_the_same_wherever_the_pieces_read_end(
        resources in prop::collection::vec(resource(), 0..6),
        pretty: bool,
        piece in 1usize..40,
        record_bytes in 20usize..200,
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let text = |value: &Json| {
            if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() }
        };
        let mut plain = text(&json!({"entry": resources, "z": ["entry", {}]})).into_bytes();
        if let Some(cut) = cut {
            plain.truncate(cut.index(plain.len() + 1));
        }
        // Each member of the archive is read on its own.
        let pieces: Vec<u8> = plain.chunks(piece).flat_map(gzip).collect();
        let limits = Limits { record_bytes, batch_bytes: 100 };
        for shape in [Shape::Bundle, Shape::Ndjson] {
            prop_assert_eq!(lines(&pieces, shape, limits), lines(&plain, shape, limits));
        }
        let mut expected: Lines = Vec::new();
        for (line, text) in (1..).zip(String::from_utf8_lossy(&plain).split('\n')) {
            if text.len() > record_bytes {
                expected.push((line, Err("records.input.long")));
            } else if !text.trim().is_empty() {
                expected.push((line, Ok(text.trim().to_owned())));
            }
        }
        // A letter that is cut through is no text.
        if std::str::from_utf8(&plain).is_ok() {
            prop_assert_eq!(lines(&plain, Shape::Ndjson, limits), Ok(expected));
        }
    }
}
