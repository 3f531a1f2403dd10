//! Binding the columns of an input to the fields of a kind.

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;
use serde_json::Value;
use shirube_model::refusal::Refusal;
use shirube_model::schema::{Cardinality, FieldSpec, FieldType, KindSchema};

use crate::cells::unprotect;
use crate::codes::{Codes, nearest_name};
use crate::mapping::{FieldMap, From, Mapping, Spec};
use crate::rows::Cells;

/// Columns that exports and quarantines add. They are known, so they are never
/// reported as unmapped.
pub(crate) const PROVENANCE: [&str; 13] = [
    "_id",
    "_version",
    "_state",
    "_standing",
    "_duplicate_of",
    "_seq",
    "_recorded_at",
    "_evidence",
    "_source",
    "_source_key",
    "_code",
    "_message",
    "_remedy",
];

/// A column by name, and by place where the input is a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    place: Option<usize>,
}

/// A cell of either outer form.
#[derive(Clone, Copy)]
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Json(&'a Value),
}

impl Cell<'_> {
    /// The cell as a plain text; `None` where it is blank or no text.
    pub(crate) fn text(self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Json(Value::String(text)) => text.trim().to_owned(),
            Self::Json(Value::Number(number)) if !number.is_f64() => number.to_string(),
            Self::Json(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

impl Column {
    /// The column's cell in a row; `None` where the row has no such column.
    pub(crate) fn cell<'r>(&self, cells: &'r Cells) -> Option<Cell<'r>> {
        match cells {
            Cells::Table(cells) => self
                .place
                .and_then(|place| cells.get(place))
                .map(|text| Cell::Text(unprotect(text))),
            Cells::Object(entries) => {
                let find = |name: &str| {
                    entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
                };
                find(&self.name)
                    .or_else(|| {
                        let (outer, inner) = self.name.split_once('.')?;
                        find(outer)?.as_object()?.get(inner)
                    })
                    .map(Cell::Json)
            }
        }
    }

    /// [`Column::cell`] as a plain text.
    pub(crate) fn text(&self, cells: &Cells) -> Option<String> {
        self.cell(cells)?.text()
    }
}

/// Where a value comes from, bound.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// `None` for a constant.
    pub(crate) column: Option<Column>,
    pub(crate) spec: Spec,
}

/// Where a field comes from, bound.
#[derive(Debug, Clone)]
pub(crate) enum Feed {
    Whole(Bound),
    Sides {
        ja: Option<Bound>,
        en: Option<Bound>,
    },
    /// A JSON value `{ja, en}`, or one key for each side.
    Either {
        whole: Bound,
        ja: Bound,
        en: Bound,
    },
    Years {
        columns: Vec<(i32, Column)>,
        times: Option<Decimal>,
    },
}

/// The columns of an input, bound to the fields of a kind.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) schema: &'static KindSchema,
    /// System of the source keys.
    pub(crate) system: Option<String>,
    pub(crate) key: Vec<Column>,
    pub(crate) fields: Vec<(&'static FieldSpec, Feed)>,
    pub(crate) action: Option<Bound>,
    pub(crate) reason: Option<Bound>,
    pub(crate) duplicate_of: Option<Bound>,
    pub(crate) recorded_at: Option<Bound>,
    pub(crate) id: Column,
    pub(crate) version: Column,
    pub(crate) state: Column,
    pub(crate) standing: Column,
    pub(crate) row_system: Column,
    /// Columns of the table; 0 where rows are objects.
    pub(crate) width: usize,
    /// Columns that feed nothing, in the order of the header.
    pub(crate) unmapped: Vec<String>,
    /// Required fields that no column feeds.
    pub(crate) unfed: Vec<String>,
    /// Every column that is used or left out on purpose.
    pub(crate) used: BTreeSet<String>,
}

/// Binds while it notes the columns used and those that are not there.
struct Binder<'a> {
    /// Places of the columns; `None` where rows are objects.
    places: Option<HashMap<&'a str, usize>>,
    used: BTreeSet<String>,
    refusals: Vec<Refusal>,
}

