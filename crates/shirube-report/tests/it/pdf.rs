//! The PDF. These tests need the font of the Debian package
//! `fonts-ipaexfont-gothic`; where it is missing they say so and run nothing.

use std::path::Path;

use shirube_model::lang::Lang;
use shirube_report::pdf::Font;
use shirube_report::{Evidence, Report, Stage, pdf};

use crate::outputs::hash;
use crate::sample::report;

/// The font, where it is installed. Without it the refusal names the package.
fn font() -> Option<Font> {
    match Font::find() {
        Ok(font) => Some(font),
        Err(refusal) => {
            assert_eq!(refusal.code, "report.font.missing");
            assert!(refusal.to_string().contains("fonts-ipaexfont-gothic"), "{refusal}");
            eprintln!("not run on a PDF: {refusal}");
            None
        }
    }
}

#[test]
fn the_same_report_makes_the_same_bytes() {
    let Some(font) = font() else { return };
    for lang in Lang::ALL {
        let make = || {
            let report = report(Evidence::Demo, Stage::Approved);
            hash(&pdf(&report, lang, &font).unwrap())
        };
        assert_eq!(make(), make());
    }
}

#[test]
fn a_pdf_is_tagged_and_carries_the_day_of_the_report() {
    let Some(font) = font() else { return };
    let one = report(Evidence::Demo, Stage::Approved);
    let bytes = pdf(&one, Lang::Ja, &font).unwrap();
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 20_000, "{}", bytes.len());
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("20260731"), "the day of the report is in the metadata");
    assert!(text.contains("/MarkInfo") || text.contains("/StructTreeRoot"), "tagged");
    let later = Report { made_on: crate::sample::day("2026-08-01"), ..one.clone() };
    assert_ne!(hash(&pdf(&later, Lang::Ja, &font).unwrap()), hash(&bytes));
    let mut other = one;
    other.measures[0].values[0].value = Some(crate::sample::decimal("2"));
    assert_ne!(hash(&pdf(&other, Lang::Ja, &font).unwrap()), hash(&bytes));
}

#[test]
fn a_font_that_is_none_is_refused() {
    let missing = Font::read(Path::new("/nowhere/font.ttf")).unwrap_err();
    assert_eq!(missing.code, "report.font.unreadable");
    let none = Font::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap_err();
    assert_eq!(none.code, "report.font.unreadable");
}
