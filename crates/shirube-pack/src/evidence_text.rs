//! Readers of what a pack brings along: records of evidence and judgements.

use serde_json::{Map, Value, json};
use shirube_model::lang::LocalText;
use shirube_model::plan::{Draw, EvidenceRow, Judgement, Wording};
use shirube_model::refusal::Refusal;
use shirube_model::schema::{Cardinality, FieldSpec, FieldType, KindSchema};

use crate::fault::Sink;
use crate::plan_text::{Rows, read};
use crate::table::{Columns, Row};

/// Column of the row's key.
pub(crate) const KEY: &str = "key";

/// Records of one register kind. Columns are fields; a text in two languages
/// takes the columns `field.ja` and `field.en`; lists are separated by `;`.
pub(crate) fn evidence(
    file: &str,
    schema: &'static KindSchema,
    text: &str,
    sink: &Sink,
) -> Rows<EvidenceRow> {
    let mut must = vec![KEY.to_owned()];
    let mut may = Vec::new();
    for field in schema.fields.iter().filter(|field| is_cell(field.ty)) {
        let names = match field.ty {
            FieldType::LocalText => {
                ["ja", "en"].map(|side| format!("{}.{side}", field.name)).to_vec()
            }
            _ => vec![field.name.to_owned()],
        };
        let list = if field.card == Cardinality::Required { &mut must } else { &mut may };
        list.extend(names);
    }
    let (must, may): (Vec<&str>, Vec<&str>) =
        (must.iter().map(String::as_str).collect(), may.iter().map(String::as_str).collect());
    read(file, text, &Columns { must: &must, may: &may }, sink, |row| EvidenceRow {
        kind: schema.kind.to_owned(),
        key: row.text(KEY),
        body: body(schema, row),
    })
}

/// Whether values of the type fit into a cell.
fn is_cell(ty: FieldType) -> bool {
    ty != FieldType::YearAmount
}

/// The body that the cells say; what does not fit the kind is found by the check
/// of the pack.
fn body(schema: &'static KindSchema, row: Row<'_>) -> Map<String, Value> {
    let mut body = Map::new();
    for field in schema.fields.iter().filter(|field| is_cell(field.ty)) {
        if let Some(value) = value(field, row) {
            body.insert(field.name.to_owned(), value);
        }
    }
    body
}

fn value(field: &FieldSpec, row: Row<'_>) -> Option<Value> {
    if field.ty == FieldType::LocalText {
        let [ja, en] = ["ja", "en"].map(|side| row.optional(&format!("{}.{side}", field.name)));
        let empty = ja.is_none() && en.is_none();
        return (!empty).then(|| json!({ "ja": ja, "en": en }));
    }
    if field.card == Cardinality::Many {
        let items: Vec<Value> =
            row.list(field.name).iter().map(|cell| one(field, cell, row)).collect();
        return (!items.is_empty()).then_some(Value::Array(items));
    }
    row.optional(field.name).map(|cell| one(field, &cell, row))
}

fn one(field: &FieldSpec, cell: &str, row: Row<'_>) -> Value {
    match field.ty {
        FieldType::Int | FieldType::Yen => match cell.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => {
                let fault = Refusal::new("pack.value.not-a-number").arg("value", cell);
                row.refuse(fault, field.name);
                Value::Null
            }
        },
        FieldType::Bool if cell == "true" || cell == "false" => Value::from(cell == "true"),
        _ => Value::from(cell),
    }
}

pub(crate) fn judgements(file: &str, text: &str, sink: &Sink) -> Rows<Judgement> {
    let columns = Columns {
        must: &["sheet", "draw", "programme_ja", "measures", "reason_ja", "judged_on"],
        may: &[],
    };
    read(file, text, &columns, sink, |row| {
        let draw = row.text("draw");
        let known = Draw::from_code(&draw);
        if known.is_none() && !draw.is_empty() {
            row.refuse(Refusal::new("pack.judgement.draw").arg("value", &draw), "draw");
        }
        Judgement {
            sheet: row.text("sheet"),
            draw: known.unwrap_or(Draw::Any),
            programme: row.text("programme_ja"),
            measures: row.list("measures"),
            reason: row.text("reason_ja"),
            judged_on: row.date_optional("judged_on"),
        }
    })
}

pub(crate) fn wordings(file: &str, text: &str, sink: &Sink) -> Rows<Wording> {
    let columns = Columns { must: &["word", "means"], may: &[] };
    read(file, text, &columns, sink, |row| {
        row.text("means");
        Wording { word: row.text("word"), means: row.list("means") }
    })
}

/// The title of a row of evidence for lists of differences: its key.
pub(crate) fn title(key: &str) -> LocalText {
    LocalText::new(key, key)
}