impl Binder<'_> {
    fn column(&mut self, name: &str) -> Column {
        self.used.insert(name.to_owned());
        Column { name: name.to_owned(), place: self.place(name) }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.places.as_ref().and_then(|places| places.get(name).copied())
    }

    /// A column that a mapping names has to be there.
    fn named(&mut self, name: &str, path: &str) -> Column {
        if let Some(places) = &self.places
            && !places.contains_key(name)
        {
            let near = nearest_name(name, places.keys().copied()).unwrap_or_default();
            self.refusals.push(
                Refusal::new("import.mapping.column-absent")
                    .arg("column", name)
                    .arg("nearest", near)
                    .field(path),
            );
        }
        self.column(name)
    }

    fn spec(&mut self, spec: &Spec, path: &str) -> Bound {
        let column = match &spec.from {
            From::Column(name) => Some(self.named(name, path)),
            From::Constant(_) => None,
        };
        Bound { column, spec: spec.clone() }
    }

    /// A column that may be there, without a mapping.
    fn plain(&mut self, name: &str) -> Option<Bound> {
        if self.places.is_some() {
            self.place(name)?;
        }
        Some(Bound { column: Some(self.column(name)), spec: Spec::column(name) })
    }

    fn field_of_mapping(&mut self, field: &FieldSpec, map: &FieldMap) -> Feed {
        let path = format!("columns.{}", field.name);
        let local = field.ty == FieldType::LocalText;
        let fits = match map {
            FieldMap::Whole(_) => !local || self.places.is_none(),
            FieldMap::Sides { .. } => local,
            FieldMap::Years { .. } => {
                field.ty == FieldType::YearAmount && field.card == Cardinality::Many
            }
        };
        if !fits {
            let refusal = Refusal::new("import.mapping.does-not-fit").arg("field", field.name);
            self.refusals.push(refusal.field(&path));
        }
        match map {
            FieldMap::Whole(spec) => Feed::Whole(self.spec(spec, &path)),
            FieldMap::Sides { ja, en } => Feed::Sides {
                ja: ja.as_ref().map(|spec| self.spec(spec, &format!("{path}.ja"))),
                en: en.as_ref().map(|spec| self.spec(spec, &format!("{path}.en"))),
            },
            FieldMap::Years { columns, times } => Feed::Years {
                columns: columns
                    .iter()
                    .map(|(year, name)| (*year, self.named(name, &format!("{path}.{year}"))))
                    .collect(),
                times: *times,
            },
        }
    }

    fn field_by_name(&mut self, field: &FieldSpec) -> Option<Feed> {
        if field.ty != FieldType::LocalText {
            return self.plain(field.name).map(Feed::Whole);
        }
        let ja = self.plain(&format!("{}.ja", field.name));
        let en = self.plain(&format!("{}.en", field.name));
        if self.places.is_none() {
            return Some(Feed::Either { whole: self.plain(field.name)?, ja: ja?, en: en? });
        }
        (ja.is_some() || en.is_some()).then_some(Feed::Sides { ja, en })
    }
}

impl Binding {
    /// Binds a header (`None` where rows are objects), with a mapping or by name.
    ///
    /// # Errors
    /// `import.header.no-key`, `import.source.missing`, `import.mapping.*`.
    pub(crate) fn new(
        schema: &'static KindSchema,
        mapping: Option<&Mapping>,
        system: Option<&str>,
        header: Option<&[String]>,
        codes: &Codes,
    ) -> Result<Self, Vec<Refusal>> {
        let places = header.map(|names| {
            names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect()
        });
        let mut binder = Binder { places, used: BTreeSet::new(), refusals: Vec::new() };
        let mut binding = match mapping {
            Some(mapping) => {
                check_mapping(schema, mapping, codes, &mut binder.refusals);
                Self::mapped(schema, mapping, &mut binder)
            }
            None => Self::plain(schema, &mut binder),
        };
        let given = system.or(mapping.and_then(|mapping| mapping.source.as_deref()));
        binding.system = given.map(str::to_owned);
        binding.width = header.map_or(0, <[String]>::len);
        if let Some(names) = header {
            if binding.key.is_empty() && !names.iter().any(|name| name == "_id") {
                binder.refusals.push(Refusal::new("import.header.no-key"));
            }
            let row_system = names.iter().any(|name| name == "_source" || name == "_id");
            if !binding.key.is_empty() && given.is_none() && !row_system {
                binder.refusals.push(Refusal::new("import.source.missing"));
            }
        }
        binding.used = binder.used;
        if let Some(mapping) = mapping {
            binding.used.extend(mapping.ignore.iter().cloned());
        }
        binding.used.extend(PROVENANCE.map(str::to_owned));
        let unmapped = header.into_iter().flatten().filter(|name| !binding.used.contains(*name));
        binding.unmapped = unmapped.cloned().collect();
        binding.unfed = unfed(schema, &binding.fields);
        if binder.refusals.is_empty() { Ok(binding) } else { Err(binder.refusals) }
    }

