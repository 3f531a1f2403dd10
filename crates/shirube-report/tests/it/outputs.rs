//! The page and the workbook of the same report.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use sha2::{Digest, Sha256};
use shirube_model::lang::Lang;
use shirube_report::{Evidence, Stage, html, xlsx};

use crate::sample::report;

const DEMO: [&str; 2] = ["架空の記録", "made-up records"];
const DRAFT: [&str; 2] = ["作成中の資料", "Draft:"];

pub fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn a_page_says_everything_once_and_runs_nothing() {
    let report = report(Evidence::Demo, Stage::Approved);
    for lang in Lang::ALL {
        let page = html(&report, lang);
        assert!(page.contains(&format!("<html lang=\"{}\">", lang.tag())));
        for (tag, count) in [("<h1", 1), ("<main", 1), ("<title", 1), ("<nav", 1)] {
            assert_eq!(page.matches(tag).count(), count, "{tag}");
        }
        assert_eq!(page.matches("<table>").count(), 16, "no empty table is shown");
        assert_eq!(page.matches("<caption>").count(), 16);
        for text in ["1,234,567.25", "0.3333333333333333333333333333", "820,000,000"] {
            assert!(page.contains(text), "{text}");
        }
        for forbidden in ["<script", "http://", "https://", "src=", "url(", "[report", "{$"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("&lt;script&gt;"));
        let mut ids: Vec<_> = page.split(" id=\"").skip(1).collect();
        ids.iter_mut().for_each(|rest| *rest = rest.split('"').next().unwrap());
        assert_eq!(ids, ["4.4.6-m1", "4.4.6-m2", "4.4.7-m1"]);
    }
}

/// The text of every cell of every sheet.
fn cells(bytes: &[u8]) -> Vec<(String, Vec<Vec<Data>>)> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    book.sheet_names()
        .into_iter()
        .map(|name| {
            let range = book.worksheet_range(&name).unwrap();
            (name, range.rows().map(<[Data]>::to_vec).collect())
        })
        .collect()
}

#[test]
fn a_workbook_holds_the_numbers_as_they_are() {
    let report = report(Evidence::Demo, Stage::Approved);
    let sheets = cells(&xlsx(&report, Lang::En).unwrap());
    let names: Vec<_> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Report",
            "Indicator values",
            "Values by year",
            "Where the values come from",
            "Contributions",
            "Budget programmes (yen)",
            "Budget requests (yen)",
            "Actions",
            "Advice and needs"
        ]
    );
    let find = |sheet: usize, wanted: &Data| {
        sheets[sheet].1.iter().flatten().filter(|cell| *cell == wanted).count()
    };
    assert_eq!(find(1, &Data::Float(1_234_567.25)), 2);
    let third = "0.3333333333333333333333333333".to_owned();
    assert_eq!(find(1, &Data::String(third)), 2, "what a cell would round stays text");
    assert_eq!(find(5, &Data::Float(820_000_000.0)), 2);
    assert_eq!(find(5, &Data::Float(-1.0)), 2);
    assert_eq!(find(4, &Data::String("=1+1".to_owned())), 2, "a text is never a formula");
    for (name, rows) in &sheets {
        let text = format!("{rows:?}");
        assert!(text.contains("made-up records"), "{name} does not say that it is demo");
    }
}

#[test]
fn every_output_marks_demo_and_draft() {
    for (evidence, stage) in [
        (Evidence::Demo, Stage::Draft),
        (Evidence::Demo, Stage::Approved),
        (Evidence::Live, Stage::Draft),
        (Evidence::Live, Stage::Approved),
    ] {
        let report = report(evidence, stage);
        for (at, lang) in Lang::ALL.into_iter().enumerate() {
            let page = html(&report, lang);
            let book = format!("{:?}", cells(&xlsx(&report, lang).unwrap()));
            for text in [&page, &book] {
                assert_eq!(text.contains(DEMO[at]), evidence == Evidence::Demo);
                assert_eq!(text.contains(DRAFT[at]), stage == Stage::Draft);
            }
        }
    }
}

#[test]
fn the_same_report_makes_the_same_bytes() {
    for lang in Lang::ALL {
        let make = || {
            let report = report(Evidence::Demo, Stage::Approved);
            [html(&report, lang).into_bytes(), xlsx(&report, lang).unwrap()]
                .map(|bytes| hash(&bytes))
        };
        assert_eq!(make(), make());
    }
}
