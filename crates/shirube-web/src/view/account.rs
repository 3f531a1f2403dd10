//! Signing in, one's own account, and the accounts of others.

use askama::Template;

use super::frame::{Chrome, FaultLine};

/// Accounts that the sign-in page of a demonstration offers.
#[derive(Debug, Clone)]
pub(crate) struct DemoSignIn {
    pub names: Vec<String>,
    pub password: String,
}

/// Signing in.
#[derive(Template)]
#[template(path = "accounts/sign_in.html")]
pub(crate) struct SignInPage {
    pub c: Chrome,
    /// Whether the server has accounts.
    pub possible: bool,
    pub next: String,
    pub faults: Vec<FaultLine>,
    pub csrf: String,
    /// Name and address of the identity provider's button.
    pub provider: Option<(String, String)>,
    pub demo: Option<DemoSignIn>,
}

/// Setting a password through a one-time link.
#[derive(Template)]
#[template(path = "accounts/recover.html")]
pub(crate) struct RecoverPage {
    pub c: Chrome,
    pub hint: String,
    pub link: String,
    pub faults: Vec<FaultLine>,
}

/// A session in a list.
pub(crate) struct SessionRow {
    pub id: String,
    pub opened: String,
    pub seen: String,
    pub address: String,
    pub agent: String,
    /// The session that looks.
    pub own: bool,
}

/// A token in a list.
pub(crate) struct TokenRow {
    pub id: String,
    pub title: String,
    pub reach: String,
    pub expires: String,
    pub used: String,
}

/// A line of the history of sign-ins.
pub(crate) struct SignInRow {
    pub at: String,
    pub account: String,
    pub method: String,
    pub outcome: String,
    pub address: String,
    pub agent: String,
}

/// A line of the history of accounts.
pub(crate) struct ChangeRow {
    pub at: String,
    pub account: String,
    pub by: String,
    pub what: String,
    pub reason: String,
}

/// One's own account.
#[derive(Template)]
#[template(path = "accounts/account.html")]
pub(crate) struct AccountPage {
    pub c: Chrome,
    pub facts: Vec<(String, String)>,
    pub csrf: String,
    pub faults: Vec<FaultLine>,
    pub done: String,
    /// A token just made, shown once.
    pub secret: String,
    pub has_password: bool,
    pub password_hint: String,
    pub sessions: Vec<SessionRow>,
    pub tokens: Vec<TokenRow>,
    pub history: Vec<SignInRow>,
}

/// An account in the list of accounts.
pub(crate) struct AccountRow {
    pub name: String,
    pub display: String,
    pub href: String,
    pub roles: String,
    pub usable: String,
    pub demo: bool,
}

/// The list of accounts.
#[derive(Template)]
#[template(path = "accounts/list.html")]
pub(crate) struct AccountsPage {
    pub c: Chrome,
    pub rows: Vec<AccountRow>,
    pub new_href: Option<String>,
}

/// The form of an account.
#[derive(Template)]
#[template(path = "accounts/form.html")]
pub(crate) struct AccountFormPage {
    pub c: Chrome,
    pub action: String,
    pub csrf: String,
    pub faults: Vec<FaultLine>,
    pub name: String,
    pub display_ja: String,
    pub display_en: String,
    pub email: String,
    pub roles: String,
    pub known_roles: Vec<(String, String)>,
    pub valid_from: String,
    pub valid_to: String,
    pub disabled: bool,
    /// Reason as typed, when the form comes back refused.
    pub reason: String,
    pub is_new: bool,
    /// The account as it is, for those who only look.
    pub facts: Vec<(String, String)>,
    pub may_change: bool,
    /// A one-time link just made, shown once.
    pub link: String,
    pub history: Vec<ChangeRow>,
}

/// Who signed in, and who changed which account.
#[derive(Template)]
#[template(path = "accounts/audit.html")]
pub(crate) struct AuditPage {
    pub c: Chrome,
    pub sign_ins: Vec<SignInRow>,
    pub changes: Vec<ChangeRow>,
}
