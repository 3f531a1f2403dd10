//! What is checked, and how much may be wrong: our own list, or the CSV files of
//! the dashboard.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use super::checks::{CheckName, Level};
use crate::error::RecordsError;
use crate::omop::{CdmColumn, CdmTable, CdmType, tables};

/// Our own list; the lines with `*` are for all tables and fields to which the
/// check applies by the model.
const OWN: &str = include_str!("../../omop/quality.csv");

/// Concept of men.
const MALE: i64 = 8507;
/// Concept of women.
const FEMALE: i64 = 8532;

/// A limit of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Of numbers.
    Number(f64),
    /// Of days; of moments, the beginning of the day.
    Day(NaiveDate),
}

/// What a check compares with.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Nothing but the field itself.
    Plain,
    /// A field of another table, such as the key that is named or the date that
    /// comes first.
    Other {
        /// Table.
        table: String,
        /// Field.
        field: String,
    },
    /// A word, such as a domain.
    Word(String),
    /// Another field of the same table.
    Field(String),
    /// A limit.
    Bound(Bound),
    /// A limit for one concept in one unit.
    ConceptBound {
        /// Concept.
        concept: i64,
        /// Concept of the unit.
        unit: i64,
        /// Limit.
        bound: Bound,
    },
    /// The sex that goes with concepts.
    Gender {
        /// Concepts.
        concepts: Vec<i64>,
        /// Concept of the sex.
        gender: i64,
    },
    /// The units that go with a concept.
    Units {
        /// Concept.
        concept: i64,
        /// Concepts of units; none where the concept has no unit.
        units: Vec<i64>,
    },
}

/// One check to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckSpec {
    /// Kind.
    pub check: CheckName,
    /// What it is about.
    pub level: Level,
    /// Table, lower case.
    pub table: String,
    /// Field, lower case; empty for checks of a table.
    pub field: String,
    /// What it compares with.
    pub rule: Rule,
    /// Largest share of wrong rows that passes, in per cent.
    pub threshold_percent: Decimal,
}

/// The checks to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// Checks in order.
    pub checks: Vec<CheckSpec>,
    /// The day after which dates lie in the future.
    pub as_of: NaiveDate,
    /// SHA-256 of what they were read from, and the day.
    pub sha256: String,
}

impl Thresholds {
    /// Our own checks and thresholds.
    #[must_use]
    pub fn own(as_of: NaiveDate) -> Self {
        let mut own = Own { as_of, general: BTreeMap::new(), special: BTreeMap::new() };
        let mut concepts = Vec::new();
        for line in OWN.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let [check, table, field, concept, value, threshold] = cells.as_slice() else {
                continue;
            };
            let (Some(check), Ok(threshold)) = (CheckName::of(check), threshold.parse()) else {
                continue;
            };
            let line = Line { value: (*value).to_owned(), threshold };
            match (*table, concept.is_empty()) {
                ("*", _) => _ = own.general.insert(check, line),
                (table, true) => {
                    own.special.insert((check, table.to_owned(), (*field).to_owned()), line);
                }
                (table, false) => concepts.push((check, table, *field, *concept, line)),
            }
        }
        let mut checks: Vec<CheckSpec> = tables().iter().flat_map(|t| own.table(t)).collect();
        checks.extend(tables().iter().flat_map(|t| t.columns.iter().flat_map(|c| own.field(t, c))));
        for (check, table, field, concept, line) in concepts {
            checks.extend(own.concept(check, table, field, concept, &line));
        }
        let sha256 = hex::encode(Sha256::digest(format!("{OWN}{as_of}")));
        Self { checks, as_of, sha256 }
    }

    /// Reads the dashboard's files for levels of table, field and concept from a
    /// folder. Where there are several versions, that of CDM 5.4 counts.
    ///
    /// # Errors
    /// When there is no such file, or a value in it cannot be read.
    pub fn read(folder: &Path, as_of: NaiveDate) -> Result<Self, RecordsError> {
        let files = crate::snapshot::files_below(folder)?;
        let mut sha = Sha256::new();
        sha.update(as_of.to_string());
        let mut checks = Vec::new();
        let mut any = false;
        for level in [Level::Table, Level::Field, Level::Concept] {
            let Some(path) = newest(&files, level) else { continue };
            any = true;
            let bytes = std::fs::read(path).map_err(|error| RecordsError::io(path, &error))?;
            sha.update(&bytes);
            let file = path.display().to_string();
            dashboard(level, &bytes, as_of, &mut checks).map_err(|mut refusal| {
                refusal.place.file = Some(file);
                refusal
            })?;
        }
        if !any {
            let name = folder.display().to_string();
            return Err(Refusal::new("records.quality.no-thresholds").file(name).into());
        }
        Ok(Self { checks, as_of, sha256: hex::encode(sha.finalize()) })
    }
}

