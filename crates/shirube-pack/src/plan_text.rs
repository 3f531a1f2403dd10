//! Readers of the tables of a pack: plan, vocabularies, organisations, labels.

use shirube_model::ident::IdScheme;
use shirube_model::lang::LocalText;
use shirube_model::plan::{Attribution, Duty, Goal, Heading, Measure, Ministry, SourceNote, Term};

use crate::fault::Sink;
use crate::pack::Organisation;
use crate::table::{Columns, Row, Table};

/// A table as values and the lines they stand on.
pub(crate) struct Rows<T> {
    pub(crate) values: Vec<T>,
    pub(crate) lines: Vec<u64>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { values: Vec::new(), lines: Vec::new() }
    }
}

pub(crate) fn read<T>(
    file: &str,
    text: &str,
    columns: &Columns<'_>,
    sink: &Sink,
    one: impl Fn(Row<'_>) -> T,
) -> Rows<T> {
    let table = Table::read(file, text, columns, sink);
    let values = table.rows(sink).map(one).collect();
    Rows { values, lines: table.lines() }
}

pub(crate) fn headings(file: &str, text: &str, sink: &Sink) -> Rows<Heading> {
    let columns = Columns {
        must: &["id", "kind", "parent", "ja", "en", "source_line", "attribution_basis"],
        may: &["lead", "participating", "attribution_printed"],
    };
    read(file, text, &columns, sink, |row| Heading {
        id: row.text("id"),
        kind: row.text("kind"),
        parent: row.optional("parent"),
        title: row.local("ja", "en"),
        source_line: row.number("source_line"),
        attribution: attribution(row),
    })
}

pub(crate) fn measures(file: &str, text: &str, sink: &Sink) -> Rows<Measure> {
    let columns = Columns {
        must: &["id", "section", "source_line", "attribution_basis", "summary_ja", "summary_en"],
        may: &["lead", "participating", "attribution_printed"],
    };
    read(file, text, &columns, sink, |row| Measure {
        id: row.text("id"),
        section: row.text("section"),
        source_line: row.number("source_line"),
        attribution: attribution(row),
        summary: row.local("summary_ja", "summary_en"),
    })
}

fn attribution(row: Row<'_>) -> Attribution {
    Attribution {
        lead: row.list("lead"),
        participating: row.list("participating"),
        basis: row.text("attribution_basis"),
        printed: row.optional("attribution_printed"),
    }
}

pub(crate) fn ministries(file: &str, text: &str, sink: &Sink) -> Rows<Ministry> {
    let columns = Columns { must: &["abbr", "ja", "en"], may: &[] };
    read(file, text, &columns, sink, |row| Ministry {
        abbr: row.text("abbr"),
        name: row.local("ja", "en"),
    })
}

pub(crate) fn governance(file: &str, text: &str, sink: &Sink) -> Rows<Duty> {
    let columns =
        Columns { must: &["id", "actor", "source_line", "summary_ja", "summary_en"], may: &[] };
    read(file, text, &columns, sink, |row| Duty {
        id: row.text("id"),
        actor: row.text("actor"),
        source_line: row.number("source_line"),
        summary: row.local("summary_ja", "summary_en"),
    })
}

pub(crate) fn source_notes(file: &str, text: &str, sink: &Sink) -> Rows<SourceNote> {
    let columns = Columns { must: &["line", "note_ja", "note_en"], may: &[] };
    read(file, text, &columns, sink, |row| SourceNote {
        line: row.number("line"),
        note: row.local("note_ja", "note_en"),
    })
}

pub(crate) fn goals(file: &str, text: &str, sink: &Sink) -> Rows<Goal> {
    let columns = Columns {
        must: &["id", "ja", "en", "source_line", "deadline", "reading_ja", "reading_en"],
        may: &["related"],
    };
    read(file, text, &columns, sink, |row| Goal {
        id: row.text("id"),
        name: row.local("ja", "en"),
        source_line: row.number("source_line"),
        deadline: row.text("deadline"),
        reading: row.local("reading_ja", "reading_en"),
        related: row.list("related"),
    })
}

pub(crate) fn terms(file: &str, text: &str, sink: &Sink) -> Rows<Term> {
    let columns = Columns {
        must: &["code", "ja", "en"],
        may: &["valid_from", "valid_to", "successor", "note"],
    };
    read(file, text, &columns, sink, |row| Term {
        code: row.text("code"),
        label: row.local("ja", "en"),
        valid_from: row.date_optional("valid_from"),
        valid_to: row.date_optional("valid_to"),
        successors: row.list("successor"),
        note: row.optional("note"),
    })
}

/// A row of the vocabulary index.
pub(crate) struct IndexRow {
    pub(crate) id: String,
    pub(crate) title: LocalText,
    pub(crate) source: LocalText,
}

pub(crate) fn vocabulary_index(file: &str, text: &str, sink: &Sink) -> Rows<IndexRow> {
    let columns = Columns { must: &["id", "ja", "en", "source_ja", "source_en"], may: &[] };
    read(file, text, &columns, sink, |row| IndexRow {
        id: row.text("id"),
        title: row.local("ja", "en"),
        source: row.local("source_ja", "source_en"),
    })
}

pub(crate) fn organisations(file: &str, text: &str, sink: &Sink) -> Rows<Organisation> {
    let columns = Columns {
        must: &["code", "ja", "en", "organisation_type"],
        may: &[
            "corporate_number",
            "valid_from",
            "valid_to",
            "successors",
            "source_line",
            "note_ja",
            "note_en",
        ],
    };
    read(file, text, &columns, sink, |row| {
        let corporate_number = row.optional("corporate_number");
        if let Some(number) = &corporate_number
            && let Err(fault) = IdScheme::CorporateNumber.check(number)
        {
            row.refuse(fault, "corporate_number");
        }
        Organisation {
            code: row.text("code"),
            name: row.local("ja", "en"),
            organisation_type: row.text("organisation_type"),
            corporate_number,
            valid_from: row.date_optional("valid_from"),
            valid_to: row.date_optional("valid_to"),
            successors: row.list("successors"),
            source_line: row.number_optional("source_line"),
            note: row.local_optional("note_ja", "note_en"),
        }
    })
}

pub(crate) fn labels(file: &str, text: &str, sink: &Sink) -> Rows<(String, LocalText)> {
    let columns = Columns { must: &["key", "ja", "en"], may: &[] };
    read(file, text, &columns, sink, |row| (row.text("key"), row.local("ja", "en")))
}
