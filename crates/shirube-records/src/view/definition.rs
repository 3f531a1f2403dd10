//! Reading a ViewDefinition.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::json::Names;
use crate::path::{Expr, Literal, Moment, Scope, boundary_kind, parse};

/// Deepest nesting of `select` and `unionAll`.
const DEPTH_MAX: usize = 20;
/// Most columns of a view.
const COLUMNS_MAX: usize = 500;

/// A column of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewColumn {
    /// Name.
    pub name: String,
    /// FHIR type as the view gives it, such as `date`; `string` when it gives none.
    pub fhir_type: String,
    /// Whether a row holds a list of values.
    pub collection: bool,
}

/// A view: which resources it takes and what rows it makes of each.
///
/// Made from a SQL-on-FHIR v2 ViewDefinition; see <https://sql-on-fhir.org/ig/2.0.0/>.
#[derive(Debug, Clone)]
pub struct View {
    /// The view's own name; empty when it has none.
    pub name: String,
    pub(crate) resource: String,
    pub(crate) resource_type: crate::json::NameId,
    pub(crate) tests: Vec<Expr>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) columns: Vec<ViewColumn>,
    digest: String,
}

/// One `select`.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) each: Each,
    pub(crate) columns: Vec<Slot>,
    pub(crate) parts: Vec<Block>,
    pub(crate) union: Vec<Block>,
    /// Every slot of the block and of what it holds.
    pub(crate) slots: Vec<usize>,
}

/// What a block runs over.
#[derive(Debug, Clone)]
pub(crate) enum Each {
    Once,
    Item(Expr),
    ItemOrNull(Expr),
    Repeat(Vec<Expr>),
}

/// A column's expression and its place in the row.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) at: usize,
    pub(crate) expr: Expr,
    pub(crate) collection: bool,
}

type Read<T> = Result<T, Box<Refusal>>;

fn refuse<T>(code: &'static str, field: &str, what: &str) -> Read<T> {
    Err(Box::new(Refusal::new(code).arg("what", what).field(field)))
}

impl View {
    /// Reads a ViewDefinition, adding the members it names to `names`.
    pub(crate) fn read(definition: &Value, names: &mut Names) -> Read<Self> {
        let Some(resource) = definition.get("resource").and_then(Value::as_str) else {
            return refuse("records.view.missing", "resource", "resource");
        };
        let resource_type = names.want("resourceType");
        let mut reader =
            Reader { names, constants: constants(definition)?, resource, columns: Vec::new() };
        let selects = list(definition, "select", "")?;
        if selects.is_empty() {
            return refuse("records.view.missing", "select", "select");
        }
        let mut blocks = Vec::new();
        for (number, select) in selects.iter().enumerate() {
            blocks.push(reader.block(select, &format!("select[{number}]"), 0)?);
        }
        let mut tests = Vec::new();
        for (number, test) in list(definition, "where", "")?.iter().enumerate() {
            let place = format!("where[{number}].path");
            tests.push(reader.path(text(test, "path", &place)?, &place, "")?);
        }
        let mut seen = BTreeSet::new();
        for slot in blocks.iter().flat_map(|b| &b.slots) {
            let name = reader.columns.get(*slot).map_or("", |c| c.name.as_str());
            if !seen.insert(name) {
                return refuse("records.view.column-repeated", "select", name);
            }
        }
        Ok(Self {
            name: definition.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            resource: resource.to_owned(),
            resource_type,
            tests,
            blocks,
            digest: hex::encode(Sha256::digest(definition.to_string())),
            columns: reader.columns,
        })
    }

    /// The columns, in the order of the definition.
    #[must_use]
    pub fn columns(&self) -> &[ViewColumn] {
        &self.columns
    }

    /// The resource type that the view takes.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// SHA-256 of the definition in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn list<'v>(value: &'v Value, key: &str, place: &str) -> Read<&'v [Value]> {
    match value.get(key) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => refuse("records.view.not-list", &join(place, key), key),
    }
}

fn text<'v>(value: &'v Value, key: &str, place: &str) -> Read<&'v str> {
    match value.get(key) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => refuse("records.view.not-text", place, key),
        None => refuse("records.view.missing", place, key),
    }
}

fn join(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

fn constants(definition: &Value) -> Read<BTreeMap<String, Literal>> {
    let mut out = BTreeMap::new();
    for (number, constant) in list(definition, "constant", "")?.iter().enumerate() {
        let place = format!("constant[{number}]");
        let name = text(constant, "name", &join(&place, "name"))?;
        let members = constant.as_object().into_iter().flatten();
        let mut values = members.filter(|(key, _)| key.starts_with("value"));
        let (Some((key, value)), None) = (values.next(), values.next()) else {
            return refuse("records.view.constant", &place, name);
        };
        let literal = match (key.as_str(), value) {
            ("valueDate" | "valueDateTime" | "valueInstant" | "valueTime", Value::String(text)) => {
                Moment::read(text).map(Literal::Moment)
            }
            (_, Value::String(text)) => Some(Literal::Text(text.clone())),
            (_, Value::Bool(value)) => Some(Literal::Bool(*value)),
            (_, Value::Number(number)) => match number.as_i64() {
                Some(whole) => Some(Literal::Int(whole)),
                None => number.to_string().parse().ok().map(Literal::Decimal),
            },
            _ => None,
        };
        let Some(literal) = literal else {
            return refuse("records.view.constant", &place, name);
        };
        out.insert(name.to_owned(), literal);
    }
    Ok(out)
}

struct Reader<'d> {
    names: &'d mut Names,
    constants: BTreeMap<String, Literal>,
    resource: &'d str,
    columns: Vec<ViewColumn>,
}

