//! Forms of records: from a body to fields of a page, and from what a browser
//! sends back to a body.

use serde_json::{Value, json};
use shirube_model::calendar::parse_date;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;
use shirube_model::schema::{Cardinality, FieldSpec, FieldType, KindSchema};
use shirube_pack::Pack;

use crate::query::Query;
use crate::request::Ctx;
use crate::view::dashboard::Choice;
use crate::view::edit::{EditField, Input};

/// Codes offered as boxes to tick; longer lists are written line by line.
const BOXES_MAX: usize = 40;

fn name_of(field: &FieldSpec) -> String {
    format!("f.{}", field.name)
}

/// What a browser sends for a body, as pairs.
fn pairs(schema: &KindSchema, body: &Body) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for field in schema.fields {
        let name = name_of(field);
        match body.get(field.name) {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) if matches!(field.ty, FieldType::Code(_)) => {
                out.extend(items.iter().map(|item| (name.clone(), plain(field.ty, item))));
            }
            Some(Value::Array(items)) => {
                let lines: Vec<String> = items.iter().map(|item| plain(field.ty, item)).collect();
                out.push((name, lines.join("\n")));
            }
            Some(value) if field.ty == FieldType::LocalText => {
                for side in ["ja", "en"] {
                    let text = value.get(side).and_then(Value::as_str).unwrap_or_default();
                    out.push((format!("{name}.{side}"), text.to_owned()));
                }
            }
            Some(value) => out.push((name, plain(field.ty, value))),
        }
    }
    out
}

fn plain(ty: FieldType, value: &Value) -> String {
    match (ty, value) {
        (FieldType::YearAmount, value) => {
            let part = |key: &str| value.get(key).map(ToString::to_string).unwrap_or_default();
            format!("{} {}", part("fiscal_year"), part("amount_yen"))
        }
        (_, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    }
}

/// A form filled from a body.
pub(crate) fn filled(schema: &KindSchema, body: &Body) -> Query {
    Query::of(pairs(schema, body))
}

/// Fields of a form, filled with what `form` says, with the faults of each.
pub(crate) fn fields(
    ctx: &Ctx,
    schema: &'static KindSchema,
    form: &Query,
    faults: &[Refusal],
) -> Vec<EditField> {
    let lang = ctx.t.0;
    schema
        .fields
        .iter()
        .map(|field| EditField {
            id: format!("f-{}", field.name),
            name: name_of(field),
            label: ctx.labels().field(schema.kind, field.name),
            code: field.name,
            required: field.card == Cardinality::Required,
            hint: hint(ctx, field),
            input: input(ctx, field, form),
            faults: faults
                .iter()
                .filter(|fault| fault.place.field.as_deref() == Some(field.name))
                .map(|fault| format!("{} {}", fault.message(lang), fault.remedy(lang)))
                .collect(),
        })
        .collect()
}

fn hint(ctx: &Ctx, field: &FieldSpec) -> String {
    let t = ctx.t;
    let many = field.card == Cardinality::Many;
    match field.ty {
        FieldType::YearAmount => t.get("web.edit.hint-money"),
        FieldType::Code(vocabulary) if many && too_long(ctx.state.pack(), vocabulary) => {
            t.get("web.edit.hint-lines")
        }
        FieldType::Code(_) => String::new(),
        FieldType::Ref(kind) => {
            let hint = t.with("web.edit.hint-ref", "register", ctx.labels().kind(kind));
            if many { format!("{hint} {}", t.get("web.edit.hint-lines")) } else { hint }
        }
        FieldType::Id(scheme) => {
            t.with("web.edit.hint-example", "example", scheme.name_and_example().1)
        }
        _ if many => t.get("web.edit.hint-lines"),
        _ => String::new(),
    }
}

fn too_long(pack: &Pack, vocabulary: &str) -> bool {
    pack.vocabulary(vocabulary).is_none_or(|known| known.terms.len() > BOXES_MAX)
}

fn input(ctx: &Ctx, field: &FieldSpec, form: &Query) -> Input {
    let name = name_of(field);
    let value = || form.all(&name).collect::<Vec<_>>().join("\n");
    let many = field.card == Cardinality::Many;
    match field.ty {
        FieldType::LocalText => {
            let side = |lang: &str| {
                form.all(&format!("{name}.{lang}")).next().unwrap_or_default().to_owned()
            };
            Input::Both { ja: side("ja"), en: side("en") }
        }
        FieldType::Code(vocabulary) if many && too_long(ctx.state.pack(), vocabulary) => {
            Input::Lines { value: value() }
        }
        FieldType::Code(vocabulary) => {
            let chosen: Vec<&str> = form.all(&name).collect();
            let mut options = choices(ctx, vocabulary, &chosen);
            if many {
                return Input::Boxes { options };
            }
            // A code the vocabulary lacks stays visible instead of being lost.
            if let Some(code) = chosen.first().filter(|code| !code.is_empty())
                && !options.iter().any(|option| option.selected)
            {
                options.insert(0, choice(code, code, true));
            }
            Input::Choose { options }
        }
        FieldType::Bool => {
            let chosen = value();
            let option = |code: &str, key: &str| choice(code, &ctx.t.get(key), chosen == code);
            Input::Choose { options: vec![option("true", "web.yes"), option("false", "web.no")] }
        }
        _ if many => Input::Lines { value: value() },
        FieldType::Date => Input::Day { value: value() },
        FieldType::Text => Input::Area { value: value() },
        _ => Input::Line { value: value() },
    }
}

fn choice(value: &str, label: &str, selected: bool) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), selected }
}

