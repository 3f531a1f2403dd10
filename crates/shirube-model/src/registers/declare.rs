//! The declaration of a register kind.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::values::{LIST_VALUES_MAX, check_value};
use crate::refusal::Refusal;
use crate::schema::{Cardinality, FieldSpec, KindSchema, Visibility};

/// Rules between the fields of a kind. Types, codes and identifiers are checked
/// before, so a rule sees a well-formed record.
pub trait Rules {
    /// What the record breaks, empty when nothing.
    fn rules(&self) -> Vec<Refusal> {
        Vec::new()
    }
}

/// A register kind as a Rust type: reads from and writes to a record body.
pub trait Register: Rules + Serialize + for<'de> Deserialize<'de> {
    /// The kind's description.
    const SCHEMA: &'static KindSchema;
}

/// A body in its stored form: absent fields and empty lists left out.
#[must_use]
pub fn canonical(mut body: Map<String, Value>) -> Map<String, Value> {
    body.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|a| !a.is_empty()));
    body
}

/// Reads a stored body into its typed struct.
///
/// # Errors
/// `registers.body.unreadable` when the body does not have the kind's shape.
pub fn read_body<R: Register>(body: &Map<String, Value>) -> Result<R, Refusal> {
    let mut full = body.clone();
    full.retain(|_, value| !value.is_null());
    for field in R::SCHEMA.fields {
        if field.card == Cardinality::Many {
            full.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
        }
    }
    // The field check accepts only what the struct reads; anything left is
    // refused rather than trusted. The reader's own words stay out: they may
    // quote a value.
    serde_json::from_value(Value::Object(full))
        .map_err(|_| Refusal::new("registers.body.unreadable").arg("kind", R::SCHEMA.kind))
}

