//! The web application over small stores, asked without a network.

mod api;
mod edit;
mod fixture;
mod links;
mod pages;