fn choices(ctx: &Ctx, vocabulary: &str, chosen: &[&str]) -> Vec<Choice> {
    let Some(vocabulary) = ctx.state.pack().vocabulary(vocabulary) else { return Vec::new() };
    vocabulary
        .terms
        .iter()
        .map(|term| {
            choice(&term.code, &ctx.t.side(&term.label), chosen.contains(&term.code.as_str()))
        })
        .collect()
}

/// The body a form describes. What cannot be read as its type is kept as text,
/// so that the check of the kind names it.
pub(crate) fn body(schema: &KindSchema, form: &Query) -> Body {
    let mut body = Body::new();
    for field in schema.fields {
        if let Some(value) = value(field, form) {
            body.insert(field.name.to_owned(), value);
        }
    }
    body
}

fn value(field: &FieldSpec, form: &Query) -> Option<Value> {
    let name = name_of(field);
    if field.ty == FieldType::LocalText {
        let side = |lang: &str| {
            form.all(&format!("{name}.{lang}")).next().unwrap_or_default().trim().to_owned()
        };
        let (ja, en) = (side("ja"), side("en"));
        let empty = ja.is_empty() && en.is_empty();
        return (!empty).then(|| json!({ "ja": ja, "en": en }));
    }
    let lines =
        || form.all(&name).flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty());
    if field.card == Cardinality::Many {
        let items: Vec<Value> = lines().map(|line| one(field.ty, line)).collect();
        return (!items.is_empty()).then_some(Value::Array(items));
    }
    let text = form.all(&name).next()?.trim().replace("\r\n", "\n");
    (!text.is_empty()).then(|| one(field.ty, &text))
}

fn one(ty: FieldType, text: &str) -> Value {
    let as_text = || Value::from(text);
    match ty {
        FieldType::Date => {
            parse_date(text).map_or_else(|_| as_text(), |day| Value::from(day.to_string()))
        }
        FieldType::Int | FieldType::Yen => {
            text.replace(',', "").parse::<i64>().map_or_else(|_| as_text(), Value::from)
        }
        FieldType::Bool => match text {
            "true" => Value::from(true),
            "false" => Value::from(false),
            _ => as_text(),
        },
        FieldType::YearAmount => {
            let numbers = text.split_once(char::is_whitespace).and_then(|(year, amount)| {
                let year = year.parse::<i64>().ok()?;
                let amount = amount.trim().replace(',', "").parse::<i64>().ok()?;
                Some(json!({ "fiscal_year": year, "amount_yen": amount }))
            });
            numbers.unwrap_or_else(as_text)
        }
        _ => as_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_model::registers;

    #[test]
    fn a_body_survives_its_form() {
        let schema = registers::kind("project").unwrap();
        let full = json!({
            "title": {"ja": "課題", "en": "Project"},
            "funder": "amed",
            "disease_areas": ["cancer", "rare"],
            "started_on": "2025-04-01",
            "money": [{"fiscal_year": 2025, "amount_yen": 1_000_000}],
            "uses_database": false,
            "builds_on": ["PRJ-4F0G9Z1K7M2Q", "PRJ-4F0G9Z1K7M2R"],
        });
        let full = full.as_object().unwrap();
        assert_eq!(&body(schema, &filled(schema, full)), full);
    }

    #[test]
    fn what_cannot_be_read_is_kept_for_the_check() {
        let schema = registers::kind("project").unwrap();
        let form = Query::read_form("f.started_on=banana&f.money=x&f.uses_database=maybe").unwrap();
        let body = body(schema, &form);
        assert_eq!(body.get("started_on"), Some(&json!("banana")));
        assert!((schema.check)(&body).is_err());
    }

    #[test]
    fn eras_are_read() {
        let schema = registers::kind("project").unwrap();
        let form = Query::read_form("f.started_on=R7.4.1").unwrap();
        assert_eq!(body(schema, &form).get("started_on"), Some(&json!("2025-04-01")));
    }
}
