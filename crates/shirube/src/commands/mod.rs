//! One module per command.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod consent;
pub(crate) mod cycle;
pub(crate) mod demo;
mod demo_records;
pub(crate) mod evidence;
pub(crate) mod exchange;
pub(crate) mod gate;
pub(crate) mod indicators;
pub(crate) mod pack;
pub(crate) mod query;
pub(crate) mod records;
pub(crate) mod register;
pub(crate) mod review;
pub(crate) mod serve;
pub(crate) mod statement;