impl Reader<'_> {
    fn path(&mut self, text: &str, place: &str, fhir_type: &str) -> Read<Expr> {
        let mut scope = Scope {
            names: self.names,
            constants: &self.constants,
            resource: self.resource,
            boundary: boundary_kind(fhir_type),
        };
        parse(text, &mut scope).map_err(|mut refusal| {
            refusal.place.field = Some(place.to_owned());
            refusal
        })
    }

    fn block(&mut self, select: &Value, place: &str, depth: usize) -> Read<Block> {
        if !select.is_object() {
            return refuse("records.view.not-object", place, "select");
        }
        if depth > DEPTH_MAX {
            return refuse("records.view.deep", place, "select");
        }
        let each = self.each(select, place)?;
        let mut block = Block {
            each,
            columns: Vec::new(),
            parts: Vec::new(),
            union: Vec::new(),
            slots: Vec::new(),
        };
        for (number, column) in list(select, "column", place)?.iter().enumerate() {
            let slot = self.column(column, &format!("{place}.column[{number}]"))?;
            block.slots.push(slot.at);
            block.columns.push(slot);
        }
        for (number, part) in list(select, "select", place)?.iter().enumerate() {
            let part = self.block(part, &format!("{place}.select[{number}]"), depth + 1)?;
            block.slots.extend(&part.slots);
            block.parts.push(part);
        }
        self.union(select, place, depth, &mut block)?;
        Ok(block)
    }

    fn each(&mut self, select: &Value, place: &str) -> Read<Each> {
        let mut found = Each::Once;
        let mut count = 0;
        for key in ["forEach", "forEachOrNull", "repeat"] {
            if select.get(key).is_none() {
                continue;
            }
            count += 1;
            let place = join(place, key);
            if key == "repeat" {
                let mut paths = Vec::new();
                for path in list(select, key, &place)? {
                    let Some(path) = path.as_str() else {
                        return refuse("records.view.not-text", &place, key);
                    };
                    paths.push(self.path(path, &place, "")?);
                }
                found = Each::Repeat(paths);
                continue;
            }
            let path = self.path(text(select, key, &place)?, &place, "")?;
            found = if key == "forEach" { Each::Item(path) } else { Each::ItemOrNull(path) };
        }
        if count > 1 {
            return refuse("records.view.each-twice", place, "forEach");
        }
        Ok(found)
    }

    fn column(&mut self, column: &Value, place: &str) -> Read<Slot> {
        let name = text(column, "name", &join(place, "name"))?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !plain {
            return refuse("records.view.column-name", &join(place, "name"), name);
        }
        let path_place = join(place, "path");
        let path = text(column, "path", &path_place)?;
        let fhir_type = match column.get("type") {
            None => "string",
            // A type may be given as the URL of its definition.
            Some(Value::String(given)) => given.rsplit('/').next().unwrap_or(given),
            Some(_) => return refuse("records.view.not-text", &join(place, "type"), "type"),
        };
        let collection = match column.get("collection") {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                return refuse(
                    "records.view.not-boolean",
                    &join(place, "collection"),
                    "collection",
                );
            }
        };
        if self.columns.len() >= COLUMNS_MAX {
            return refuse("records.view.wide", place, name);
        }
        let expr = self.path(path, &path_place, fhir_type)?;
        let at = self.columns.len();
        let fhir_type = fhir_type.to_owned();
        self.columns.push(ViewColumn { name: name.to_owned(), fhir_type, collection });
        Ok(Slot { at, expr, collection })
    }

    /// Branches must have the same columns in the same order; they share the
    /// places of the first branch.
    fn union(&mut self, select: &Value, place: &str, depth: usize, block: &mut Block) -> Read<()> {
        let branches = list(select, "unionAll", place)?;
        let mut shared: Vec<usize> = Vec::new();
        for (number, branch) in branches.iter().enumerate() {
            let place = format!("{place}.unionAll[{number}]");
            let mut branch = self.block(branch, &place, depth + 1)?;
            if number == 0 {
                shared.clone_from(&branch.slots);
                block.slots.extend(&shared);
                block.union.push(branch);
                continue;
            }
            let own: Vec<_> = branch.slots.iter().filter_map(|s| self.columns.get(*s)).collect();
            let first: Vec<_> = shared.iter().filter_map(|s| self.columns.get(*s)).collect();
            if own != first {
                return refuse("records.view.union", &place, "unionAll");
            }
            let to: BTreeMap<usize, usize> =
                branch.slots.iter().copied().zip(shared.iter().copied()).collect();
            let keep = branch.slots.iter().min().copied().unwrap_or(self.columns.len());
            rename(&mut branch, &to);
            self.columns.truncate(keep);
            block.union.push(branch);
        }
        Ok(())
    }
}

fn rename(block: &mut Block, to: &BTreeMap<usize, usize>) {
    let new = |slot: &mut usize| *slot = to.get(slot).copied().unwrap_or(*slot);
    block.slots.iter_mut().for_each(new);
    block.columns.iter_mut().for_each(|column| new(&mut column.at));
    for part in block.parts.iter_mut().chain(&mut block.union) {
        rename(part, to);
    }
}