fn newest(files: &[PathBuf], level: Level) -> Option<&Path> {
    let ending = match level {
        Level::Table => "table_level.csv",
        Level::Field => "field_level.csv",
        Level::Concept => "concept_level.csv",
    };
    let name =
        |path: &&PathBuf| path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let all = files.iter().filter(|path| {
        let name = name(path);
        name.ends_with(ending) && !name.starts_with("unittest")
    });
    let best = all.max_by_key(|path| (name(path).contains("v5.4"), name(path)));
    best.map(PathBuf::as_path)
}

struct Line {
    value: String,
    threshold: Decimal,
}

/// Our own list, applied to the model.
struct Own {
    as_of: NaiveDate,
    general: BTreeMap<CheckName, Line>,
    special: BTreeMap<(CheckName, String, String), Line>,
}

impl Own {
    fn special(&self, check: CheckName, table: &str, field: &str) -> Option<&Line> {
        self.special.get(&(check, table.to_owned(), field.to_owned()))
    }

    fn table(&self, table: &CdmTable) -> Vec<CheckSpec> {
        use CheckName::{
            CdmTable as Is, MeasureConditionEraCompleteness, MeasureObservationPeriodOverlap,
            MeasurePersonCompleteness,
        };
        let kinds = [
            Is,
            MeasurePersonCompleteness,
            MeasureConditionEraCompleteness,
            MeasureObservationPeriodOverlap,
        ];
        let spec = |check| {
            let line = self.special(check, &table.name, "").or_else(|| self.general.get(&check))?;
            Some(CheckSpec {
                check,
                level: Level::Table,
                table: table.name.clone(),
                field: String::new(),
                rule: Rule::Plain,
                threshold_percent: line.threshold,
            })
        };
        kinds.into_iter().filter_map(spec).collect()
    }

    fn field(&self, table: &CdmTable, column: &CdmColumn) -> Vec<CheckSpec> {
        let spec = |check: CheckName| {
            let special = self.special(check, &table.name, &column.name);
            let line = special.or_else(|| self.general.get(&check))?;
            let rule = rule(check, table, column, special.map(|line| line.value.as_str()))?;
            let rule = match rule {
                Rule::Word(text) if is_bound(check) => {
                    let text = if text.is_empty() { &line.value } else { &text };
                    Rule::Bound(bound(text, self.as_of)?)
                }
                rule => rule,
            };
            let mut threshold_percent = line.threshold;
            if check == CheckName::MeasureValueCompleteness && column.required {
                threshold_percent = Decimal::ZERO;
            }
            Some(CheckSpec {
                check,
                level: Level::Field,
                table: table.name.clone(),
                field: column.name.clone(),
                rule,
                threshold_percent,
            })
        };
        CheckName::ALL.into_iter().filter_map(spec).collect()
    }