    fn empty(schema: &'static KindSchema, binder: &mut Binder<'_>) -> Self {
        Self {
            schema,
            system: None,
            key: Vec::new(),
            fields: Vec::new(),
            action: None,
            reason: None,
            duplicate_of: None,
            recorded_at: None,
            id: binder.column("_id"),
            version: binder.column("_version"),
            state: binder.column("_state"),
            standing: binder.column("_standing"),
            row_system: binder.column("_source"),
            width: 0,
            unmapped: Vec::new(),
            unfed: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    fn mapped(schema: &'static KindSchema, mapping: &Mapping, binder: &mut Binder<'_>) -> Self {
        let mut binding = Self::empty(schema, binder);
        binding.key = mapping.key.iter().map(|name| binder.named(name, "key")).collect();
        for field in schema.fields {
            if let Some(map) = mapping.fields.get(field.name) {
                binding.fields.push((field, binder.field_of_mapping(field, map)));
            }
        }
        let mut part = |spec: &Option<Spec>, name: &str| {
            spec.as_ref().map(|spec| binder.spec(spec, &format!("event.{name}")))
        };
        binding.action = part(&mapping.event.action, "action");
        binding.reason = part(&mapping.event.reason, "reason");
        binding.duplicate_of = part(&mapping.event.duplicate_of, "duplicate_of");
        binding.recorded_at = part(&mapping.event.recorded_at, "recorded_at");
        binding
    }

    fn plain(schema: &'static KindSchema, binder: &mut Binder<'_>) -> Self {
        let mut binding = Self::empty(schema, binder);
        let key = binder.plain("source_key").or_else(|| binder.plain("_source_key"));
        binding.key.extend(key.and_then(|key| key.column));
        if binder.places.is_none() {
            // An object may have either key.
            binding.key.push(binder.column("_source_key"));
        }
        for field in schema.fields {
            if let Some(feed) = binder.field_by_name(field) {
                binding.fields.push((field, feed));
            }
        }
        binding.action = binder.plain("action");
        binding.reason = binder.plain("reason");
        binding.duplicate_of = binder.plain("duplicate_of");
        binding.recorded_at = binder.plain("recorded_at");
        binding
    }
}

/// What a mapping says that does not depend on the input.
fn check_mapping(
    schema: &KindSchema,
    mapping: &Mapping,
    codes: &Codes,
    refusals: &mut Vec<Refusal>,
) {
    if mapping.kind.as_deref().is_some_and(|kind| kind != schema.kind) {
        let refusal = Refusal::new("import.mapping.other-kind").arg("kind", schema.kind);
        refusals.push(refusal.field("kind"));
    }
    for (name, map) in &mapping.fields {
        let Some(field) = schema.field(name) else {
            let names = schema.fields.iter().map(|field| field.name);
            refusals.push(
                Refusal::new("import.mapping.unknown-field")
                    .arg("name", name)
                    .arg("kind", schema.kind)
                    .arg("nearest", nearest_name(name, names).unwrap_or_default())
                    .field(format!("columns.{name}")),
            );
            continue;
        };
        let (FieldType::Code(vocabulary), FieldMap::Whole(spec)) = (field.ty, map) else {
            continue;
        };
        for code in spec.codes.values().filter(|code| !codes.knows(vocabulary, code)) {
            refusals.push(
                Refusal::new("import.mapping.unknown-code")
                    .arg("code", code)
                    .arg("vocabulary", vocabulary)
                    .field(format!("columns.{name}.codes")),
            );
        }
    }
}

/// Required fields that nothing feeds; new records of such an input are refused
/// row by row, so the report says it once.
fn unfed(schema: &KindSchema, fields: &[(&FieldSpec, Feed)]) -> Vec<String> {
    let required = schema.fields.iter().filter(|field| field.card == Cardinality::Required);
    let mut names = Vec::new();
    for field in required {
        match fields.iter().find(|(fed, _)| fed.name == field.name) {
            None => names.push(field.name.to_owned()),
            Some((_, Feed::Sides { ja, en })) => {
                for (side, bound) in [("ja", ja), ("en", en)] {
                    if bound.is_none() {
                        names.push(format!("{}.{side}", field.name));
                    }
                }
            }
            Some(_) => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_model::registers::{KINDS, kind};

    fn bind(text: Option<&str>, header: &[&str]) -> Result<Binding, Vec<&'static str>> {
        let mapping = text.map(|text| Mapping::parse("m.toml", text).unwrap());
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        let codes = Codes::of(&std::collections::BTreeMap::new());
        Binding::new(kind("project").unwrap(), mapping.as_ref(), None, Some(&header), &codes)
            .map_err(|refusals| refusals.into_iter().map(|refusal| refusal.code).collect())
    }

    /// Columns that say what shall happen, where no mapping names others.
    const CONTROL: [&str; 5] = ["source_key", "action", "reason", "duplicate_of", "recorded_at"];

    #[test]
    fn no_field_is_called_like_a_control_column() {
        for schema in KINDS {
            for name in CONTROL {
                assert!(schema.field(name).is_none(), "{} {name}", schema.kind);
            }
        }
    }

    #[test]
    fn columns_that_feed_nothing_are_listed() {
        let header = ["_id", "title.ja", "title", "memo", "_seq", "action", "#7"];
        let binding = bind(None, &header).unwrap();
        assert_eq!(binding.unmapped, ["title", "memo", "#7"]);
        assert_eq!(binding.unfed, ["title.en", "funder", "started_on"]);
        let mapping = "source = 's'\nkey = 'no'\nignore = ['memo']\n[columns]\nnumber = 'no'";
        let binding = bind(Some(mapping), &["no", "memo", "number"]).unwrap();
        assert_eq!(binding.unmapped, ["number"]);
    }

    #[test]
    fn bindings_are_refused_by_code() {
        let cases: [(Option<&str>, &[&str], &[&str]); 9] = [
            (None, &["title.ja"], &["import.header.no-key"]),
            (None, &["source_key"], &["import.source.missing"]),
            (Some("source = 's'\nkey = 'No'"), &["no"], &["import.mapping.column-absent"]),
            (
                Some("kind = 'call'\nsource = 's'\nkey = 'no'"),
                &["no"],
                &["import.mapping.other-kind"],
            ),
            (
                Some("source = 's'\nkey = 'no'\n[columns]\ntitel = 'no'"),
                &["no"],
                &["import.mapping.unknown-field"],
            ),
            (
                Some("source = 's'\nkey = 'no'\n[columns]\ntitle = 'no'"),
                &["no"],
                &["import.mapping.does-not-fit"],
            ),
            (
                Some("source = 's'\nkey = 'no'\n[columns]\nnumber = { ja = 'no' }"),
                &["no"],
                &["import.mapping.does-not-fit"],
            ),
            (
                Some(
                    "source = 's'\nkey = 'no'\n[columns]\nphase = { column = 'no', codes = { a = 'b' } }",
                ),
                &["no"],
                &["import.mapping.unknown-code"],
            ),
            (
                Some("source = 's'\nkey = 'no'\n[columns.money.years]\n2025 = 'R7'"),
                &["no"],
                &["import.mapping.column-absent"],
            ),
        ];
        for (mapping, header, codes) in cases {
            assert_eq!(bind(mapping, header).unwrap_err(), codes, "{mapping:?} {header:?}");
        }
    }
}
