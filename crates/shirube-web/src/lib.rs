//! Pages and JSON API of Shirube.
//!
//! [`app`] gives the whole web application as one axum router over a store, a
//! pack and the indicator engine. Pages are rendered on the server in Japanese
//! (`/ja/…`) and English (`/en/…`) and work without script; the API is under
//! `/api/v1/` with its OpenAPI document at `/api/v1/openapi.json`. Every route
//! stands in [`router`].

mod api;
mod assets;
mod codes;
mod figure;
mod form;
mod gate;
mod health;
mod labels;
mod link;
mod pages;
mod query;
mod request;
pub mod router;
mod security;
mod series;
mod session;
mod show;
mod state;
mod steps;
mod text;
mod view;
mod words;

pub use health::{FILE as DATA_SETS_FILE, HealthData};
pub use router::app;
pub use state::{AppState, WebOptions};