    fn concept(
        &self,
        check: CheckName,
        table: &str,
        field: &str,
        concept: &str,
        line: &Line,
    ) -> Option<CheckSpec> {
        let concepts = numbers(concept);
        let rule = match check {
            CheckName::PlausibleGender | CheckName::PlausibleGenderUseDescendants => {
                Rule::Gender { concepts, gender: gender(&line.value)? }
            }
            CheckName::PlausibleUnitConceptIds => {
                Rule::Units { concept: *concepts.first()?, units: numbers(&line.value) }
            }
            _ => Rule::ConceptBound {
                concept: *concepts.first()?,
                unit: *concepts.get(1)?,
                bound: bound(&line.value, self.as_of)?,
            },
        };
        Some(CheckSpec {
            check,
            level: Level::Concept,
            table: table.to_owned(),
            field: field.to_owned(),
            rule,
            threshold_percent: line.threshold,
        })
    }
}

fn is_bound(check: CheckName) -> bool {
    matches!(check, CheckName::PlausibleValueLow | CheckName::PlausibleValueHigh)
}

/// What a check of the model compares a field with; nothing where it does not
/// apply. `special` is the value of our list for just this field.
fn rule(
    check: CheckName,
    table: &CdmTable,
    column: &CdmColumn,
    special: Option<&str>,
) -> Option<Rule> {
    use CheckName as C;
    let name = column.name.as_str();
    let dated = matches!(column.cdm_type, CdmType::Date | CdmType::DateTime);
    let of_person = table.person().is_some() && table.name != "person";
    let concept = name.ends_with("_concept_id");
    let plain = |holds: bool| holds.then_some(Rule::Plain);
    match check {
        C::CdmField | C::MeasureValueCompleteness => Some(Rule::Plain),
        C::IsRequired => plain(column.required),
        C::CdmDatatype => plain(column.cdm_type == CdmType::Integer),
        C::IsPrimaryKey => plain(is_key(table, column)),
        C::IsForeignKey => foreign(table, column),
        C::FkDomain | C::FkClass => special.map(|word| Rule::Word(word.to_owned())),
        C::IsStandardValidConcept => plain(concept && of_person && !name.contains("_source_")),
        C::StandardConceptRecordCompleteness => {
            plain(special.is_some() || (concept && column.required && of_person))
        }
        C::SourceConceptRecordCompleteness => plain(name.ends_with("_source_concept_id")),
        C::SourceValueCompleteness => {
            let standard = format!("{}_concept_id", name.strip_suffix("_source_value")?);
            table.column(&standard).map(|_| Rule::Field(standard))
        }
        C::PlausibleValueLow | C::PlausibleValueHigh => match special {
            Some(value) => Some(Rule::Word(value.to_owned())),
            None => (dated && of_person).then(|| Rule::Word(String::new())),
        },
        C::PlausibleTemporalAfter => {
            start_of(table, name).map(|field| Rule::Other { table: table.name.clone(), field })
        }
        C::PlausibleStartBeforeEnd => end_of(table, name).map(Rule::Field),
        C::PlausibleDuringLife | C::PlausibleAfterBirth | C::PlausibleBeforeDeath => {
            plain(dated && of_person && (table.name != "death" || check == C::PlausibleAfterBirth))
        }
        C::WithinVisitDates => {
            let first = name.ends_with("_start_date") || name == format!("{}_date", stem(table));
            plain(
                first
                    && table.column("visit_occurrence_id").is_some()
                    && of_person
                    && table.name != "visit_occurrence",
            )
        }
        _ => None,
    }
}

fn stem(table: &CdmTable) -> &str {
    table.name.trim_end_matches("_occurrence")
}

fn is_key(table: &CdmTable, column: &CdmColumn) -> bool {
    let vocabulary = ["concept", "vocabulary", "domain", "concept_class", "relationship"];
    let own = column.name == format!("{}_id", table.name);
    own && (column.key == table.name
        || table.name == "metadata"
        || vocabulary.contains(&table.name.as_str()))
}

fn foreign(table: &CdmTable, column: &CdmColumn) -> Option<Rule> {
    let other = |table: &str, field: &str| {
        Some(Rule::Other { table: table.to_owned(), field: field.to_owned() })
    };
    if column.name.ends_with("concept_id") && table.name != "concept" {
        return other("concept", "concept_id");
    }
    let known = tables().iter().find(|t| t.name == column.key)?;
    if known.name == table.name && is_key(table, column) {
        return None;
    }
    let key = known.columns.iter().find(|c| is_key(known, c))?;
    other(&known.name, &key.name)
}

