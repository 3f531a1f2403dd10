//! Tests of the evaluators against each other and against worked examples.

mod differential;
mod worked;