/// Checks a body against a kind: field by field first, so that every fault is
/// named at once, then the rules between fields.
///
/// # Errors
/// Every refusal of [`check_fields`], or else every refusal of [`Rules::rules`].
pub fn check_body<R: Register>(body: &Map<String, Value>) -> Result<(), Vec<Refusal>> {
    let mut refusals = check_fields(R::SCHEMA, body);
    if refusals.is_empty() {
        match read_body::<R>(body) {
            Ok(typed) => refusals.extend(typed.rules()),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

/// Checks every field of a body against the kind's description. Codes of
/// vocabularies are checked where the pack is known, not here.
#[must_use]
pub fn check_fields(schema: &KindSchema, body: &Map<String, Value>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for name in body.keys() {
        if schema.field(name).is_none() {
            refusals.push(
                Refusal::new("registers.field.unknown")
                    .arg("name", name)
                    .arg("kind", schema.kind)
                    .field(name),
            );
        }
    }
    for field in schema.fields {
        let value = body.get(field.name).filter(|value| !value.is_null());
        refusals.extend(
            check_field(field, value)
                .into_iter()
                .map(|refusal| without_private_value(field, refusal).field(field.name)),
        );
    }
    refusals
}

fn check_field(field: &FieldSpec, value: Option<&Value>) -> Vec<Refusal> {
    match (field.card, value) {
        (Cardinality::Required, None) => vec![Refusal::new("registers.field.missing")],
        (Cardinality::Optional | Cardinality::Many, None) => Vec::new(),
        (Cardinality::Many, Some(Value::Array(items))) if items.len() > LIST_VALUES_MAX => {
            vec![Refusal::new("registers.field.too-many").arg("limit", LIST_VALUES_MAX)]
        }
        (Cardinality::Many, Some(Value::Array(items))) => {
            items.iter().filter_map(|item| check_value(field.ty, item).err()).collect()
        }
        (Cardinality::Many, Some(_)) => vec![Refusal::new("registers.field.not-a-list")],
        (Cardinality::Required | Cardinality::Optional, Some(value)) => {
            check_value(field.ty, value).err().into_iter().collect()
        }
    }
}

/// Internal fields may describe a person, and refusals go into logs.
fn without_private_value(field: &FieldSpec, mut refusal: Refusal) -> Refusal {
    if field.visibility == Visibility::Internal
        && let Some(value) = refusal.args.get_mut("value")
    {
        "…".clone_into(value);
    }
    refusal
}

/// Declares a register kind: struct, schema and state machine in one place.
macro_rules! register {
    (
        $(#[$doc:meta])*
        $name:ident = $kind:literal, $prefix:literal, domain $domain:literal, title $title:literal $(, $closed:ident)?;
        fields { $( $(#[$fdoc:meta])* $field:ident : $ty:ident $(($of:expr))? $card:ident $vis:ident ; )* }
        states { $( $state:literal ),+ $(,)? }
        steps { $( $step:literal : [ $( $from:literal ),+ ] => $to:literal $( needs [ $( $need:literal ),* ] )? ; )* }
        $( frozen { $( $frozen:literal ),+ } )?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$fdoc])*
                pub $field: $crate::registers::register!(@holds $card ($crate::registers::register!(@rust $ty))),
            )*
        }

        impl $crate::registers::Register for $name {
            const SCHEMA: &'static $crate::schema::KindSchema = &$crate::schema::KindSchema {
                kind: $kind,
                prefix: $prefix,
                domain: $domain,
                title: $title,
                fields: &[ $( $crate::schema::FieldSpec {
                    name: stringify!($field),
                    ty: $crate::registers::register!(@type $ty $(($of))?),
                    card: $crate::registers::register!(@card $card),
                    visibility: $crate::registers::register!(@vis $vis),
                } ),* ],
                states: &[ $( $state ),+ ],
                transitions: &[ $( $crate::schema::Transition {
                    name: $step,
                    from: &[ $( $from ),+ ],
                    to: $to,
                    needs: &[ $( $( $need ),* )? ],
                } ),* ],
                frozen: &[ $( $( $frozen ),+ )? ],
                closed: $crate::registers::register!(@closed $($closed)?),
                check: $crate::registers::check_body::<$name>,
            };
        }
    };

    (@holds required ($t:ty)) => { $t };
    (@holds optional ($t:ty)) => { Option<$t> };
    (@holds many ($t:ty)) => { Vec<$t> };

    (@rust text) => { String };
    (@rust local_text) => { $crate::lang::LocalText };
    (@rust code) => { String };
    (@rust date) => { chrono::NaiveDate };
    (@rust int) => { i64 };
    (@rust decimal) => { rust_decimal::Decimal };
    (@rust yen) => { i64 };
    (@rust bool) => { bool };
    (@rust reference) => { $crate::ident::RecordId };
    (@rust id) => { String };
    (@rust url) => { String };
    (@rust year_amount) => { $crate::registers::YearAmount };

    (@type text) => { $crate::schema::FieldType::Text };
    (@type local_text) => { $crate::schema::FieldType::LocalText };
    (@type code ($of:expr)) => { $crate::schema::FieldType::Code($of) };
    (@type date) => { $crate::schema::FieldType::Date };
    (@type int) => { $crate::schema::FieldType::Int };
    (@type decimal) => { $crate::schema::FieldType::Decimal };
    (@type yen) => { $crate::schema::FieldType::Yen };
    (@type bool) => { $crate::schema::FieldType::Bool };
    (@type reference ($of:expr)) => { $crate::schema::FieldType::Ref($of) };
    (@type id ($of:expr)) => { $crate::schema::FieldType::Id($of) };
    (@type url) => { $crate::schema::FieldType::Url };
    (@type year_amount) => { $crate::schema::FieldType::YearAmount };

    (@card required) => { $crate::schema::Cardinality::Required };
    (@card optional) => { $crate::schema::Cardinality::Optional };
    (@card many) => { $crate::schema::Cardinality::Many };

    (@closed) => { false };
    (@closed closed) => { true };

    (@vis public) => { $crate::schema::Visibility::Public };
    (@vis internal) => { $crate::schema::Visibility::Internal };
}
pub(crate) use register;