/// The field of the end that belongs to a start.
fn end_of(table: &CdmTable, name: &str) -> Option<String> {
    let end = if name.contains("_start_date") {
        name.replace("_start_date", "_end_date")
    } else {
        // `procedure_date` goes with `procedure_end_date`.
        let at = name.rfind("_date")?;
        let (stem, rest) = name.split_at(at);
        format!("{stem}_end{rest}")
    };
    table.column(&end).map(|_| end).filter(|end| end != name)
}

fn start_of(table: &CdmTable, name: &str) -> Option<String> {
    let mut starts = table.columns.iter().map(|column| &column.name);
    starts.find(|start| end_of(table, start).as_deref() == Some(name)).cloned()
}

fn numbers(text: &str) -> Vec<i64> {
    let parts = text.split(|c: char| !c.is_ascii_digit() && c != '-');
    parts.filter_map(|part| part.parse().ok()).collect()
}

fn gender(text: &str) -> Option<i64> {
    match text.trim().to_lowercase().as_str() {
        "male" => Some(MALE),
        "female" => Some(FEMALE),
        _ => None,
    }
}

/// A limit as our list or the dashboard writes it: a number, a day, today and
/// the year with something added.
fn bound(text: &str, as_of: NaiveDate) -> Option<Bound> {
    let text = text.trim().trim_matches('\'');
    let upper: String = text.to_uppercase().split_whitespace().collect();
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let compact = || (text.len() == 8).then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok());
    if let Some(day) = day.or_else(|| compact().flatten()) {
        return Some(Bound::Day(day));
    }
    let added = upper
        .strip_prefix("AS_OF+")
        .or_else(|| upper.strip_prefix("DATEADD(DD,")?.strip_suffix(",GETDATE())"));
    if let Some(days) = added {
        return as_of.checked_add_days(Days::new(days.parse().ok()?)).map(Bound::Day);
    }
    let years = upper.strip_prefix("YEAR+").or_else(|| upper.strip_prefix("YEAR(GETDATE())+"));
    if let Some(years) = years {
        return Some(Bound::Number(f64::from(as_of.year().checked_add(years.parse().ok()?)?)));
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Bound::Number)
}

/// A line of the dashboard's files by the names of its columns.
struct Row<'r> {
    names: &'r BTreeMap<String, usize>,
    record: &'r csv::StringRecord,
    line: u64,
}

impl Row<'_> {
    fn get(&self, name: &str) -> &str {
        let place = self.names.get(&name.to_lowercase());
        let text = place.and_then(|place| self.record.get(*place)).unwrap_or_default().trim();
        if text == "NA" { "" } else { text }
    }

    fn lower(&self, name: &str) -> String {
        self.get(name).to_lowercase()
    }

    fn refuse(&self, field: &str) -> Box<Refusal> {
        Box::new(Refusal::new("records.quality.value").line(self.line).field(field))
    }

    fn threshold(&self, check: CheckName) -> Result<Decimal, Box<Refusal>> {
        let name = format!("{}Threshold", check.text());
        let text = self.get(&name);
        if text.is_empty() {
            return Ok(Decimal::ZERO);
        }
        text.parse().map_err(|_| self.refuse(&name))
    }
}

fn dashboard(
    level: Level,
    bytes: &[u8],
    as_of: NaiveDate,
    checks: &mut Vec<CheckSpec>,
) -> Result<(), Box<Refusal>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let broken = |_| Box::new(Refusal::new("records.input.csv"));
    let headers = reader.headers().map_err(broken)?.clone();
    let names: BTreeMap<String, usize> =
        headers.iter().enumerate().map(|(at, name)| (name.trim().to_lowercase(), at)).collect();
    if !names.contains_key("cdmtablename") {
        return Err(Box::new(Refusal::new("records.quality.value").line(1).field("cdmTableName")));
    }
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row { names: &names, record: &record, line };
        for check in CheckName::ALL {
            let Some(rule) = dashboard_rule(level, check, &row, as_of)? else { continue };
            checks.push(CheckSpec {
                check,
                level,
                table: row.lower("cdmTableName"),
                field: if level == Level::Table {
                    String::new()
                } else {
                    row.lower("cdmFieldName")
                },
                rule,
                threshold_percent: row.threshold(check)?,
            });
        }
    }
    Ok(())
}

