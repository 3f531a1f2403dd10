//! Handlers of the pages: read the request, load, show.

pub(crate) mod about;
pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod beside;
pub(crate) mod dashboard;
pub(crate) mod download;
pub(crate) mod edit;
pub(crate) mod follow_up;
pub(crate) mod gate;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod indicator;
pub(crate) mod pack;
pub(crate) mod plan;
pub(crate) mod proof;
pub(crate) mod record;
pub(crate) mod registers;
pub(crate) mod sign_in;
pub(crate) mod step;
