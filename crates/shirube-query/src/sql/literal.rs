//! Literals and what they can stand for.

use arrow::datatypes::DataType;
use chrono::{NaiveDate, NaiveDateTime};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use shirube_model::refusal::Refusal;
use sqlparser::ast::{DataType as SqlType, TypedString, Value, ValueWithSpan};
use sqlparser::tokenizer::Span;

use super::expression::Typed;
use crate::error::at;
use crate::kind::Kind;

/// A literal as written.
pub(super) fn literal(value: &ValueWithSpan) -> Result<Typed, Refusal> {
    let ValueWithSpan { value, span } = value;
    let typed = |expr, kind| Ok(Typed { expr, kind });
    match value {
        Value::Number(text, _) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(n), _) => typed(lit(n), Kind::Int),
            (_, Ok(x)) if x.is_finite() => typed(lit(x), Kind::Float),
            _ => Err(at("query.literal.unreadable", *span)),
        },
        Value::SingleQuotedString(text) => typed(lit(text.clone()), Kind::Text),
        Value::Boolean(b) => typed(lit(*b), Kind::Bool),
        Value::Null => typed(lit(ScalarValue::Null), Kind::Null),
        _ => Err(at("query.literal.refused", *span)),
    }
}

/// `DATE '2025-04-01'`.
pub(super) fn typed_string(text: &TypedString) -> Result<Typed, Refusal> {
    let TypedString { data_type, value, uses_odbc_syntax } = text;
    let Value::SingleQuotedString(inner) = &value.value else {
        return Err(at("query.literal.refused", value.span));
    };
    let kind = match data_type {
        _ if *uses_odbc_syntax => return Err(at("query.literal.refused", value.span)),
        SqlType::Date => Kind::Date,
        SqlType::Timestamp(None, _) => Kind::Moment,
        _ => return Err(at("query.literal.refused", value.span)),
    };
    read(inner, kind, value.span)
}

/// Text of a literal as a day or a moment.
pub(super) fn read(text: &str, kind: Kind, span: Span) -> Result<Typed, Refusal> {
    let unreadable = || at("query.literal.unreadable", span);
    let expr = match kind {
        Kind::Date => {
            let day: NaiveDate = text.trim().parse().map_err(|_| unreadable())?;
            lit(ScalarValue::Date32(Some(day.to_epoch_days())))
        }
        Kind::Moment => {
            let text = text.trim().replacen('T', " ", 1);
            let moment = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S")
                .ok()
                .or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
                .ok_or_else(unreadable)?;
            lit(ScalarValue::TimestampMicrosecond(Some(moment.and_utc().timestamp_micros()), None))
        }
        _ => return Err(unreadable()),
    };
    Ok(Typed { expr, kind })
}

/// Brings two sides of a comparison, or two results of a CASE, to one kind
/// without any conversion that could fail on data.
pub(super) fn unify(left: Typed, right: Typed, span: Span) -> Result<(Typed, Typed), Refusal> {
    use Kind::{Date, Float, Int, Moment, Null, Text};
    Ok(match (left.kind, right.kind) {
        (a, b) if a == b => (left, right),
        (Null, kind) => (null(kind), right),
        (kind, Null) => (left, null(kind)),
        (Int, Float) => (float(left), right),
        (Float, Int) => (left, float(right)),
        (Date | Moment, Text) => {
            let right = reread(&right, left.kind, span)?;
            (left, right)
        }
        (Text, Date | Moment) => {
            let left = reread(&left, right.kind, span)?;
            (left, right)
        }
        (a, b) => {
            let code =
                if a.is_key() || b.is_key() { "query.key.use" } else { "query.type.mismatch" };
            return Err(at(code, span));
        }
    })
}

/// NULL of a kind.
pub(super) fn null(kind: Kind) -> Typed {
    let value = ScalarValue::try_from(&kind.data_type()).unwrap_or(ScalarValue::Null);
    Typed { expr: lit(value), kind }
}

/// A whole number as a number. No whole number fails to convert.
pub(super) fn float(typed: Typed) -> Typed {
    let expr = match &typed.expr {
        #[expect(clippy::cast_precision_loss, reason = "as the engine converts columns")]
        Expr::Literal(ScalarValue::Int64(Some(n)), _) => lit(*n as f64),
        other => datafusion::logical_expr::cast(other.clone(), DataType::Float64),
    };
    Typed { expr, kind: Kind::Float }
}

fn reread(typed: &Typed, kind: Kind, span: Span) -> Result<Typed, Refusal> {
    match &typed.expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => read(text, kind, span),
        _ => Err(at("query.type.mismatch", span)),
    }
}