/// What a line asks of a kind of check; nothing where it does not ask for it.
fn dashboard_rule(
    level: Level,
    check: CheckName,
    row: &Row<'_>,
    as_of: NaiveDate,
) -> Result<Option<Rule>, Box<Refusal>> {
    use CheckName as C;
    let name = check.text();
    let yes = |column: &str| row.get(column).eq_ignore_ascii_case("yes");
    let plain = |holds: bool| holds.then_some(Rule::Plain);
    let limit = || bound(row.get(name), as_of).ok_or_else(|| row.refuse(name));
    let one = |column: &str| row.get(column).parse().map_err(|_| row.refuse(column));
    let asked = !row.get(name).is_empty();
    let word = || Rule::Word(row.get(name).to_owned());
    Ok(match (level, check) {
        (Level::Table, C::CdmTable) => Some(Rule::Plain),
        (
            Level::Table,
            C::MeasurePersonCompleteness
            | C::MeasureConditionEraCompleteness
            | C::MeasureObservationPeriodOverlap,
        ) => plain(yes(name)),
        (Level::Field, C::CdmField) => Some(Rule::Plain),
        (Level::Field, C::CdmDatatype) => plain(row.get(name).eq_ignore_ascii_case("integer")),
        (Level::Field, C::IsForeignKey) => {
            (yes(name) && !row.get("fkTableName").is_empty()).then(|| Rule::Other {
                table: row.lower("fkTableName"),
                field: row.lower("fkFieldName"),
            })
        }
        (Level::Field, C::FkDomain | C::FkClass) => (yes("isForeignKey") && asked).then(word),
        (Level::Field, C::SourceValueCompleteness) => {
            yes(name).then(|| Rule::Field(row.lower("standardConceptFieldName")))
        }
        (Level::Field, C::PlausibleValueLow | C::PlausibleValueHigh) => match asked {
            true => Some(Rule::Bound(limit()?)),
            false => None,
        },
        (Level::Field, C::PlausibleTemporalAfter) => yes(name).then(|| Rule::Other {
            table: row.lower("plausibleTemporalAfterTableName"),
            field: row.lower("plausibleTemporalAfterFieldName"),
        }),
        (Level::Field, C::PlausibleStartBeforeEnd) => {
            yes(name).then(|| Rule::Field(row.lower("plausibleStartBeforeEndFieldName")))
        }
        (
            Level::Field,
            C::IsRequired
            | C::IsPrimaryKey
            | C::IsStandardValidConcept
            | C::MeasureValueCompleteness
            | C::StandardConceptRecordCompleteness
            | C::SourceConceptRecordCompleteness
            | C::PlausibleDuringLife
            | C::PlausibleAfterBirth
            | C::PlausibleBeforeDeath
            | C::WithinVisitDates,
        ) => plain(yes(name)),
        (Level::Concept, C::PlausibleGender | C::PlausibleGenderUseDescendants) if asked => {
            let gender = gender(row.get(name)).ok_or_else(|| row.refuse(name))?;
            Some(Rule::Gender { concepts: numbers(row.get("conceptId")), gender })
        }
        (Level::Concept, C::PlausibleUnitConceptIds)
            if !row.get("plausibleUnitConceptIdsThreshold").is_empty() =>
        {
            Some(Rule::Units { concept: one("conceptId")?, units: numbers(row.get(name)) })
        }
        (Level::Concept, C::PlausibleValueLow | C::PlausibleValueHigh) if asked => {
            let (concept, unit) = (one("conceptId")?, one("unitConceptId")?);
            Some(Rule::ConceptBound { concept, unit, bound: limit()? })
        }
        _ => None,
    })
}
