//! The part of FHIRPath that views use, as a plan over the JSON tape.

pub(crate) mod expr;
mod functions;
mod item;
mod lex;
mod moment;
mod operators;
mod parse;
mod run;
mod sole;

pub(crate) use expr::{Expr, Literal};
pub(crate) use functions::reference_key;
pub(crate) use item::{Item, plain};
pub(crate) use moment::Moment;
pub(crate) use parse::{Scope, boundary_kind, parse};
pub(crate) use run::{Over, Run, refuse};
pub(crate) use sole::Sole;
