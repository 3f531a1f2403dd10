use shirube_model::lang::Lang;
use shirube_pack::{Pack, PackDiff, PackFile, Part, What, diff};

use super::{files, replace, set, text};

const I1: &str = "indicators/I-01.toml";

fn compare(change: impl Fn(&mut Vec<PackFile>)) -> PackDiff {
    let mut other = files();
    change(&mut other);
    diff(&Pack::from_files(&files()).unwrap(), &Pack::from_files(&other).unwrap())
}

/// Part, id, what, and for changes the field with its two values.
fn brief(diff: &PackDiff) -> Vec<String> {
    let mut out = Vec::new();
    for change in &diff.changes {
        out.push(format!("{:?} {} {:?}", change.part, change.id, change.what));
        for field in &change.fields {
            let shown = |v: &Option<serde_json::Value>| {
                v.as_ref().map_or("-".to_owned(), ToString::to_string)
            };
            out.push(format!("  {} {} {}", field.field, shown(&field.old), shown(&field.new)));
        }
    }
    out
}

#[test]
fn single_changes() {
    type Case = (&'static str, &'static str, &'static str, &'static [&'static str]);
    let cases: &[Case] = &[
        (
            I1,
            "value = 100",
            "value = 120",
            &["Indicators I-01 Changed", "  spec.target.value 100 120"],
        ),
        (
            I1,
            "once = \"window\"",
            "once = \"ever\"",
            &[
                "Indicators I-01 Changed",
                "  question.counting-unit.reading.people.spec.evidence.measure.once \"window\" \"ever\"",
            ],
        ),
        (
            I1,
            "id = \"by-subject\"",
            "id = \"by-topic\"",
            &[
                "Indicators I-01 Changed",
                "  disaggregation.by-subject.field \"subject\" -",
                "  disaggregation.by-subject.id \"by-subject\" -",
                "  disaggregation.by-subject.label.en \"Subject of training\" -",
                "  disaggregation.by-subject.label.ja \"研修の種類\" -",
                "  disaggregation.by-topic.field - \"subject\"",
                "  disaggregation.by-topic.id - \"by-topic\"",
                "  disaggregation.by-topic.label.en - \"Subject of training\"",
                "  disaggregation.by-topic.label.ja - \"研修の種類\"",
            ],
        ),
        (
            I1,
            "goals = [\"G-1\"]",
            "goals = []",
            &["Indicators I-01 Changed", "  goals [\"G-1\"] -"],
        ),
        (
            "plan/measures.csv",
            "1.1-m1,",
            "1.1-m2,",
            &["Measures 1.1-m1 Removed", "Measures 1.1-m2 Added"],
        ),
        (
            "plan/headings.csv",
            ",2,本部,,sole",
            ",3,本部,,sole",
            &["Headings 1.1 Changed", "  source_line 2 3"],
        ),
        (
            "vocabularies/units.csv",
            "people,人",
            "people,名",
            &["Terms units/people Changed", "  label.ja \"人\" \"名\""],
        ),
        (
            "plan/ministries.csv",
            "[to edit] Headquarters",
            "Bureau",
            &["Ministries 本部 Changed", "  name.en \"[to edit] Headquarters\" \"Bureau\""],
        ),
        ("goals.csv", "I-01", "", &["Goals G-1 Changed", "  related [\"I-01\"] -"]),
        (
            "pack.toml",
            "version = \"0.1.0\"",
            "version = \"0.2.0\"",
            &["Info pack Changed", "  info.version \"0.1.0\" \"0.2.0\""],
        ),
        (
            "labels/registers.csv",
            "【要編集】contract.title",
            "題名",
            &["Labels contract.title Changed", "  ja \"【要編集】contract.title\" \"題名\""],
        ),
    ];
    for (file, old, new, expected) in cases {
        let found = compare(|files| replace(files, file, old, new));
        assert_eq!(brief(&found), *expected, "{file}: {new}");
    }
}

#[test]
fn decisions_and_whole_vocabularies() {
    let decided = "[[decision]]\nindicator = \"I-01\"\nquestion = \"counting-unit\"\nreading = \"people\"\ndecided_on = \"2025-06-01\"\neffective_from = \"2025-07-01\"\ndecided_by = \"headquarters\"\n";
    let found = compare(|files| set(files, "decisions.toml", decided));
    assert_eq!(brief(&found), ["Decisions I-01/counting-unit/2025-07-01 Added"]);
    assert_eq!(found.changes[0].title.en, "Are certificates counted, or people?");

    // Terms of a vocabulary that came with its terms are not told one by one.
    let found = compare(|files| {
        set(files, "vocabularies/colours.csv", "code,ja,en\nred,赤,red\n");
        let index =
            format!("{}colours,色,Colours,出典,Source\n", text(files, "vocabularies/index.csv"));
        set(files, "vocabularies/index.csv", index);
    });
    assert_eq!(brief(&found), ["Vocabularies colours Added"]);
}

#[test]
fn the_order_of_rows_and_comments_are_no_content() {
    let found = compare(|files| {
        let units = text(files, "vocabularies/units.csv").to_owned();
        let mut lines: Vec<&str> = units.lines().collect();
        lines[1..].reverse();
        set(files, "vocabularies/units.csv", lines.join("\n"));
        replace(files, I1, "version = 1", "version = 1 # first");
    });
    assert!(found.is_empty());
    assert_ne!(found.from.hash, found.to.hash);
    let same = compare(|_| {});
    assert_ne!(same.text(Lang::En), found.text(Lang::En));
}

#[test]
fn the_other_way_round_swaps_old_and_new() {
    let mut other = files();
    replace(&mut other, I1, "value = 100", "value = 120");
    replace(&mut other, "plan/measures.csv", "1.1-m1,", "1.1-m2,");
    let (a, b) = (Pack::from_files(&files()).unwrap(), Pack::from_files(&other).unwrap());
    let (there, back) = (diff(&a, &b), diff(&b, &a));
    assert_eq!(there.changes.len(), back.changes.len());
    for (one, two) in there.changes.iter().zip(&back.changes) {
        let expected = match one.what {
            What::Added => What::Removed,
            What::Removed => What::Added,
            What::Changed => What::Changed,
        };
        assert_eq!((one.part, &one.id, expected), (two.part, &two.id, two.what));
        for (f, g) in one.fields.iter().zip(&two.fields) {
            assert_eq!((&f.old, &f.new), (&g.new, &g.old));
        }
    }
}

#[test]
fn text_and_json_of_a_diff() {
    let found = compare(|files| {
        replace(files, I1, "value = 100", "value = 120");
        replace(files, "plan/measures.csv", "1.1-m1,", "1.1-m2,");
    });
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let title = format!(
        "example 0.1.0 ({}) → example 0.1.0 ({})",
        short(&found.from.hash),
        short(&found.to.hash)
    );
    assert_eq!(
        found.text(Lang::En),
        format!(
            "{title}\n\
             Measures: 1 added, 1 removed, 0 changed\n  \
               - 1.1-m1 [to edit] Run training and raise the number of people who complete it.\n  \
               + 1.1-m2 [to edit] Run training and raise the number of people who complete it.\n\
             Indicators: 0 added, 0 removed, 1 changed\n  \
               ~ I-01 [to edit] Certificates of completed training\n      \
                   spec.target.value: 100 → 120\n"
        )
    );
    assert_eq!(
        found.text(Lang::Ja),
        format!(
            "{title}\n\
             施策:追加1、削除1、変更0\n  \
               - 1.1-m1 【要編集】研修を行い、修了者を増やす。\n  \
               + 1.1-m2 【要編集】研修を行い、修了者を増やす。\n\
             指標:追加0、削除0、変更1\n  \
               ~ I-01 【要編集】研修の修了証の数\n      \
                   spec.target.value: 100 → 120\n"
        )
    );
    let json = found.json();
    assert_eq!(json["changes"][2]["fields"][0]["field"], "spec.target.value");
    assert_eq!(json["changes"][2]["fields"][0]["new"], 120);
    assert_eq!(json["changes"][0]["what"], "removed");
    for part in Part::ALL {
        for lang in Lang::ALL {
            assert!(shirube_model::refusal::has_message(lang, part.text_key()), "{part:?}");
        }
    }
}
