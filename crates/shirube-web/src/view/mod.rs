//! What the templates show, ready to print: no template decides anything.

pub(crate) mod account;
pub(crate) mod beside;
pub(crate) mod dashboard;
pub(crate) mod edit;
pub(crate) mod follow_up;
pub(crate) mod frame;
pub(crate) mod gate;
pub(crate) mod health;
pub(crate) mod indicator;
pub(crate) mod pack;
pub(crate) mod plan;
pub(crate) mod proof;
pub(crate) mod record;
pub(crate) mod register;
