//! Accounts and authority: who somebody is, and what they may do.
//!
//! [`Accounts`] keeps accounts, passwords, sessions, tokens and the history of
//! sign-ins in a database of their own beside the store, so that no secret gets
//! into the evidence, its exports or its backups. [`Provider`] signs in through
//! an OpenID Connect identity provider. [`Authority`] decides with the Cedar
//! policies of the pack; [`ROUTES`] has every route of the web application.
//!
//! Every function that depends on time takes the moment as an argument.

mod account;
mod authority;
mod fault;
mod identity;
mod oidc;
mod owner;
mod password;
mod role;
mod secret;
mod session;
mod sign_in;
mod sql;
mod token;

pub use account::{Account, AccountChange, AccountText, Accounts, By, FILE};
pub use authority::{
    Action, Area, Authority, Circumstance, DataSetResource, Decision, FollowUpResource,
    MeasureResource, Outcome, POLICIES_FILE, Principal, ROUTES, RecordResource, Resource, Route,
    SCHEMA_FILE, check as check_authority, route,
};
pub use fault::{AccessError, Result};
pub use identity::{Identity, Provision};
pub use oidc::{Begun, ClaimRole, Provider, ProviderConfig, Returned};
pub use owner::{follow_up_resource, organisations, record_resource};
pub use password::{CHARS_MAX, CHARS_MIN, check as check_password};
pub use role::{ANY, FOLLOW_UP, Grant, HEALTH_DATA, Role, Scope};
pub use secret::{Secret, same};
pub use session::{
    IDLE_SECONDS_MAX, Opened, Origin, SESSION_SECONDS_MAX, Session, SessionLine, check_form,
};
pub use sign_in::{
    FREE_BY_ADDRESS, FREE_BY_NAME, Method, SignInLine, WAIT_SECONDS_MAX, wait_seconds,
};
pub use token::{Bearer, RECOVERY_HOURS, Reach, TOKEN_DAYS_MAX, TokenLine};
